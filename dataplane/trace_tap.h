/// Copies packets out of a worker's bursts for the trace writer: filter, sample, limit, copy.
///
/// Only packets that are analysed can be taken, so that a trace is the same for any number of
/// workers and holds what the flows are made from. Of each taken packet the first bytes are copied
/// into the worker's packet ring; no buffer is held and nothing is waited for, except that a replay
/// waits for room. Counts trace_matched, trace_sampled_out and trace_dropped_ring, the last two
/// also for each hour (TraceTally), so that a trace tells what it lacks. Worker thread only.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "dataplane/burst.h"
#include "dataplane/connection_quota.h"
#include "dataplane/packet_ring.h"
#include "dataplane/parse_burst.h"
#include "dataplane/trace_filter.h"
#include "flowstats/base/counters.h"
#include "flowstats/trace_windows.h"
#include "flowstats/wire/segment.h"

namespace tapstat::dataplane {

struct TraceOptions {
  std::shared_ptr<const TraceFilter> filter;
  uint32_t snap_length = 128;  // bytes kept of a frame; 0: all of them
  uint32_t sample = 1;         // one connection of so many
  uint32_t flow_limit = 0;     // packets of a connection; 0: all of them
  flowstats::TraceWindows windows;
  size_t ring_bytes = kPacketRingDefault;  // of each worker
};

/// Whether a connection is among the one of `one_of` that are kept: the same for both directions,
/// every worker and every run.
[[nodiscard]] bool is_sampled(const flowstats::FiveTuple& tuple, uint32_t one_of);

class TraceTap {
 public:
  /// `connections`: how many the quota may have to tell apart. `frames_may_be_cut`: the source
  /// gives frames shorter than they were on the wire, whose length is then that of their headers.
  TraceTap(const TraceOptions& options, uint32_t connections, bool frames_may_be_cut,
           PacketRing::WhenFull when_full, flowstats::CounterBlock& counters);

  /// `segments` are what parse_burst() made of `frames`, which are those of `burst`.
  void take(const Burst& burst, const FrameBurst& frames,
            std::span<const flowstats::Segment> segments);
  /// No packet up to `clock` will follow.
  void advance(flowstats::Timestamp clock);
  /// No packet will follow at all. May wait for the trace writer.
  void finish();

  [[nodiscard]] PacketRing& ring() { return ring_; }
  [[nodiscard]] size_t bytes() const { return ring_.bytes() + quota_.bytes(); }
  void touch();

 private:
  void take_packet(const rte_mbuf* packet, LinkType link_type, const Frame& frame,
                   const flowstats::Segment& segment);
  void copy(const rte_mbuf* packet, const TypedFrame& typed, uint32_t wire_length,
            flowstats::Timestamp time);
  [[nodiscard]] uint32_t wire_length(const Frame& frame, const flowstats::Segment& segment) const;
  void enter(flowstats::Timestamp time);
  [[nodiscard]] bool hand_over_tally();

  TraceOptions options_;
  bool frames_may_be_cut_;
  flowstats::CounterBlock& counters_;
  ConnectionQuota quota_;
  PacketRing ring_;

  flowstats::TraceInterval interval_;  // that the two numbers belong to
  uint64_t sampled_out_ = 0, dropped_ring_ = 0;
};

}  // namespace tapstat::dataplane
