/// One TCP connection while it is alive, and the rules by which a segment changes it.
///
/// An entry of a worker's flow table: owned and touched by that worker only. `update` applies one
/// segment in the order of operations that Tstat's numbers depend on and says whether it ended the
/// flow.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "flowstats/base/arena.h"
#include "flowstats/base/units.h"
#include "flowstats/flow_record.h"
#include "flowstats/measurement.h"
#include "flowstats/tcp/connection_state.h"
#include "flowstats/tcp/sequence_tracker.h"
#include "flowstats/wire/network_list.h"
#include "flowstats/wire/segment.h"

namespace tapstat::flowstats {

/// How a flow ended, which decides the log it is written to.
enum class FlowEnd : uint8_t { complete, not_complete };

struct TcpFlow {
  // Touched by every segment.
  FiveTuple tuple;
  Timestamp last;        // time of the latest segment, in arrival order
  Timestamp last_clock;  // capture clock at that segment: what idle time is measured from
  uint32_t wheel_next = kNoEntry, wheel_previous = kNoEntry;  // corrected mode's timer list
  uint32_t wheel_slot = kNoEntry;
  Direction client_direction = Direction::from_a;
  std::array<bool, 2> internal{};  // [client, server]
  std::array<ConnectionHalf, 2> connection;
  Timestamp first;
  uint64_t hash = 0;
  std::array<TcpHalf, 2> halves;
  std::array<SequenceTracker, 2> trackers;

  /// Makes a fresh flow of its first segment, a SYN; the segment still has to be passed to
  /// update().
  void open(const Segment& syn, const NetworkList& networks);

  /// Applies a segment of this flow. A value means that the flow has ended with it.
  std::optional<FlowEnd> update(const Segment& segment, TrackerContext& context);

  /// The end of a flow that timed out: complete when both sides have sent a SYN.
  [[nodiscard]] FlowEnd end_by_timeout() const {
    return both_syns_seen() ? FlowEnd::complete : FlowEnd::not_complete;
  }
  /// Idle, or only SYNs of one side for the shorter time. `last_heard` is last or last_clock, by
  /// mode.
  [[nodiscard]] bool expired(Timestamp last_heard, Timestamp now,
                             const FlowTimeouts& timeouts) const;
  /// Corrected mode: this SYN opens another connection on the same five-tuple.
  [[nodiscard]] bool is_port_reuse(const Segment& syn) const;

  void fill_record(TcpRecord& record, FlowEnd end) const;

  [[nodiscard]] bool both_syns_seen() const {
    return halves[0].core.syns > 0 && halves[1].core.syns > 0;
  }

 private:
  struct Update;
};

}  // namespace tapstat::flowstats
