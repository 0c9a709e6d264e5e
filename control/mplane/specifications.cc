#include "control/mplane/specifications.h"

#include <algorithm>
#include <limits>
#include <tuple>

#include "control/mplane/token.h"

namespace tapstat::control::mplane {
namespace {

constexpr std::string_view kUnknownJob = "Unknown job";
constexpr std::string_view kNoService = "No service registered for specification";
constexpr std::string_view kNoPermission = "User has no permission to request this capability";
constexpr std::string_view kRepeated = "Repeated scopes are not supported";

Generation generation_of(const Message& message) {
  return message.version == kVersion2014 ? Generation::proxy_2014 : Generation::sdk;
}

Reply refusal(std::string_view token, std::string_view text) {
  Reply reply;
  reply.message = exception(token, text);
  return reply;
}

Reply denial(std::string_view token, std::string_view text) {
  Reply reply = refusal(token, text);
  reply.denied = true;
  return reply;
}

Reply receipt_reply(const Job& job) {
  Reply reply;
  reply.message = receipt_of(job);
  reply.job = job.id;
  return reply;
}

Reply current_reply(const Job& job) {
  if (job.is_active()) return receipt_reply(job);
  Reply reply;
  reply.message = final_message(job);
  reply.job = job.id;
  reply.is_final = true;
  return reply;
}

bool is_instant(const Job& job) { return job.start == job.end; }

/// Until a running job's end; empty without one.
std::optional<int64_t> remaining(const Job& job, Moment now) {
  if (job.end == kOpenEnd) return std::nullopt;
  return job.by_duration ? job.steady_end_us - now.steady_us : job.end - now.utc;
}

Message kept_members(const Message& message, const std::string& token,
                     const std::string& capability_label) {
  Message kept = message;
  kept.token = token;
  if (!kept.label) kept.label = capability_label;
  kept.link.reset();
  kept.export_url.reset();
  kept.has_schedule = false;
  return kept;
}

}  // namespace

Specifications::Specifications(const Capabilities& capabilities, const Roles& roles,
                               GroupHolds& holds, const SpecificationLimits& limits)
    : capabilities_(capabilities), roles_(roles), holds_(holds), limits_(limits) {}

Reply Specifications::handle(const Client& client, const Message& message, Moment now) {
  advance(now);
  switch (message.kind) {
    case Kind::specification: return specify(client, message, now);
    case Kind::redemption:
    case Kind::interrupt: return ask(client, message, now);
    default:
      return refusal(message.token.value_or(std::string(kNoToken)), "Unexpected message type");
  }
}

Reply Specifications::specify(const Client& client, const Message& message, Moment now) {
  std::string token = message.token ? *message.token : computed_token(message);
  const bool named = !token.empty();
  if (!named) token = kNoToken;
  if (!message.when) return refusal(token, "Missing section: when");
  if (!message.results || message.results->empty())
    return refusal(token, "Missing section: results");
  const Capability* capability = capabilities_.match(message);
  if (capability == nullptr) return refusal(token, kNoService);
  if (!roles_.may_use(client, generation_of(message), capability->label()))
    return denial(token, kNoPermission);
  if (message.export_url && !message.export_url->empty())
    return refusal(token, "Indirect export is not supported");
  if (message.has_schedule) return refusal(token, kRepeated);
  if (const Job* known = named ? owned(client.identity, token) : nullptr) {
    if (!same_schema(known->specification, message)) return refusal(token, "Token already in use");
    if (known->is_active() || !known->delivered) return current_reply(*known);
  }
  return begin(client, message, token, now);
}

Reply Specifications::begin(const Client& client, const Message& message, const std::string& token,
                            Moment now) {
  const std::optional<When> when = parse_when(*message.when);
  if (!when) return refusal(token, "Invalid temporal scope");
  if (when->repeated) return refusal(token, kRepeated);
  const auto scope = resolve(*when, now.utc, limits_.scope);
  if (!scope) return refusal(token, scope.error());
  if (!room_for(client.identity)) return refusal(token, "Too many outstanding specifications");

  jobs_.remove_if([&](const Job& job) {  // an answer that was delivered makes way for a new run
    return job.owner == client.identity && job.token() == token;
  });
  const Capability& capability = *capabilities_.match(message);
  Job& job = jobs_.emplace_back();
  job.id = next_id_++;
  job.owner = client.identity;
  job.specification = kept_members(message, token, capability.label());
  job.when = canonical(*when);
  job.group = capability.group;
  job.start = scope->start;
  job.end = scope->end;
  job.by_duration = when->start.kind == WhenTime::Kind::now && when->duration_us.has_value();
  if (job.by_duration && job.end != kOpenEnd)
    job.steady_end_us = now.steady_us + (job.end - job.start);

  if (job.start > now.utc)
    changed(job, "accepted");
  else if (is_instant(job))
    end_unrun(job, JobState::finished, job.start, now.utc);
  else
    run(job, now);
  Reply reply = current_reply(job);
  reply.accepted = true;
  return reply;
}

Reply Specifications::ask(const Client& client, const Message& message, Moment now) {
  const std::string token = message.token.value_or(std::string(kNoToken));
  Job* job = message.token ? owned(client.identity, token) : nullptr;
  if (job == nullptr && message.token) {
    const auto last = std::find_if(jobs_.rbegin(), jobs_.rend(),
                                   [&](const Job& other) { return other.token() == token; });
    if (last != jobs_.rend()) {
      // Answered as if it did not exist; only the audit log knows better.
      if (!roles_.is_admin(client, generation_of(message))) return denial(token, kUnknownJob);
      job = &*last;
    }
  }
  if (job == nullptr) return refusal(token, kUnknownJob);
  if (message.kind == Kind::interrupt) {
    if (job->state == JobState::pending)
      end_unrun(*job, JobState::interrupted, now.utc, now.utc);
    else if (job->state == JobState::running)
      release(*job, JobState::interrupted, now);
  }
  return current_reply(*job);
}

Job* Specifications::owned(const std::string& owner, const std::string& token) {
  const auto found = std::find_if(jobs_.begin(), jobs_.end(), [&](const Job& job) {
    return job.owner == owner && job.token() == token;
  });
  return found == jobs_.end() ? nullptr : &*found;
}

bool Specifications::room_for(const std::string& owner) const {
  unsigned active = 0, of_owner = 0;
  for (const Job& job : jobs_) {
    if (!job.is_active()) continue;
    ++active;
    if (job.owner == owner) ++of_owner;
  }
  return active < limits_.active && of_owner < limits_.active_per_owner;
}

void Specifications::run(Job& job, Moment now) {
  Holder holder{.kind = "specification",
                .who = job.owner,
                .token = job.token(),
                .since = now.utc,
                .until = std::nullopt};
  if (job.state == JobState::running) holder.since = job.on_at;  // goes on after a restart
  if (job.end != kOpenEnd) holder.until = job.end;
  const auto applied = holds_.hold(job.id, job.group, holder);
  if (!applied) {
    job.failure = "Cannot change logging: " + applied.error().sentence;
    return end(job, JobState::failed, now.utc);
  }
  if (job.state == JobState::pending) {
    job.state = JobState::running;
    job.on_at = applied->at;
    job.first_epoch = applied->epoch;
  }
  changed(job, "running");
}

void Specifications::release(Job& job, JobState state, Moment now) {
  const AppliedEpoch applied = holds_.release(job.id);
  job.off_at = std::max(job.on_at, applied.at);
  if (job.first_epoch != 0) job.end_epoch = applied.epoch;
  end(job, state, now.utc);
}

void Specifications::end_unrun(Job& job, JobState state, UtcMicroseconds instant,
                               UtcMicroseconds at) {
  job.on_at = job.off_at = instant;
  end(job, state, at);
}

void Specifications::end(Job& job, JobState state, UtcMicroseconds at) {
  job.state = state;
  job.ended_at = at;
  changed(job, state_name(state));
  if (on_end_) on_end_(job);
}

void Specifications::changed(const Job& job, std::string_view what) const {
  if (on_change_) on_change_(job, what);
}

void Specifications::advance(Moment now) {
  forget_old(now.utc);
  // Starts before ends: a group that one job hands to the next stays on in between.
  for (Job& job : jobs_) {
    if (job.state != JobState::pending || job.start > now.utc) continue;
    if (job.end <= now.utc)  // an instant, or the clock was put forward over the whole scope
      end_unrun(job, JobState::finished, job.end, now.utc);
    else
      run(job, now);
  }
  for (Job& job : jobs_)
    if (job.state == JobState::running && remaining(job, now).value_or(1) <= 0)
      release(job, JobState::finished, now);
}

std::optional<int64_t> Specifications::due_in(Moment now) const {
  std::optional<int64_t> soonest;
  for (const Job& job : jobs_) {
    if (!job.is_active()) continue;
    const bool pending = job.state == JobState::pending;
    std::optional<int64_t> wait = pending ? job.start - now.utc : remaining(job, now);
    if (!wait) continue;
    if (pending || !job.by_duration) wait = std::min(*wait, kClockLookUs);
    const int64_t bounded = std::max<int64_t>(*wait, 0);
    soonest = std::min(soonest.value_or(bounded), bounded);
  }
  return soonest;
}

const Job* Specifications::find(uint64_t job) const {
  const auto found =
      std::find_if(jobs_.begin(), jobs_.end(), [&](const Job& other) { return other.id == job; });
  return found == jobs_.end() ? nullptr : &*found;
}

std::optional<int64_t> Specifications::ends_in(uint64_t job, Moment now) const {
  const Job* found = find(job);
  return found != nullptr && found->is_active() ? remaining(*found, now) : std::nullopt;
}

std::optional<Reply> Specifications::receipt(uint64_t job) const {
  const Job* found = find(job);
  return found != nullptr ? std::optional(receipt_reply(*found)) : std::nullopt;
}

std::optional<Reply> Specifications::final_reply(uint64_t job) const {
  const Job* found = find(job);
  return found != nullptr && !found->is_active() ? std::optional(current_reply(*found))
                                                 : std::nullopt;
}

void Specifications::delivered(uint64_t job) {
  for (Job& other : jobs_) {
    if (other.id != job || other.is_active() || other.delivered) continue;
    other.delivered = true;
    changed(other, "delivered");
  }
}

std::optional<uint64_t> Specifications::rows_of(const Job& job) const {
  if (job.first_epoch == 0) return std::nullopt;
  const bool running = job.state == JobState::running;
  return holds_.rows_between(job.first_epoch,
                             running ? std::numeric_limits<uint32_t>::max() : job.end_epoch);
}

/// Answers that were delivered go before those that were not, the oldest first.
void Specifications::forget_old(UtcMicroseconds now) {
  size_t kept = 0, bytes = 0;
  for (auto job = jobs_.begin(); job != jobs_.end();) {
    if (!job->is_active() && now - job->ended_at > limits_.answers_kept_us) {
      job = jobs_.erase(job);
      continue;
    }
    if (!job->is_active()) {
      ++kept;
      bytes += text_bytes(*job);
    }
    ++job;
  }
  while (kept > limits_.answers_kept || bytes > limits_.answer_bytes_kept) {
    const auto first = std::min_element(jobs_.begin(), jobs_.end(), [](const Job& a, const Job& b) {
      return std::tuple(a.is_active(), !a.delivered, a.ended_at) <
             std::tuple(b.is_active(), !b.delivered, b.ended_at);
    });
    --kept;
    bytes -= text_bytes(*first);
    jobs_.erase(first);
  }
}

void Specifications::restore(std::vector<Job> jobs, Moment now) {
  for (Job& restored : jobs) {
    next_id_ = std::max(next_id_, restored.id + 1);
    Job& job = jobs_.emplace_back(std::move(restored));
    job.first_epoch = job.end_epoch = 0;
    if (!job.is_active()) continue;
    if (job.end <= now.utc) {
      if (job.state == JobState::pending) job.on_at = job.end;  // it never was on
      job.off_at = job.end;
      end(job, JobState::finished, now.utc);
      continue;
    }
    if (job.by_duration && job.end != kOpenEnd)
      job.steady_end_us = now.steady_us + (job.end - now.utc);
    if (job.state == JobState::running) run(job, now);
  }
  advance(now);
}

}  // namespace tapstat::control::mplane
