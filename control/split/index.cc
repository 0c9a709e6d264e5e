#include "control/split/index.h"

#include <algorithm>
#include <span>
#include <tuple>
#include <type_traits>
#include <utility>

#include <fmt/format.h>

namespace tapstat::control::splitting {

using flowstats::Endpoint;
using flowstats::ExitStatus;
using flowstats::Result;

namespace {

static_assert(std::is_trivially_copyable_v<IndexRow>);  // rows are stored as they are

auto order_of(const IndexRow& row) {
  const flowstats::FiveTuple& t = row.id.tuple;
  return std::tuple(row.id.first_us, t.a_address, t.b_address, t.a_port, t.b_port, t.protocol,
                    row.id.repetition);
}

bool earlier(const IndexRow& x, const IndexRow& y) { return order_of(x) < order_of(y); }

/// Reads one sorted part of the temporary file, a few rows at a time.
class SortedRun {
 public:
  SortedRun(int fd, uint64_t first_row, uint64_t rows) : fd_(fd), next_(first_row), left_(rows) {}

  /// The row at hand; nullptr at the end.
  [[nodiscard]] const IndexRow* row() const { return at_ < rows_.size() ? &rows_[at_] : nullptr; }
  [[nodiscard]] bool advance() {
    if (++at_ < rows_.size() || left_ == 0) return true;
    return fill();
  }
  [[nodiscard]] bool fill() {
    constexpr uint64_t kRowsAtOnce = 64;
    rows_.resize(std::min(kRowsAtOnce, left_));
    at_ = 0;
    const size_t bytes = rows_.size() * sizeof(IndexRow);
    const auto got = dataplane::read_at(fd_, {reinterpret_cast<uint8_t*>(rows_.data()), bytes},
                                        next_ * sizeof(IndexRow));
    next_ += rows_.size();
    left_ -= rows_.size();
    return got == bytes;
  }

 private:
  int fd_;
  uint64_t next_, left_;
  size_t at_ = 0;
  std::vector<IndexRow> rows_;
};

auto cannot_read() {
  return flowstats::fail(
      ExitStatus::environment,
      "cannot read the temporary file of the index in " + dataplane::temporary_directory() + ".");
}

std::string flags_text(uint8_t flags) {
  std::string text;
  for (const auto& [flag, letter] :
       {std::pair{IndexRow::kMidStream, 'M'}, std::pair{IndexRow::kTruncated, 'T'},
        std::pair{IndexRow::kDisorder, 'O'}, std::pair{IndexRow::kDuplicates, 'D'}})
    if ((flags & flag) != 0) text += letter;
  return text.empty() ? "-" : text;
}

}  // namespace

void SourceSet::add(uint32_t source, bool is_first) {
  if (is_first) first = last = source;
  last = std::max(last, source);
  // A capture that began before the first one comes second only in an overlap; it is that one.
  if (source < first) {
    const uint32_t shift = first - source;
    following = shift >= 64 ? 0 : (following << shift | uint64_t{1} << (shift - 1));
    first = source;
  } else if (source > first && source - first <= 64) {
    following |= uint64_t{1} << (source - first - 1);
  }
}

std::string SourceSet::text(const std::vector<std::string>& names) const {
  std::string text = names[first];
  for (uint32_t i = 0; i < 64; ++i)
    if ((following >> i & 1) != 0) text += "," + names[first + 1 + i];
  if (last - first > 64) text += ",...," + names[last];
  return text;
}

std::string index_line(const IndexRow& row, const std::string& file,
                       const std::vector<std::string>& source_names) {
  const flowstats::FiveTuple& tuple = row.id.tuple;
  const Endpoint local = tuple.sender(row.id.local),
                 remote = tuple.sender(flowstats::opposite(row.id.local));
  return fmt::format("{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}", file,
                     row.id.first_us, row.last_us, address_text(tuple.ip_version, local.address),
                     local.port, address_text(tuple.ip_version, remote.address), remote.port,
                     tuple.protocol == flowstats::kProtocolTcp ? "tcp" : "udp", row.packets_out,
                     row.bytes_out, row.packets_in, row.bytes_in, row.syn, row.fin, row.rst,
                     flags_text(row.flags), row.sources.text(source_names));
}

Result<void> IndexRows::store() {
  if (!file_) {
    auto file = dataplane::TemporaryFile::create();
    if (!file) return tl::make_unexpected(file.error());
    file_.emplace(std::move(*file));
  }
  std::sort(rows_.begin(), rows_.end(), earlier);
  file_->write(rows_.data(), rows_.size() * sizeof(IndexRow));
  run_rows_.push_back(rows_.size());
  rows_.clear();
  return {};
}

Result<void> IndexRows::add(const IndexRow& row) {
  if (rows_.size() == rows_in_memory_)
    if (const auto stored = store(); !stored) return stored;
  rows_.push_back(row);
  ++count_;
  return {};
}

Result<void> IndexRows::visit(const std::function<void(const IndexRow&)>& visitor) {
  if (!file_) {
    std::sort(rows_.begin(), rows_.end(), earlier);
    for (const IndexRow& row : rows_) visitor(row);
    return {};
  }
  if (const auto stored = store(); !stored) return stored;
  const auto file = file_->finish();
  if (!file) return tl::make_unexpected(file.error());
  std::vector<SortedRun> runs;
  uint64_t first_row = 0;
  for (const uint64_t rows : run_rows_) {
    runs.emplace_back(file->get(), first_row, rows);
    if (!runs.back().fill()) return cannot_read();
    first_row += rows;
  }
  const auto later = [](const SortedRun* x, const SortedRun* y) {
    return earlier(*y->row(), *x->row());
  };
  std::vector<SortedRun*> heap;
  for (SortedRun& run : runs) heap.push_back(&run);
  std::make_heap(heap.begin(), heap.end(), later);
  while (!heap.empty()) {
    std::pop_heap(heap.begin(), heap.end(), later);
    visitor(*heap.back()->row());
    if (!heap.back()->advance()) return cannot_read();
    if (heap.back()->row() == nullptr)
      heap.pop_back();
    else
      std::push_heap(heap.begin(), heap.end(), later);
  }
  return {};
}

}  // namespace tapstat::control::splitting
