/// A job: one specification that a client gave us, from its acceptance until its answer is
/// forgotten, and the messages that speak of it.
///
/// Plain values and pure functions. Control plane's thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "control/group_holds.h"
#include "control/mplane/message.h"
#include "flowstats/group_mask.h"

namespace tapstat::control::mplane {

/// pending -> running -> finished; interrupted from both; failed when the group could not be held.
enum class JobState : uint8_t { pending, running, finished, interrupted, failed };
inline constexpr std::string_view kJobStateNames[] = {"pending", "running", "finished",
                                                      "interrupted", "failed"};
[[nodiscard]] std::string_view state_name(JobState state);

struct Job {
  uint64_t id = 0;
  std::string owner;      // identity of the client in the sdk form
  Message specification;  // with its token; label as sent or the capability's
  std::string when;       // canonical
  flowstats::Group group{};
  JobState state = JobState::pending;
  UtcMicroseconds start = 0, end = 0;  // planned; end kOpenEnd: until interrupted
  /// "now + 5m": its end is counted by the monotonic clock, not by the machine's time.
  bool by_duration = false;
  int64_t steady_end_us = 0;                // of such a job, in this process
  UtcMicroseconds on_at = 0, off_at = 0;    // really on, when state says so
  uint32_t first_epoch = 0, end_epoch = 0;  // configuration epochs: [first, end); 0: not known
  UtcMicroseconds ended_at = 0;
  bool delivered = false;
  std::string failure;  // text of the exception of a failed one

  [[nodiscard]] bool is_active() const {
    return state == JobState::pending || state == JobState::running;
  }
  [[nodiscard]] const std::string& token() const { return *specification.token; }
};

[[nodiscard]] Message receipt_of(const Job& job);
/// The result of an ended job, or the exception of a failed one.
[[nodiscard]] Message final_message(const Job& job);

/// Version, parameter names and set of result names: what must agree when a token comes again.
[[nodiscard]] bool same_schema(const Message& one, const Message& other);

/// Bytes that a job's texts take, for the bound of what is kept.
[[nodiscard]] size_t text_bytes(const Job& job);

}  // namespace tapstat::control::mplane
