#include "control/room_watch.h"

#include <sys/statvfs.h>

#include <algorithm>
#include <system_error>
#include <utility>

#include "control/number_text.h"

namespace tapstat::control {

using exporters::WhenFull;

namespace {

namespace fs = std::filesystem;

constexpr std::chrono::milliseconds kLookEvery{200}, kMeasureEvery{60'000};
/// A disk that fills and empties again and again is told about this often; the rest is counted.
constexpr std::chrono::minutes kTellAgain{10};
/// One byte in so many of the spool's file system stays free, as of the output's.
constexpr uint64_t kKeptFree = 100 / (100 - OutputFill::kShortAt);

uint64_t bytes_below(const fs::path& directory) {
  uint64_t sum = 0;
  std::error_code error;
  using Walk = fs::recursive_directory_iterator;
  for (Walk at(directory, fs::directory_options::skip_permission_denied, error), end;
       !error && at != end; at.increment(error)) {
    std::error_code gone;
    if (!at->is_regular_file(gone)) continue;
    const uintmax_t bytes = at->file_size(gone);
    if (!gone) sum += bytes;
  }
  return sum;
}

}  // namespace

DiskFigures disk_figures(const fs::path& path) {
  struct statvfs about {};
  if (statvfs(path.c_str(), &about) != 0) return {};
  const uint64_t unit = about.f_frsize;
  return {(about.f_blocks - about.f_bfree) * unit, about.f_bavail * unit};
}

RoomWatch::RoomWatch(const fs::path& base, const exporters::FullOptions& options,
                     exporters::OutputRoom& room, Messages& messages)
    : base_(base), options_(options), room_(room), messages_(messages) {}

void RoomWatch::update(Written written, Clock::time_point now) {
  if (now - looked_at_ < kLookEvery) return;
  looked_at_ = now;
  fill_.take(disk_figures(base_), written.all, room_.take_refusal(), now);
  const bool begins = fill_.is_short() && !was_short_;
  if (begins) ++times_short_;
  if (options_.what == WhenFull::spool) watch_spool(written.spooled, begins, now);
  room_.set_short(fill_.is_short());
  if (fill_.is_short() != was_short_) tell(now);
  was_short_ = fill_.is_short();
  const std::lock_guard lock(mutex_);
  figures_.size_bytes = fill_.disk().size();
  figures_.free_bytes = fill_.disk().free;
  figures_.spool_bytes = spool_held_ + written.spooled - spooled_then_;
  figures_.times_short = times_short_;
  figures_.shortage = was_short_ ? fill_.sentence(base_.string()) : "";
}

/// Its files may also have been moved away, or come from earlier runs. One that is full is asked
/// again at the next measurement, so that a quota does not make directories without end.
void RoomWatch::watch_spool(uint64_t spooled, bool begins, Clock::time_point now) {
  const bool is_full = fill_.is_short() && room_.spool_left() == 0;
  if (begins || now - measured_at_ >= kMeasureEvery) {
    measured_at_ = now;
    measure_spool(spooled);
  } else if (is_full && !spool_was_full_) {
    measured_at_ = now;
  }
  spool_was_full_ = fill_.is_short() && room_.spool_left() == 0;
  if (spool_was_full_)
    messages_.note("the spool \"" + options_.spool.string() +
                   "\" has no more room (spool_max = " + memory_text(options_.spool_bytes_max) +
                   "): rows that find none elsewhere are lost and counted.");
}

void RoomWatch::measure_spool(uint64_t spooled) {
  spool_held_ = bytes_below(options_.spool);
  spooled_then_ = spooled;
  const DiskFigures disk = disk_figures(options_.spool);
  const uint64_t most = options_.spool_bytes_max, kept = disk.size() / kKeptFree;
  room_.set_spool_left(
      std::min(most - std::min(most, spool_held_), disk.free - std::min(disk.free, kept)));
}

void RoomWatch::tell(Clock::time_point now) {
  if (fill_.is_short()) {
    told_ = times_short_ == 1 || now - told_at_ >= kTellAgain;
    if (!told_) return;
    told_at_ = now;
    messages_.note(fill_.sentence(base_.string()) + ". " + outlook() + "; see on_full.");
  } else if (std::exchange(told_, false)) {
    messages_.note(base_.string() + " has room again (" + rough_size_text(fill_.disk().free) +
                   " free): records go there.");
  }
}

std::string RoomWatch::outlook() const {
  if (options_.what == WhenFull::block) return "The replay waits when there is no room";
  return room_.spool_left() > 0 ? "Records go to the spool"
                                : "Rows that find no room are lost and counted";
}

OutputFigures RoomWatch::figures() const {
  const std::lock_guard lock(mutex_);
  return figures_;
}

}  // namespace tapstat::control
