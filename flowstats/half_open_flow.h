/// A connection of which only the opening SYN was seen, in a fifth of the memory of a flow.
///
/// Keeps the SYN itself, so that the flow can be made of it whenever a second segment, a time-out
/// or the end asks for it, with the same numbers as if it had been made at once. Scans and SYN
/// floods are made of these. Owned by a worker's nursery.
#pragma once

#include "flowstats/flow.h"
#include "flowstats/measurement.h"
#include "flowstats/tcp/sequence_tracker.h"
#include "flowstats/wire/network_list.h"
#include "flowstats/wire/segment.h"

namespace tapstat::flowstats {

struct HalfOpenFlow {
  Segment opening;  // without its payload and option bytes, which die with the packet

  /// A SYN that ends its flow at once is no half-open one.
  [[nodiscard]] static bool may_begin_with(const Segment& syn) { return !syn.has(tcp_flag::kRst); }
  void open(const Segment& syn) {
    opening = syn;
    opening.payload_captured = 0;
    opening.option_bytes = 0;
  }

  /// What TcpFlow::expired says of a flow of one SYN. `last_heard` is opening.time or
  /// opening.clock, by mode.
  [[nodiscard]] static bool expired(Timestamp last_heard, Timestamp now,
                                    const FlowTimeouts& timeouts);

  /// Makes `flow` what it would be now.
  void grow_into(TcpFlow& flow, const NetworkList& networks, TrackerContext& context) const;
};

}  // namespace tapstat::flowstats
