#include "flowstats/exit/window_estimate.h"

namespace tapstat::flowstats {

void WindowEstimate::turn(int64_t now_us, uint32_t smoothed_us) {
  if (watching_ && period_max_ != 0) set_threshold();
  const bool is_next = now_us < period_ends_us_ + smoothed_us;
  period_max_before_ = is_next ? period_max_ : 0;
  period_max_ = 0;
  period_ends_us_ = now_us + smoothed_us;
  note_filling();
}

void WindowEstimate::set_threshold() {
  watching_ = false;
  threshold_ = period_max_;
  threshold_max_ = std::max(threshold_max_, threshold_);
  threshold_min_ = threshold_min_ == 0 ? threshold_ : std::min(threshold_min_, threshold_);
}

void WindowEstimate::on_timeout(uint32_t pipe) {
  slow_start_until_ = std::max(pipe / 2, 1u);
  phase_may_change_ = true;
}

void WindowEstimate::on_episode_end(int64_t now_us, uint32_t smoothed_us) {
  turn(now_us, smoothed_us);
  watching_ = true;
}

void WindowEstimate::fill(ExitVariables& variables) const {
  variables.slow_start = slow_start_;
  variables.congestion_avoidance = congestion_avoidance_;
  variables.window_now = now();
  variables.window_max = window_max_;
  variables.pipe_max = pipe_max_;
  variables.threshold_now = threshold_;
  variables.threshold_max = threshold_max_;
  variables.threshold_min = threshold_min_;
}

}  // namespace tapstat::flowstats
