#include "exporters/web100_log.h"

#include <algorithm>
#include <limits>

#include <fmt/format.h>

#include "exporters/web100_names.h"

namespace tapstat::exporters {

namespace {

using flowstats::Counter;
using flowstats::Duration;
using flowstats::ExitAmount;
using flowstats::ExitRecord;
using flowstats::IpAddress;
using flowstats::IpVersion;
using flowstats::RemoteType;
using flowstats::Timestamp;

constexpr std::string_view kSuffix = ".web100";
constexpr Duration kHour = flowstats::seconds(3'600);
/// Publishing waits for the disk: with a file for each of many local addresses an hour's end is
/// spread over several calls, so that the record rings do not fill meanwhile.
constexpr size_t kPublishedPerCall = 32;
/// In the buffers of all files together.
constexpr size_t kBufferedBytesMax = 16 << 20;
/// A gap in a replay can be years long.
constexpr int64_t kHeartbeatsMax = 7 * 24;

SpoolOptions spool_options(const Web100Options& options) {
  SpoolOptions spool;
  spool.root = options.root;
  spool.suffix = kSuffix;
  spool.whole = whole_lines(1);  // the key line
  spool.open_files_max = options.open_files_max;
  spool.in_place = options.in_place;
  return spool;
}

}  // namespace

flowstats::NetworkList loopback_networks() {
  constexpr uint64_t kAll = std::numeric_limits<uint64_t>::max();
  constexpr uint64_t kMapped = uint64_t{0xffff} << 32;  // ::ffff:0:0/96
  flowstats::NetworkList list;
  list.add(IpVersion::v4, {IpAddress::v4(0x7f000000), IpAddress::v4(0xff000000)});
  list.add(IpVersion::v6, {{0, 1}, {kAll, kAll}});
  list.add(IpVersion::v6, {{0, kMapped | 0x7f000000}, {kAll, kAll << 24}});
  return list;
}

Web100Log::Web100Log(Web100Options options, flowstats::CounterBlock& counters, WriteErrors& errors,
                     const Anonymiser* anonymiser)
    : options_(std::move(options)),
      counters_(counters),
      errors_(errors),
      anonymiser_(anonymiser),
      spool_(spool_options(options_)) {}

Web100Log::~Web100Log() { finish(); }

flowstats::Result<std::vector<std::string>> Web100Log::open() {
  if (auto named = check_node(options_.node); !named) return tl::make_unexpected(named.error());
  if (auto opened = spool_.open(); !opened) return tl::make_unexpected(opened.error());
  const auto left = spool_.recover([this](std::string_view name) {
    const auto hour = hour_in_name(name);
    return hour ? hour_directory(*hour, options_.node) : std::filesystem::path{};
  });
  std::vector<std::string> sentences;
  for (const Recovered& r : left) {
    if (r.error != 0) note(r.path, r.error, 0);
    if (!r.published) continue;
    report_.latest = r.path;
    ++report_.files;
    sentences.push_back(fmt::format(
        "\"{}\" was left by a process that did not end in order, and is published now, {} bytes of "
        "an unfinished line cut; records of the last {} s before that end may be missing.",
        r.path.string(), r.bytes_cut, options_.flush.us / 1'000'000));
  }
  return sentences;
}

RemoteType Web100Log::type_of(const ExitRecord& record) const {
  const IpVersion version = record.ends.ip_version;
  const IpAddress remote = record.ends.address[1];
  const bool is_v4 = version == IpVersion::v4;
  if (loopback_.lists(version, remote))
    return is_v4 ? RemoteType::loopback_ipv4 : RemoteType::loopback_ipv6;
  if (options_.exclude.lists(version, remote)) return RemoteType::excluded;
  return is_v4 ? RemoteType::ipv4 : RemoteType::ipv6;
}

bool Web100Log::admit(const ExitRecord& record) {
  const RemoteType type = type_of(record);
  counters_.add(exit_counter(type, ExitAmount::connections));
  counters_.add(exit_counter(type, ExitAmount::bytes_out), record.variables.data_bytes_out);
  counters_.add(exit_counter(type, ExitAmount::bytes_in), record.variables.data_bytes_in);
  const bool excluded = options_.exclude.lists(record.ends.ip_version, record.ends.address[1]);
  if (excluded) counters_.add(Counter::exit_records_excluded);
  return !excluded;
}

Timestamp Web100Log::hour_for(Timestamp poll) {
  const Timestamp hour = start_of_hour(poll);
  if (!oldest_open_ || hour >= *oldest_open_) return hour;
  counters_.add(Counter::exit_records_late);
  return *oldest_open_;
}

std::unique_ptr<SpoolFile> Web100Log::begin_file(Timestamp hour, const Local& local) {
  const std::string stem = local ? hour_stem(hour, {local->second, local->first}) : hour_stem(hour);
  return spool_.create(hour_directory(hour, options_.node), stem, options_.keys.header());
}

SpoolFile* Web100Log::file_for(Timestamp hour, const Local& local) {
  Hour& files = hours_[hour];
  auto at = files.find(local);
  if (at != files.end() && at->second->bytes() >= options_.file_bytes_max) {
    finished_.push_back(std::move(at->second));
    files.erase(at);
    at = files.end();
    --files_;
  }
  if (at != files.end()) return at->second.get();
  if (files_ >= options_.files_max) return nullptr;
  ++files_;
  return files.emplace(local, begin_file(hour, local)).first->second.get();
}

void Web100Log::append(const ExitRecord& record) {
  if (!admit(record)) return;
  const ExitRecord& shown = anonymiser_ == nullptr ? record : anonymiser_->shown(record);
  Local local;
  if (options_.per_local_address) local.emplace(shown.ends.ip_version, shown.ends.address[0]);
  SpoolFile* file = file_for(hour_for(record.poll), local);
  if (file == nullptr) {
    counters_.add(Counter::exit_records_lost);
    errors_.note(
        fmt::format("More than {} files of exit records at the same time.", options_.files_max), 1);
    return;
  }
  row_.clear();
  options_.keys.append_row(row_, shown);
  account(*file, file->append(row_.text()));
  buffered_ += row_.size();
  if (buffered_ >= kBufferedBytesMax) flush();
}

void Web100Log::account(const SpoolFile& file, const WriteResult& result) {
  counters_.add(Counter::exit_records_written, result.rows_written);
  counters_.add(Counter::exit_records_lost, result.rows_lost);
  if (result.error != 0) note(file.path(), result.error, result.rows_lost);
}

void Web100Log::note(const std::filesystem::path& file, int error, uint64_t rows_lost) {
  errors_.note(write_failure(file, "written or published", error,
                             " Free some space, or choose another directory."),
               rows_lost);
}

void Web100Log::advance(Timestamp clock) {
  if (clock <= clock_) return publish_some(kPublishedPerCall);
  clock_ = clock;
  const Timestamp hour = start_of_hour({clock.us - options_.grace.us});
  if (!oldest_open_) oldest_open_ = first_hour(hour);
  finish_hours_before(hour);
  if (flushed_ == flowstats::kNever || clock - flushed_ >= options_.flush) {
    flush();
    flushed_ = clock;
  }
  publish_some(kPublishedPerCall);
}

void Web100Log::flush() {
  if (buffered_ == 0) return;
  for (auto& [hour, files] : hours_)
    for (auto& [local, file] : files) account(*file, file->flush());
  buffered_ = 0;
}

/// Records may come before the first word about the clock.
Timestamp Web100Log::first_hour(Timestamp otherwise) const {
  return hours_.empty() ? otherwise : std::min(otherwise, hours_.begin()->first);
}

/// Hours that start before `end` are over.
void Web100Log::finish_hours_before(Timestamp end) {
  if (*oldest_open_ >= end) return;
  if (options_.heartbeat_files) {
    const Timestamp first{std::max(oldest_open_->us, end.us - kHeartbeatsMax * kHour.us)};
    for (Timestamp hour = first; hour < end; hour = hour + kHour) add_heartbeat(hour);
  }
  while (!hours_.empty() && hours_.begin()->first < end) {
    for (auto& [local, file] : hours_.begin()->second) {
      finished_.push_back(std::move(file));
      --files_;
    }
    hours_.erase(hours_.begin());
  }
  oldest_open_ = end;
}

void Web100Log::add_heartbeat(Timestamp hour) {
  if (hours_[hour].empty()) static_cast<void>(file_for(hour, Local{}));
}

void Web100Log::publish_some(size_t files_max) {
  for (; !finished_.empty() && files_max > 0; --files_max) {
    SpoolFile& file = *finished_.front();
    const Published done = spool_.publish(file);
    account(file, done.last);
    if (done.error != 0) {
      note(done.path, done.error, 0);
    } else {
      ++report_.files;
      report_.bytes += file.bytes();
      report_.latest = done.path;
    }
    counters_.add(Counter::bytes_written, file.bytes());
    finished_.pop_front();
  }
}

Web100Report Web100Log::finish() {
  if (!hours_.empty() || clock_ != flowstats::kNever) {
    const Timestamp last = hours_.empty() ? clock_ : std::max(clock_, hours_.rbegin()->first);
    if (!oldest_open_) oldest_open_ = first_hour(last);
    finish_hours_before(start_of_hour(last) + kHour);
  }
  publish_some(std::numeric_limits<size_t>::max());
  return report_;
}

}  // namespace tapstat::exporters
