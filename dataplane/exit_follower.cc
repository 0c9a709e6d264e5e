#include "dataplane/exit_follower.h"

#include <algorithm>
#include <array>

#include "dataplane/idle.h"

namespace tapstat::dataplane {

using flowstats::Timestamp;
using Kind = ExitMessage::Kind;

namespace {

/// Short beside the time in which a worker fills its feed, long beside the cost of waking up: the
/// follower may share its CPU with the writer.
constexpr flowstats::Duration kNoMessageNap{300};

}  // namespace

ExitLane::ExitLane(const flowstats::Measurement& measurement,
                   const flowstats::NetworkList& internal, ShardPlace place, ExitFeed& feed,
                   uint32_t record_ring, RecordRing::WhenFull when_full)
    : feed_(feed),
      records_(record_ring, when_full),
      outlet_{records_, counters_},
      flows_(measurement, internal, measurement.limits.tcp_flows_max, place, outlet_) {}

void ExitLane::touch() {
  feed_.touch();
  flows_.touch();
  records_.touch();
}

bool ExitLane::work() {
  uint32_t passes = 0;
  while (passes < kPassesPerTurn && pass()) ++passes;
  if (passes == 0) return false;
  flows_.count_events();
  records_.publish(told_);
  return true;
}

/// Memory is on its way for all messages before the first of them needs it.
bool ExitLane::pass() {
  const uint32_t there = std::min(feed_.available(), kUnitsPerPass);
  std::array<const ExitMessage*, kUnitsPerPass> messages;
  uint32_t units = 0;
  size_t count = 0;
  while (units < there) {
    const ExitMessage& message = feed_.peek(units);
    units += message.units();
    messages[count++] = &message;
    if (message.is_usual()) flows_.prefetch_place(UsualExitMessage::of(message).entry());
  }
  for (size_t i = 0; i < count; ++i) {
    if (!messages[i]->is_usual()) continue;
    const auto& m = UsualExitMessage::of(*messages[i]);
    flows_.prefetch(m.entry(), m.direction, m.payload_length != 0);
  }
  for (size_t i = 0; i < count; ++i) apply(*messages[i]);
  feed_.pop(units);
  return count != 0;
}

void ExitLane::apply_usual(const UsualExitMessage& message) {
  UsualExitMessage::OptionList list;
  last_.us += message.step_us;
  outlet_.clock = last_;
  flows_.on_segment(message.entry(), message.segment(last_, list));
}

void ExitLane::apply(const ExitMessage& message) {
  if (message.is_usual()) return apply_usual(UsualExitMessage::of(message));
  if (message.sets_clock()) last_ = message.clock;
  switch (message.kind) {
    case Kind::segment:
      outlet_.clock = message.clock;
      return flows_.on_segment(message.entry, message.segment());
    case Kind::begin: return flows_.begin(message.entry, message.segment());
    case Kind::stray: return flows_.on_stray(message.segment());
    case Kind::single: return flows_.on_single(message.segment());
    case Kind::let_go: return flows_.let_go(message.entry);
    case Kind::clock: outlet_.clock = told_ = message.clock; return flows_.expire(message.clock);
    case Kind::finish: return flows_.finish(message.clock);
    case Kind::end:
      told_ = flowstats::kAlways;
      ended_ = true;
      return;
  }
}

void ExitFollower::touch() {
  for (ExitLane* lane : lanes_) lane->touch();
}

void ExitFollower::run() {
  Idle idle(kNoMessageNap);
  const auto ended = [](const ExitLane* lane) { return lane->has_ended(); };
  while (!std::ranges::all_of(lanes_, ended)) {
    bool worked = false;
    for (ExitLane* lane : lanes_) worked |= lane->work();
    if (worked)
      idle.worked();
    else
      idle.rest();
  }
  finished_.store(true, std::memory_order_release);
}

}  // namespace tapstat::dataplane
