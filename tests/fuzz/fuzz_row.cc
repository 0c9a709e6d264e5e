/// Values and whole records become rows; a row must be one line of as many words as it has columns,
/// none of them empty, beginning with '#' or holding a control byte, and numbers must read back as
/// what they were.
#include <array>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "exporters/row_buffer.h"
#include "exporters/tstat_log.h"
#include "exporters/value_text.h"
#include "flowstats/base/check.h"
#include "flowstats/columns/layouts.h"

namespace {

using namespace tapstat;
using flowstats::TcpRecord;
using flowstats::Value;

/// Takes the input apart; what lies beyond its end reads as zero.
class Bytes {
 public:
  Bytes(const uint8_t* data, size_t size) : data_(data), size_(size) {}
  [[nodiscard]] bool empty() const { return size_ == 0; }
  std::string_view take(size_t count) {
    const size_t n = std::min(count, size_);
    const std::string_view taken{reinterpret_cast<const char*>(data_), n};
    data_ += n;
    size_ -= n;
    return taken;
  }
  template <class T>
  T take() {
    T value{};
    const std::string_view bytes = take(sizeof value);
    std::memcpy(&value, bytes.data(), bytes.size());
    return value;
  }
  bool flag() { return (take<uint8_t>() & 1) != 0; }

 private:
  const uint8_t* data_;
  size_t size_;
};

std::vector<std::string_view> words(std::string_view line) {
  std::vector<std::string_view> result;
  for (size_t at = 0;;) {
    const size_t blank = line.find(' ', at);
    result.push_back(line.substr(at, blank - at));
    if (blank == std::string_view::npos) return result;
    at = blank + 1;
  }
}

void check_word(std::string_view word) {
  TAPSTAT_ASSERT(!word.empty());
  TAPSTAT_ASSERT(word.front() != '#');
  for (const char c : word) {
    const auto byte = static_cast<unsigned char>(c);
    TAPSTAT_ASSERT(byte >= 0x21);
    TAPSTAT_ASSERT(byte != 0x7f);
  }
}

Value take_value(Bytes& in) {
  switch (in.take<uint8_t>() % 5) {
    case 0: return flowstats::integer(in.take<uint64_t>());
    case 1: return flowstats::integer(in.take<int64_t>());
    case 2: return Value{in.take<double>()};
    case 3: {
      const auto version = in.flag() ? flowstats::IpVersion::v6 : flowstats::IpVersion::v4;
      return Value{flowstats::Address{{in.take<uint64_t>(), in.take<uint64_t>()}, version}};
    }
    default: return Value{in.take(in.take<uint8_t>())};
  }
}

void check_reads_back(const Value& value, const std::string& word) {
  if (const auto* u = std::get_if<uint64_t>(&value))
    TAPSTAT_ASSERT(std::strtoull(word.c_str(), nullptr, 10) == *u);
  if (const auto* i = std::get_if<int64_t>(&value))
    TAPSTAT_ASSERT(std::strtoll(word.c_str(), nullptr, 10) == *i);
  if (const auto* d = std::get_if<double>(&value); d != nullptr && std::isfinite(*d))
    TAPSTAT_ASSERT(std::abs(std::strtod(word.c_str(), nullptr) - *d) <=
                   0.5e-6 + std::abs(*d) * 1e-15);
}

void check_values(Bytes in) {
  std::vector<Value> values;
  exporters::RowBuffer row;
  while (!in.empty()) {
    if (!values.empty()) row.append(" ");
    values.push_back(take_value(in));
    exporters::append_value(row, values.back());
  }
  if (values.empty()) return;
  const auto fields = words(row.text());
  TAPSTAT_ASSERT(fields.size() == values.size());
  for (size_t i = 0; i < fields.size(); ++i) {
    check_word(fields[i]);
    check_reads_back(values[i], std::string{fields[i]});
  }
}

/// Any bits in the numbers; the flags are made valid before anything reads them.
TcpRecord take_record(Bytes& in) {
  std::array<char, sizeof(TcpRecord)> raw{};
  const std::string_view bytes = in.take(raw.size());
  std::memcpy(raw.data(), bytes.data(), bytes.size());
  TcpRecord record;
  std::memcpy(static_cast<void*>(&record), raw.data(), raw.size());
  for (auto& half : record.halves) {
    half.options.window_scale_seen = in.flag();
    half.options.timestamps_seen = in.flag();
    half.options.sack_permitted = in.flag();
    half.options.inconsistent_syn_or_fin = in.flag();
  }
  record.internal = {in.flag(), in.flag()};
  record.encrypted = {in.flag(), in.flag()};
  record.ip_version = in.flag() ? flowstats::IpVersion::v6 : flowstats::IpVersion::v4;
  record.complete = in.flag();
  // Where the texts lie is the worker's word, which is tested where they are made.
  record.units = flowstats::record_units(sizeof record);
  record.layer7.server_name = record.layer7.common_name = record.layer7.http_host = {};
  record.layer7.http_status_size = 3;
  for (auto& half : record.halves) half.layer7.tls_versions = {};
  record.fingerprint = {};
  record.resolution = nullptr;
  return record;
}

void check_record(Bytes in) {
  const exporters::LogShape shape{
      in.flag() ? flowstats::Schema::mplane : flowstats::Schema::tstat_3_3,
      in.flag() ? flowstats::Log::tcp_complete : flowstats::Log::tcp_nocomplete,
      flowstats::GroupMask{static_cast<uint8_t>(in.take<uint8_t>() & 63)}};
  exporters::RowBuffer row;
  exporters::append_row(row, shape, take_record(in));
  std::string_view line = row.text();
  TAPSTAT_ASSERT(line.back() == '\n');
  line.remove_suffix(1);
  const auto fields = words(line);
  TAPSTAT_ASSERT(fields.size() == words(exporters::header_line(shape)).size());
  for (const std::string_view field : fields) check_word(field);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  check_values({data, size});
  check_record({data, size});
  return 0;
}
