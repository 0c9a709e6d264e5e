#include "dataplane/exit_feed.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "dataplane/idle.h"
#include "flowstats/base/check.h"

namespace tapstat::dataplane {

using flowstats::Counter;
using flowstats::Duration;
using flowstats::Segment;
using flowstats::TcpOptions;
using flowstats::Timestamp;
using Kind = ExitMessage::Kind;

namespace {

/// The follower empties a full ring in some milliseconds.
constexpr Duration kFullExitRingNap{100};
/// Between two words about the clock.
constexpr Duration kClockStep = flowstats::milliseconds(1);
/// Of a message without a segment.
constexpr uint32_t kShortUnits = 2;

constexpr uint8_t kPlainTimestamps = TcpOptions::kTimestamps | TcpOptions::kPlain;

/// What the short way through a flow lets pass, less SACK. A SYN needs its five-tuple.
bool is_usual(const Segment& segment) {
  return !segment.has(flowstats::tcp_flag::kSyn) &&
         (segment.options.seen == 0 || segment.options.seen == kPlainTimestamps) &&
         segment.payload_length >= 0 && segment.payload_length <= UsualExitMessage::kPayloadMax;
}

/// False when its time or its options are not those of a usual message. `last`: the clock that its
/// step begins from.
[[gnu::always_inline]] inline bool write(UsualExitMessage& message, uint32_t entry,
                                         const Segment& segment, Timestamp last) {
  using Message = UsualExitMessage;
  constexpr size_t kPlace = offsetof(Message, place), kRest = offsetof(Message, payload_length);
  const auto step = static_cast<uint64_t>((segment.clock - last).us);
  if (segment.time != segment.clock || step > Message::kStepMaxUs) [[unlikely]]
    return false;
  uint32_t place = entry;
  if (segment.options.seen != 0) {
    if (segment.options.seen != kPlainTimestamps) [[unlikely]]
      return false;
    std::memcpy(message.timestamps.data(), segment.payload_bytes - message.timestamps.size(),
                message.timestamps.size());
    place |= Message::kHasTimestamps;
  }
  // The later store covers what the one before it wrote too much.
  auto* const bytes = reinterpret_cast<std::byte*>(&message);
  std::memcpy(bytes, &segment.seq, kRest);
  std::memcpy(bytes + kPlace, &place, sizeof place);
  std::memcpy(bytes + kRest, &segment.payload_length, offsetof(Message, timestamps) - kRest);
  message.step_us = static_cast<uint16_t>(step);
  return true;
}

}  // namespace

ExitFeed::ExitFeed(uint32_t units, uint32_t flows_max, WhenFull when_full,
                   flowstats::CounterBlock& counters)
    : capacity_(units),
      mask_(units - 1),
      when_full_(when_full),
      entries_fit_(flows_max <= UsualExitMessage::kEntriesMax),
      counters_(counters),
      memory_((size_t{units} + kExitMessageUnitsMax - 1) * kExitUnitBytes),
      units_(static_cast<std::byte*>(memory_.data())),
      unknown_(when_full == WhenFull::drop ? flows_max : 0) {
  TAPSTAT_ASSERT(std::has_single_bit(units) && units >= kExitFeedUnitsMin);
  set_limit();
}

/// Units that messages of a kind leave to those that matter more.
[[gnu::always_inline]] inline uint64_t ExitFeed::spare_of(Kind kind) const {
  if (when_full_ == WhenFull::wait) return 0;
  switch (kind) {
    case Kind::stray: return capacity_ / 2;
    case Kind::segment: return capacity_ / 4;
    case Kind::single:
    case Kind::begin: return capacity_ / 8;
    default: return 0;
  }
}

[[gnu::always_inline]] inline bool ExitFeed::has_room(uint64_t spare, uint32_t units) {
  return reserved_ + units + spare <= taken_seen_ + capacity_ || has_room_now(spare, units);
}

[[gnu::noinline]] bool ExitFeed::has_room_now(uint64_t spare, uint32_t units) {
  taken_seen_ = taken_.load(std::memory_order_acquire);
  set_limit();
  return reserved_ + units + spare <= taken_seen_ + capacity_;
}

/// In a replay waits for the follower, which may be waiting for this very CPU.
[[gnu::always_inline]] inline bool ExitFeed::make_room(Kind kind, uint32_t units) {
  const uint64_t spare = spare_of(kind);
  if (has_room(spare, units)) return true;
  if (when_full_ == WhenFull::drop && kind != Kind::finish && kind != Kind::end) return false;
  wait_for_room(spare, units);
  return true;
}

[[gnu::noinline]] void ExitFeed::wait_for_room(uint64_t spare, uint32_t units) {
  publish();
  Idle idle(kFullExitRingNap);
  while (!has_room(spare, units)) idle.rest();
}

void ExitFeed::set_limit() {
  const bool is_open = entries_fit_ && unknown_count_ == 0;
  limit_ = is_open ? taken_seen_ + capacity_ - spare_of(Kind::segment) : 0;
}

void ExitFeed::set_unknown(uint32_t entry, bool is_unknown) {
  if (unknown_.empty() || unknown_[entry] == is_unknown) return;
  unknown_[entry] = is_unknown;
  unknown_count_ += is_unknown ? 1 : -1;
  set_limit();
}

void ExitFeed::on_usual(std::span<const Segment> segments, const uint32_t* entries) {
  while (!segments.empty()) {
    const size_t told = put_usual(segments, entries);
    entries += told;
    segments = segments.subspan(told);
    if (segments.empty()) return;
    on_segment(*entries++, segments.front());
    segments = segments.subspan(1);
  }
}

/// Up to the first one that has no room or needs another message; returns their number.
[[gnu::always_inline]] inline size_t ExitFeed::put_usual(std::span<const Segment> segments,
                                                         const uint32_t* entries) {
  const uint64_t room = limit_ > reserved_ ? limit_ - reserved_ : 0;
  const Segment* const end = segments.data() + std::min<uint64_t>(segments.size(), room);
  // Stores of bytes may change any member, as far as the compiler knows.
  std::byte* const units = units_;
  const uint64_t mask = mask_;
  uint64_t position = reserved_;
  Timestamp last = last_;
  const Segment* s = segments.data();
  for (; s != end; ++s) {
    auto* const message =
        reinterpret_cast<UsualExitMessage*>(units + (position & mask) * kExitUnitBytes);
    if (!write(*message, *entries++, *s, last)) [[unlikely]]
      break;
    prefetch_for_write(message + kPrefetchAhead);
    last = s->clock;
    ++position;
  }
  reserved_ = position;
  last_ = last;
  return static_cast<size_t>(s - segments.data());
}

[[gnu::noinline]] void ExitFeed::on_segment(uint32_t entry, const Segment& segment) {
  if (unknown_count_ != 0 && unknown_[entry]) return counters_.add(Counter::exit_segments_dropped);
  if (entries_fit_ && is_usual(segment) && has_room(spare_of(Kind::segment), 1) &&
      write(reinterpret_cast<UsualExitMessage&>(at(reserved_)), entry, segment, last_)) {
    ++reserved_;
    last_ = segment.clock;
    return;
  }
  tell(Kind::segment, entry, segment);
}

void ExitFeed::begin(uint32_t entry, const Segment& first) {
  set_unknown(entry, !tell(Kind::begin, entry, first));
}

/// There is room.
[[gnu::always_inline]] inline ExitMessage& ExitFeed::reserve(uint32_t units) {
  ExitMessage& message = at(reserved_);
  auto* const ahead = reinterpret_cast<UsualExitMessage*>(&message) + kPrefetchAhead;
  for (uint32_t unit = 0; unit < units; unit += 2) prefetch_for_write(ahead + unit);
  reserved_ += units;
  return message;
}

[[gnu::noinline]] bool ExitFeed::tell(Kind kind, uint32_t entry, const Segment& segment) {
  const uint32_t units = ExitMessage::units_of(kind, segment.flags, segment.option_bytes);
  if (!make_room(kind, units)) {
    counters_.add(Counter::exit_segments_dropped);
    return false;
  }
  ExitMessage& message = reserve(units);
  message.set(kind, entry, segment);
  if (message.sets_clock()) last_ = segment.clock;
  return true;
}

[[gnu::noinline]] void ExitFeed::let_go(uint32_t entry) {
  const bool has_room = make_room(Kind::let_go, kShortUnits);
  set_unknown(entry, !has_room);
  if (has_room) reserve(kShortUnits).set(Kind::let_go, entry, last_);
}

void ExitFeed::tell_time(Kind kind, Timestamp clock) {
  if (!make_room(kind, kShortUnits)) return;  // a later one will say more
  reserve(kShortUnits).set(kind, flowstats::kNoEntry, clock);
  last_ = told_ = clock;
}

void ExitFeed::tell_clock(Timestamp clock) {
  const bool goes_back = clock < told_;  // another trace
  if (goes_back || clock >= told_ + kClockStep) tell_time(Kind::clock, clock);
}

void ExitFeed::advance(Timestamp clock) {
  if (clock >= told_ + kClockStep)
    tell_time(clock == flowstats::kAlways ? Kind::end : Kind::clock, clock);
  if (reserved_ != made_.load(std::memory_order_relaxed)) publish();
}

void ExitFeed::finish(Timestamp clock) {
  tell_time(Kind::finish, clock);
  publish();
}

uint32_t ExitFeed::available() {
  return static_cast<uint32_t>(made_.load(std::memory_order_acquire) - taken_here_);
}

void ExitFeed::pop(uint32_t units) {
  taken_here_ += units;
  taken_.store(taken_here_, std::memory_order_release);
}

}  // namespace tapstat::dataplane
