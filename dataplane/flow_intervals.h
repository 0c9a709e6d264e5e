/// What flows did in each interval of log_tcp_periodic and log_udp_periodic.
///
/// A packet that comes more than the interval after a flow's latest line (first: after the flow
/// began) ends a line with what was counted since, before it is counted itself; a flow's end makes
/// the last line. Quiet intervals make none. Marks lie beside the flows and are touched only while
/// the log is on. Owner thread only; memory is reserved at construction and used on first touch.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "dataplane/record_outlet.h"
#include "flowstats/base/arena.h"
#include "flowstats/event_records.h"
#include "flowstats/flow.h"
#include "flowstats/udp_flow.h"
#include "flowstats/wire/segment.h"

namespace tapstat::dataplane {

/// Of the flow that is in an entry now. A mark of another flow, or none, counts from the flow's
/// start.
template <class Half>
struct IntervalMark {
  uint64_t flow = 0;  // hash of its key
  flowstats::Timestamp flow_first = flowstats::kNever;
  flowstats::Timestamp start;  // of the interval
  std::array<Half, 2> before;  // what was counted until then

  [[nodiscard]] bool is_of(uint64_t hash, flowstats::Timestamp first) const {
    return flow == hash && flow_first == first;
  }
};

class TcpIntervals {
 public:
  TcpIntervals(uint32_t flows_max, flowstats::Duration interval, RecordOutlet& outlet)
      : marks_(flows_max), interval_(interval), outlet_(outlet) {}

  [[nodiscard]] bool wanted() const { return outlet_.logs.has(flowstats::Log::tcp_periodic); }
  /// Before the flow in `entry` counts the segment, and after that.
  void before(uint32_t entry, const flowstats::TcpFlow& flow, const flowstats::Segment& segment);
  void after(uint32_t entry, const flowstats::TcpFlow& flow, const flowstats::Segment& segment);
  /// The flow is over.
  void finish(uint32_t entry, const flowstats::TcpFlow& flow, uint64_t hash);
  /// The same for a flow of one packet that never had an entry.
  void finish_alone(const flowstats::TcpFlow& flow);

  [[nodiscard]] size_t bytes() const { return marks_.bytes(); }

 private:
  using Half = flowstats::TcpIntervalRecord::Half;
  struct Mark : IntervalMark<Half> {
    std::array<flowstats::options::Extremes, 2> in_flight;  // by direction
  };
  [[nodiscard]] Mark& mark_of(uint32_t entry, const flowstats::TcpFlow& flow, uint64_t hash);
  void hand_out(Mark& mark, const flowstats::TcpFlow& flow);

  flowstats::Arena<Mark> marks_;  // by entry of the flow pool
  flowstats::Duration interval_;
  RecordOutlet& outlet_;
};

class UdpIntervals {
 public:
  UdpIntervals(uint32_t flows_max, flowstats::Duration interval, RecordOutlet& outlet)
      : marks_(flows_max), interval_(interval), outlet_(outlet) {}

  [[nodiscard]] bool wanted() const { return outlet_.logs.has(flowstats::Log::udp_periodic); }
  void before(uint32_t entry, const flowstats::UdpFlow& flow, const flowstats::Segment& datagram);
  void finish(uint32_t entry, const flowstats::UdpFlow& flow);

  [[nodiscard]] size_t bytes() const { return marks_.bytes(); }

 private:
  using Half = flowstats::UdpIntervalRecord::Half;
  using Mark = IntervalMark<Half>;
  [[nodiscard]] Mark& mark_of(uint32_t entry, const flowstats::UdpFlow& flow);
  void hand_out(Mark& mark, const flowstats::UdpFlow& flow);

  flowstats::Arena<Mark> marks_;
  flowstats::Duration interval_;
  RecordOutlet& outlet_;
};

}  // namespace tapstat::dataplane
