/// What limits a sender: itself, the network's congestion or its receiver (after Zhang et al., "On
/// the Characteristics and Origins of Internet Flow Rates", 2002).
///
/// Time, payload and entries of the states congestion and receiver; the sender's own state has what
/// is left, so that the three times add up to the duration. Microseconds and bytes. Owned by a
/// follower.
#pragma once

#include <array>
#include <cstdint>

#include "flowstats/exit_record.h"

namespace tapstat::flowstats {

class SendLimits {
 public:
  [[nodiscard]] SendLimit state() const { return state_; }

  void enter(SendLimit state, int64_t now_us) {
    if (state == state_) [[likely]]
      return;
    if (state_ != SendLimit::sender) time_us_[index(state_)] += now_us - since_us_;
    state_ = state;
    since_us_ = now_us;
    ++entries_[static_cast<size_t>(state)];
  }
  /// Counts payload to the state that its sending has led to.
  void on_payload(uint32_t bytes) {
    if (state_ != SendLimit::sender) bytes_[index(state_)] += bytes;
  }
  /// A timeout shows that the time just passed was spent waiting for a lost segment.
  void passed_in_congestion(int64_t elapsed_us);

  /// At `last_us`, `duration_us` after the beginning.
  void fill(ExitVariables& variables, int64_t last_us, int64_t duration_us,
            uint64_t payload_bytes) const;

 private:
  static constexpr size_t index(SendLimit state) { return static_cast<size_t>(state) - 1; }

  int64_t since_us_ = 0;              // when the present state was entered
  std::array<int64_t, 2> time_us_{};  // in the states congestion and receiver before that
  std::array<uint64_t, 2> bytes_{};
  std::array<uint32_t, 3> entries_{};
  SendLimit state_ = SendLimit::sender;
};

}  // namespace tapstat::flowstats
