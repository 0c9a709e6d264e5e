/// How full the file system of the output is: from figures, taken a few times a second, to a
/// judgement and the sentence about it. No I/O. One thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <string>
#include <utility>

namespace tapstat::control {

/// Bytes, as df(1) sees them: what is kept for root counts neither as used nor as free.
struct DiskFigures {
  uint64_t used = 0, free = 0;
  [[nodiscard]] uint64_t size() const { return used + free; }
  /// Whole percents, 100 for a disk without a free byte only; 0 for one that nobody knows.
  [[nodiscard]] unsigned percent() const;
};

class OutputFill {
 public:
  using Clock = std::chrono::steady_clock;
  static constexpr unsigned kShortAt = 98, kRoomAt = 95;  // percent
  static constexpr std::chrono::seconds kRateOver{60};
  /// After a write was refused although there seemed to be room (a quota, no inodes).
  static constexpr std::chrono::seconds kRefusedFor{60};

  /// `written`: bytes of all logs since the start. `refusal`: errno of a write since the last
  /// figures that found no room, or 0.
  void take(DiskFigures disk, uint64_t written, int refusal, Clock::time_point now);

  /// From 98 % on, until it is 95 % again; or a write was refused a moment ago.
  [[nodiscard]] bool is_short() const { return is_short_; }
  [[nodiscard]] const DiskFigures& disk() const { return disk_; }

  /// "/var/log/tapstat is 98 % full (1.2 GB free; at the present rate 4 minutes)". The rate is that
  /// of the logs; it is left out while it is not known or nothing is written.
  [[nodiscard]] std::string sentence(const std::string& directory) const;

 private:
  [[nodiscard]] double bytes_per_s() const;

  DiskFigures disk_;
  bool is_short_ = false;
  int refusal_ = 0;  // the last one that counts
  Clock::time_point refused_at_;
  std::deque<std::pair<Clock::time_point, uint64_t>> written_;  // of the last kRateOver
};

/// "40 seconds", "4 minutes", "3 hours", "2 days": the largest unit of which there are two at
/// least.
[[nodiscard]] std::string rough_time_text(double seconds);

}  // namespace tapstat::control
