/// Decides which output directory a record belongs to, and opens the next one when configuration,
/// time or room asks for it.
///
/// A new directory opens before the first record that carries a newer epoch than the open one's
/// (unless that epoch writes the same files), and, with rotation, before the first record that
/// closed `rotate` of packet time after the open one began; also when somebody has removed that
/// one, and when rows are to go to the spool, or back. Each announced configuration that a
/// record carries gets its directory, whatever the timing of the announcements; it never goes back.
/// A settled epoch gets its directory without a record, once the rings hold nothing older. When a
/// directory cannot be made, rows stay in the open one, whose columns they are printed with, and it
/// is tried again a second later.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <vector>

#include "exporters/directory_maker.h"
#include "exporters/log_directory.h"
#include "exporters/output_room.h"
#include "exporters/write_errors.h"
#include "exporters/writer.h"
#include "flowstats/active_config.h"
#include "flowstats/base/result.h"
#include "flowstats/record.h"

namespace tapstat::exporters {

class DirectoryFollower {
 public:
  /// All outlive it.
  DirectoryFollower(const WriterOptions& options, DirectoryMaker& maker, const OutputRoom& room,
                    WriteErrors& errors);

  /// Control thread, before the writer starts.
  [[nodiscard]] flowstats::Result<void> open_first(const flowstats::ActiveConfig& config,
                                                   flowstats::Timestamp first_packet);

  /// Control thread: see Writer::announce_config.
  void announce_config(const flowstats::ActiveConfig& config, flowstats::Timestamp since);

  /// Control thread: see Writer::settle.
  void settle(uint32_t epoch) { settled_.store(epoch, std::memory_order_release); }

  /// Any thread.
  [[nodiscard]] uint32_t epoch() const { return epoch_.load(std::memory_order_acquire); }
  [[nodiscard]] uint32_t settled() const { return settled_.load(std::memory_order_acquire); }
  [[nodiscard]] std::filesystem::path directory() const;

  // The rest: collecting stage only.

  /// True when `record` must not go into the open directory.
  [[nodiscard]] bool is_due(const flowstats::RecordHead& record) const;
  /// Opens the directory that `record` is due for.
  void follow(const flowstats::RecordHead& record);
  /// Follows the announced configurations up to `epoch` without a record; false when there is
  /// nothing to follow, or not yet.
  bool follow_up_to(uint32_t epoch);
  /// At the end: opens the directory of a configuration that no record carried.
  void follow_newest();

  [[nodiscard]] flowstats::GroupMask groups() const { return config_.groups; }
  [[nodiscard]] const std::shared_ptr<LogDirectory>& current() const { return current_; }

 private:
  struct Announced {
    flowstats::ActiveConfig config;
    flowstats::Timestamp since;
  };
  [[nodiscard]] flowstats::Result<void> open(const Announced& wanted);
  void take(const Announced& wanted);
  void enter(const flowstats::ActiveConfig& config);
  [[nodiscard]] bool may_try() const;
  /// The newest announced configuration with an epoch of at most `limit`; the open one when none is
  /// newer.
  [[nodiscard]] Announced announced_up_to(uint32_t limit);
  void forget_up_to(uint32_t epoch);
  [[nodiscard]] bool is_announced(uint32_t epoch) const {
    return epoch >= next_epoch_.load(std::memory_order_acquire);
  }

  const WriterOptions& options_;
  DirectoryMaker& maker_;
  const OutputRoom& room_;
  WriteErrors& errors_;

  static constexpr uint32_t kNoEpoch = ~uint32_t{0};

  /// Guards pending_ and path_ between control and collecting stage; never held across I/O.
  mutable std::mutex mutex_;
  std::vector<Announced> pending_;               // announced and not open yet, by ascending epoch
  std::filesystem::path path_;                   // of current_
  std::atomic<uint32_t> next_epoch_ = kNoEpoch;  // of pending_.front()
  std::atomic<uint32_t> epoch_ = 0;
  std::atomic<uint32_t> settled_ = 0;

  flowstats::ActiveConfig config_;  // in force; current_ has the same columns
  std::shared_ptr<LogDirectory> current_;
  std::chrono::steady_clock::time_point
      retry_at_{};  // after a failure; the epoch of the clock = none
};

}  // namespace tapstat::exporters
