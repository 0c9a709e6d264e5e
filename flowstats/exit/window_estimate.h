/// The congestion window of one sender as far as it can be seen: what is in the network.
///
/// Lower bounds: equal to the window only while nothing else limits the sender. Bytes and
/// microseconds. Owned by a follower.
#pragma once

#include <algorithm>
#include <cstdint>

#include "flowstats/exit_record.h"

namespace tapstat::flowstats {

class WindowEstimate {
 public:
  /// Something new was sent; `pipe` bytes are in the network now. `recovering`: in an episode of
  /// repairs. `smoothed_us`: smoothed round trip.
  void on_sent(uint32_t pipe, bool recovering, int64_t now_us, uint32_t smoothed_us) {
    pipe_max_ = std::max(pipe_max_, pipe);
    if (now_us >= period_ends_us_) [[unlikely]]
      turn(now_us, smoothed_us);
    if (pipe > period_max_) {
      period_max_ = pipe;
      note_filling();
    }
    if (!recovering) [[likely]]
      window_max_ = std::max(window_max_, pipe);
    if (phase_may_change_ && !recovering && pipe >= slow_start_until_) [[unlikely]]
      leave_slow_start();
  }
  /// on_sent() while not is_watching(), with `pipe` above zero and no recovery.
  void on_usual_sent(uint32_t pipe, int64_t now_us, uint32_t smoothed_us) {
    if (now_us >= period_ends_us_) {
      period_max_before_ = now_us < period_ends_us_ + smoothed_us ? period_max_ : 0;
      period_ends_us_ = now_us + smoothed_us;
    } else if (pipe <= period_max_) {
      return;
    }
    period_max_ = pipe;
    note_filling();
    if (pipe <= window_max_) return;
    window_max_ = pipe;
    pipe_max_ = std::max(pipe_max_, pipe);
  }
  [[nodiscard]] bool is_watching() const { return watching_ || phase_may_change_; }
  /// `pipe` is near the window: the sender may use all of it.
  [[nodiscard]] bool is_filled_by(uint32_t pipe) const { return pipe >= filled_from_; }
  /// The receiver has acknowledged something new while congestion limits the sender.
  void on_opening() { ++(slow_start_until_ != 0 ? slow_start_ : congestion_avoidance_); }
  void on_fast_retransmit() { leave_slow_start(); }
  void on_timeout(uint32_t pipe);
  /// An episode that was needed is over: the next round trip shows the new threshold.
  void on_episode_end(int64_t now_us, uint32_t smoothed_us);

  /// Largest pipe of the last one to two round trips before the last new segment.
  [[nodiscard]] uint32_t now() const { return std::max(period_max_, period_max_before_); }
  void fill(ExitVariables& variables) const;

 private:
  static constexpr uint32_t kNoEnd = UINT32_MAX;

  void turn(int64_t now_us, uint32_t smoothed_us);
  void set_threshold();
  void note_filling() { filled_from_ = static_cast<uint32_t>((uint64_t{now()} * 9 + 9) / 10); }
  void leave_slow_start() {
    slow_start_until_ = 0;
    phase_may_change_ = false;
  }

  int64_t period_ends_us_ = INT64_MIN;
  uint32_t period_max_ = 0, period_max_before_ = 0;
  uint32_t filled_from_ = 0;  // nine tenths of now()
  uint32_t window_max_ = 0, pipe_max_ = 0;
  uint32_t slow_start_ = 0, congestion_avoidance_ = 0;
  uint32_t slow_start_until_ = kNoEnd;
  uint32_t threshold_ = 0, threshold_max_ = 0, threshold_min_ = 0;
  bool watching_ = false;          // the maximum of this period is the threshold
  bool phase_may_change_ = false;  // slow start has an end that can be reached
};

}  // namespace tapstat::flowstats
