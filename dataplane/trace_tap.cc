#include "dataplane/trace_tap.h"

#include <algorithm>
#include <cstring>
#include <new>

#include <rte_mbuf.h>

#include "dataplane/idle.h"
#include "flowstats/record_queue.h"

namespace tapstat::dataplane {

using flowstats::Counter;
using flowstats::Segment;
using flowstats::Timestamp;
using flowstats::TracedPacket;
using flowstats::TraceSlot;
using flowstats::TraceTally;

namespace {

/// Not the seed of the flow table, which a live probe changes with every start.
constexpr uint64_t kSampleSeed = 0x7472616365736565;

}  // namespace

bool is_sampled(const flowstats::FiveTuple& tuple, uint32_t one_of) {
  if (one_of <= 1) return true;
  const uint64_t hash = flowstats::hash_tuple(tuple, kSampleSeed);
  return ((hash >> 32) * one_of) >> 32 == 0;
}

TraceTap::TraceTap(const TraceOptions& options, uint32_t connections, bool frames_may_be_cut,
                   PacketRing::WhenFull when_full, flowstats::CounterBlock& counters)
    : options_(options),
      frames_may_be_cut_(frames_may_be_cut),
      counters_(counters),
      quota_(options.flow_limit, connections),
      ring_(options.ring_bytes, when_full) {}

void TraceTap::touch() {
  ring_.touch();
  quota_.touch();
}

void TraceTap::take(const Burst& burst, const FrameBurst& frames,
                    std::span<const Segment> segments) {
  const auto& ports = options_.filter->ports();
  for (const Segment& segment : segments)
    if (!ports || ports->matches(segment))
      take_packet(burst.packets[segment.frame], burst.link_type, frames.frames[segment.frame],
                  segment);
  advance(burst.clocks[burst.count - 1]);
}

/// What was left out of an hour is handed over when the hour is over, or nobody would know.
void TraceTap::advance(Timestamp clock) {
  if (clock >= interval_.end) static_cast<void>(hand_over_tally());
  ring_.publish(clock);
}

void TraceTap::finish() {
  Idle idle;
  while (!hand_over_tally()) idle.rest();
  ring_.publish(flowstats::kAlways);
}

void TraceTap::take_packet(const rte_mbuf* packet, LinkType link_type, const Frame& frame,
                           const Segment& segment) {
  const TypedFrame typed = typed_frame(link_type, frame);
  const uint32_t length = wire_length(typed.frame, segment);
  if (!options_.filter->ports() &&
      !options_.filter->matches_frame(typed.link_type, typed.frame, length))
    return;
  counters_.add(Counter::trace_matched);
  enter(segment.time);
  if (!is_sampled(segment.tuple, options_.sample) || !quota_.admits(segment)) {
    counters_.add(Counter::trace_sampled_out);
    ++sampled_out_;
    return;
  }
  copy(packet, typed, length, segment.time);
}

void TraceTap::copy(const rte_mbuf* packet, const TypedFrame& typed, uint32_t wire_length,
                    Timestamp time) {
  const uint32_t whole = typed.frame.captured_length;
  const uint32_t captured =
      options_.snap_length == 0 ? whole : std::min(whole, options_.snap_length);
  TraceSlot* const place = ring_.reserve(sizeof(TracedPacket), captured);
  if (place == nullptr) {
    counters_.add(Counter::trace_dropped_ring);
    ++dropped_ring_;
    return;
  }
  const uint32_t slot_bytes = place->bytes;
  auto* const slot = new (place) TracedPacket;
  slot->bytes = slot_bytes;
  slot->kind = TraceSlot::Kind::packet;
  slot->link_type = link_type_in_file(typed.link_type);
  slot->time = time;
  slot->wire_length = wire_length;
  slot->captured = captured;
  void* const body = slot + 1;
  if (captured <= typed.frame.contiguous_length) {
    std::memcpy(body, typed.frame.bytes, captured);
  } else {
    const void* const bytes = rte_pktmbuf_read(packet, typed.skipped, captured, body);
    if (bytes != body) std::memcpy(body, bytes, captured);
  }
}

/// A captured frame ends with its payload when it was cut; padding behind it means that it was not.
uint32_t TraceTap::wire_length(const Frame& frame, const Segment& segment) const {
  const int32_t missing = segment.payload_length - segment.payload_captured;
  if (!frames_may_be_cut_ || missing <= 0) return frame.captured_length;
  return std::max(frame.captured_length, frame.contiguous_length + static_cast<uint32_t>(missing));
}

void TraceTap::enter(Timestamp time) {
  if (interval_.has(time)) [[likely]]
    return;
  // Without room the numbers stay with the hours at hand: better late than lost.
  if (hand_over_tally()) interval_ = options_.windows.interval(time);
}

/// False: there is something to hand over, and no room for it.
bool TraceTap::hand_over_tally() {
  if (sampled_out_ == 0 && dropped_ring_ == 0) return true;
  TraceSlot* const place = ring_.reserve(sizeof(TraceTally), 0);
  if (place == nullptr) return false;
  const uint32_t slot_bytes = place->bytes;
  auto* const tally = new (place) TraceTally;
  tally->bytes = slot_bytes;
  tally->kind = TraceSlot::Kind::tally;
  tally->hours = interval_.hours;
  tally->sampled_out = sampled_out_;
  tally->dropped_ring = dropped_ring_;
  sampled_out_ = dropped_ring_ = 0;
  return true;
}

}  // namespace tapstat::dataplane
