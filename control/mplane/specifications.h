/// The specifications that clients gave us: accepted, pending, running, finished; who owns them and
/// what they are answered.
///
/// A pure state machine: it is told the time, holds groups through GroupHolds, and names the next
/// moment at which something is due; transport, timers and files are others' business
/// (component.h, job_store.h). Control plane's thread.
#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <optional>
#include <string>
#include <vector>

#include "control/group_holds.h"
#include "control/mplane/capabilities.h"
#include "control/mplane/job.h"
#include "control/mplane/message.h"
#include "control/mplane/roles.h"
#include "control/mplane/when.h"

namespace tapstat::control::mplane {

/// One moment on both clocks: absolute scopes follow the machine's time and its steps, durations
/// the monotonic clock.
struct Moment {
  UtcMicroseconds utc = 0;
  int64_t steady_us = 0;
};

struct SpecificationLimits {
  unsigned active = 64, active_per_owner = 16;
  unsigned answers_kept = 256;
  size_t answer_bytes_kept = 4 << 20;  // of their texts: bounds the state file
  int64_t answers_kept_us = kDayUs;
  ScopeLimits scope;
};

/// An answer, and the job that it is about, if any.
struct Reply {
  Message message;
  uint64_t job = 0;       // 0: none
  bool is_final = false;  // a result or exception of the job, which delivered() should be told of
  bool accepted = false;  // the message began this job
  bool denied = false;    // refused for lack of permission
};

class Specifications {
 public:
  /// A step of the machine's clock is noticed after this time at the latest.
  static constexpr int64_t kClockLookUs = 1'000'000;

  /// The references outlive it.
  Specifications(const Capabilities& capabilities, const Roles& roles, GroupHolds& holds,
                 const SpecificationLimits& limits);

  /// Answers one message of a client (not an envelope): receipt, result or exception, at once.
  [[nodiscard]] Reply handle(const Client& client, const Message& message, Moment now);

  /// Starts and ends what is due.
  void advance(Moment now);
  /// Microseconds until advance() has something to do; at most kClockLookUs while a job waits for a
  /// time of the machine's clock. Empty: nothing, until the next message.
  [[nodiscard]] std::optional<int64_t> due_in(Moment now) const;

  /// Microseconds until the planned end of an active job, for the inline wait; empty when it has
  /// none or is not active.
  [[nodiscard]] std::optional<int64_t> ends_in(uint64_t job, Moment now) const;
  /// The receipt of a job, whatever its state; empty when it is forgotten.
  [[nodiscard]] std::optional<Reply> receipt(uint64_t job) const;
  /// The result or exception of an ended job; empty while it is active or when it is forgotten.
  [[nodiscard]] std::optional<Reply> final_reply(uint64_t job) const;
  /// A final answer was completely written to a connection or posted.
  void delivered(uint64_t job);

  /// Called whenever a job ends (finished, interrupted, failed). Neither this nor on_change may
  /// call back into this object.
  void on_end(std::function<void(const Job&)> call) { on_end_ = std::move(call); }
  /// Called after every transition, for the state file and the mirror file. `what`: "accepted"
  /// (and not yet running), "running", "finished", "interrupted", "failed", "delivered".
  void on_change(std::function<void(const Job&, std::string_view what)> call) {
    on_change_ = std::move(call);
  }

  [[nodiscard]] const std::list<Job>& jobs() const { return jobs_; }
  [[nodiscard]] const Job* find(uint64_t job) const;
  /// Rows that were written while the job ran (so far); empty when that is not known.
  [[nodiscard]] std::optional<uint64_t> rows_of(const Job& job) const;
  /// At start: jobs of the state file, before any message. Those whose end has passed become
  /// finished, running ones go on with their start. Epochs of an earlier process say nothing about
  /// this one's rows and are dropped.
  void restore(std::vector<Job> jobs, Moment now);

 private:
  [[nodiscard]] Reply specify(const Client& client, const Message& message, Moment now);
  [[nodiscard]] Reply begin(const Client& client, const Message& message, const std::string& token,
                            Moment now);
  [[nodiscard]] Reply ask(const Client& client, const Message& message, Moment now);
  [[nodiscard]] Job* owned(const std::string& owner, const std::string& token);
  [[nodiscard]] bool room_for(const std::string& owner) const;

  void run(Job& job, Moment now);
  void release(Job& job, JobState state, Moment now);
  void end(Job& job, JobState state, UtcMicroseconds at);
  void end_unrun(Job& job, JobState state, UtcMicroseconds instant, UtcMicroseconds at);
  void changed(const Job& job, std::string_view what) const;
  void forget_old(UtcMicroseconds now);

  const Capabilities& capabilities_;
  const Roles& roles_;
  GroupHolds& holds_;
  SpecificationLimits limits_;
  std::list<Job> jobs_;  // in the order of acceptance
  uint64_t next_id_ = 1;
  std::function<void(const Job&)> on_end_;
  std::function<void(const Job&, std::string_view)> on_change_;
};

}  // namespace tapstat::control::mplane
