/// The watch over the output's file system while a measurement goes on: tells the writer when room
/// is short, says so once, and what the spool may still take. The supervisor's thread, but for what
/// other threads may read.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <mutex>
#include <string>

#include "control/messages.h"
#include "control/output_fill.h"
#include "control/probe.h"
#include "exporters/output_room.h"

namespace tapstat::control {

class RoomWatch {
 public:
  using Clock = std::chrono::steady_clock;

  /// `options`, `room` and `messages` outlive it.
  RoomWatch(const std::filesystem::path& base, const exporters::FullOptions& options,
            exporters::OutputRoom& room, Messages& messages);

  /// Bytes of all logs since the start; those in the spool among them.
  struct Written {
    uint64_t all = 0, spooled = 0;
  };
  /// Looks a few times a second.
  void update(Written written, Clock::time_point now);

  /// The run is to end: nobody waits for room any more.
  void stop_waiting() { room_.set_waits(false); }

  /// Any thread.
  [[nodiscard]] OutputFigures figures() const;

 private:
  void watch_spool(uint64_t spooled, bool begins, Clock::time_point now);
  void measure_spool(uint64_t spooled);
  void tell(Clock::time_point now);
  [[nodiscard]] std::string outlook() const;

  const std::filesystem::path& base_;
  const exporters::FullOptions& options_;
  exporters::OutputRoom& room_;
  Messages& messages_;
  OutputFill fill_;
  Clock::time_point looked_at_, measured_at_, told_at_;
  bool was_short_ = false, told_ = false;
  uint64_t times_short_ = 0;
  uint64_t spool_held_ = 0, spooled_then_ = 0;  // bytes in it, and of them ours, when measured
  bool spool_was_full_ = false;

  mutable std::mutex mutex_;  // guards figures_
  OutputFigures figures_;
};

/// Of the file system that holds `path`, or will; nothing known: 0.
[[nodiscard]] DiskFigures disk_figures(const std::filesystem::path& path);

}  // namespace tapstat::control
