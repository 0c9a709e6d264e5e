#include "exporters/hourly_traces.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <system_error>
#include <utility>

#include "exporters/web100_names.h"

namespace tapstat::exporters {

namespace fs = std::filesystem;
using flowstats::Timestamp;
using flowstats::TracedPacket;
using flowstats::TraceHours;

namespace {

/// Packets of one capture are a little out of order now and then.
constexpr flowstats::Duration kGrace = flowstats::seconds(1);
constexpr uint16_t kEthernet = 1;  // LINKTYPE_ETHERNET
constexpr const char* kMeta = ".meta";
constexpr const char* kMetaPart = ".tra.meta.part";
constexpr const char* kSpoolFolder = ".spool";

Timestamp start_of(int64_t hour) { return {hour * flowstats::kHour.us}; }

/// What a leftover holds; nothing when it cannot be opened.
TraceContent content_of(const fs::path& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return {};
  struct stat status {};
  TraceContent content;
  if (::fstat(descriptor, &status) == 0)
    content = read_trace(descriptor, static_cast<uint64_t>(status.st_size));
  ::close(descriptor);
  return content;
}

}  // namespace

HourlyTraces::HourlyTraces(TraceDestination destination, flowstats::CounterBlock& counters,
                           WriteErrors& errors)
    : destination_(std::move(destination)),
      counters_(counters),
      errors_(errors),
      spool_(trace_spool(destination_.root)) {}

flowstats::Result<void> HourlyTraces::open() {
  auto opened = spool_.open();
  if (opened) salvage();
  return opened;
}

/// The node may have had another name then; the hour stands in the file's.
void HourlyTraces::salvage() {
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(destination_.root / kSpoolFolder, ignored))
    if (entry.path().filename().string().ends_with(kMetaPart)) fs::remove(entry.path(), ignored);
  const auto found = spool_.recover([this](std::string_view name) {
    const auto hour = hour_in_name(name);
    return hour ? hour_directory(*hour, destination_.node) : fs::path{};
  });
  for (const Recovered& file : found) {
    if (file.error != 0) note("published", file.path, file.error);
    if (!file.published) continue;
    const TraceContent content = content_of(file.path);
    TraceAccount account;
    account.hour = hour_in_name(file.path.filename().string()).value_or(Timestamp{});
    account.link_type = content.link_type;
    account.figures = content.figures;
    account.end = TraceEnd::killed;
    write_meta(file.path, trace_meta(std::nullopt, account));
    published_.push_back(file.path);
  }
}

void HourlyTraces::note(std::string_view done, const fs::path& path, int error) {
  errors_.note(write_failure(path, done, error, " Free some space, or choose another directory."),
               0);
}

TraceHours HourlyTraces::open_hours(TraceHours wanted) const {
  const int64_t oldest = hours_.empty() ? over_ + 1 : hours_.begin()->first;
  if (wanted.last > over_) return {std::max(wanted.first, over_ + 1), wanted.last};
  return {oldest, oldest};
}

TraceFile& HourlyTraces::file_of(int64_t hour, uint16_t link_type) {
  auto& files = hours_[hour].files;
  for (const auto& file : files)
    if (file->link_type() == link_type) return *file;
  const Timestamp start = start_of(hour);
  return *files.emplace_back(
      std::make_unique<TraceFile>(spool_, hour_directory(start, destination_.node),
                                  hour_stem(start), destination_.format, link_type, counters_));
}

/// Of two hours the one that the clock shows has the original.
void HourlyTraces::append(const TracedPacket& packet) {
  const TraceHours hours = open_hours(destination_.windows.hours(packet.time));
  const int64_t own =
      std::clamp(flowstats::TraceWindows::hour_of(packet.time.us), hours.first, hours.last);
  for (int64_t hour = hours.first; hour <= hours.last; ++hour)
    file_of(hour, packet.link_type).append(packet, hour != own);
}

void HourlyTraces::add(const flowstats::TraceTally& tally) {
  const TraceHours hours = open_hours(tally.hours);
  for (int64_t hour = hours.first; hour <= hours.last; ++hour) {
    hours_[hour].sampled_out += tally.sampled_out;
    hours_[hour].dropped_ring += tally.dropped_ring;
  }
}

void HourlyTraces::advance(Timestamp clock) {
  while (!hours_.empty()) {
    const auto oldest = hours_.begin();
    const Timestamp end = destination_.windows.end(oldest->first) + kGrace;
    if (clock < end) return;
    publish(oldest->first, oldest->second, TraceEnd::hour);
    over_ = oldest->first;
    hours_.erase(oldest);
  }
}

void HourlyTraces::flush() {
  for (auto& [number, hour] : hours_)
    for (const auto& file : hour.files) file->flush();
}

void HourlyTraces::finish() {
  for (auto& [number, hour] : hours_) publish(number, hour, TraceEnd::stop);
  if (!hours_.empty()) over_ = hours_.rbegin()->first;
  hours_.clear();
}

/// An hour of which every packet was left out has a trace, too: its meta says so.
void HourlyTraces::publish(int64_t number, Hour& hour, TraceEnd end) {
  if (hour.files.empty()) static_cast<void>(file_of(number, kEthernet));
  for (const auto& file : hour.files) {
    file->flush();
    if (file->error() != 0) note("written", file->path(), file->error());
    if (file->error() != 0 && file->figures().written == 0) continue;
    const Published done = file->publish();
    if (done.error != 0) {
      note("published", done.path, done.error);
      continue;
    }
    TraceAccount account;
    account.hour = start_of(number);
    account.link_type = file->link_type();
    account.figures = file->figures();
    account.sampled_out = std::exchange(hour.sampled_out, 0);
    account.dropped_ring = std::exchange(hour.dropped_ring, 0);
    account.end = file->is_full() ? TraceEnd::size : end;
    account.error = file->error();
    write_meta(done.path, trace_meta(destination_.recipe, account));
    published_.push_back(done.path);
  }
}

/// Made in the spool, for the same reason as the trace.
void HourlyTraces::write_meta(const fs::path& trace, const std::string& text) {
  const std::string name = trace.filename().string() + kMeta;
  const fs::path part = destination_.root / kSpoolFolder / (name + ".part");
  const fs::path path = trace.parent_path() / name;
  errno = 0;
  std::ofstream stream(part, std::ios::binary | std::ios::trunc);
  stream << text;
  stream.close();
  int error = stream ? 0 : errno;
  if (error == 0 && ::rename(part.c_str(), path.c_str()) != 0) error = errno;
  if (!stream || error != 0) note("written", path, error);
}

}  // namespace tapstat::exporters
