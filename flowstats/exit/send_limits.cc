#include "flowstats/exit/send_limits.h"

namespace tapstat::flowstats {

void SendLimits::passed_in_congestion(int64_t elapsed_us) {
  if (state_ == SendLimit::congestion) return;
  // The present state counts the whole time since it was entered when it is left.
  if (state_ == SendLimit::receiver) time_us_[index(state_)] -= elapsed_us;
  time_us_[index(SendLimit::congestion)] += elapsed_us;
}

void SendLimits::fill(ExitVariables& variables, int64_t last_us, int64_t duration_us,
                      uint64_t payload_bytes) const {
  variables.limit_entries = entries_;
  variables.limit_time[0].us = duration_us;
  variables.limit_bytes[0] = payload_bytes;
  for (const SendLimit state : {SendLimit::congestion, SendLimit::receiver}) {
    const auto i = static_cast<size_t>(state);
    const int64_t open_us = state == state_ ? last_us - since_us_ : 0;
    variables.limit_time[i].us = time_us_[index(state)] + open_us;
    variables.limit_time[0].us -= variables.limit_time[i].us;
    variables.limit_bytes[i] = bytes_[index(state)];
    variables.limit_bytes[0] -= bytes_[index(state)];
  }
}

}  // namespace tapstat::flowstats
