/// The payload of a worker's TCP flows: shows it to the inspector, and hands out what it finds.
///
/// Knows flows and records, which the inspector does not. A flow takes a place with its first
/// payload and is looked at until nothing that could still come would change a column or a row.
/// Owner thread only; nothing allocates after construction.
#pragma once

#include <cstddef>

#include "dataplane/record_outlet.h"
#include "dataplane/tcp_dns.h"
#include "flowstats/flow.h"
#include "flowstats/layer7/tcp_inspector.h"
#include "flowstats/layer7/tcp_words.h"
#include "flowstats/measurement.h"
#include "flowstats/wire/segment.h"

namespace tapstat::dataplane {

class TcpPayload {
 public:
  /// Flows are named by their entries, below `flows_max`. The references outlive it.
  TcpPayload(const flowstats::Measurement& measurement, uint32_t flows_max, RecordOutlet& outlet);

  /// A new flow is to be looked at.
  void begin(flowstats::TcpFlow& flow) const {
    if (enabled_) look_at_all_of(flow);
  }
  /// True when the inspector has to see a segment that the flow has just counted.
  [[nodiscard]] static bool wants(const flowstats::TcpFlow& flow, const flowstats::Segment& s) {
    using namespace flowstats::direction_flag;
    const uint32_t flags = flow.state.seen_from(static_cast<size_t>(s.direction));
    if ((flags & (kIsInspected | kIsWatched)) == 0) return false;
    if ((flags & kIsWatched) != 0)
      return s.payload_length > 0 && flowstats::layer7::may_begin_word(s.payload());
    return s.payload_length > 0 || s.has(flowstats::tcp_flag::kPsh | flowstats::tcp_flag::kFin);
  }
  /// Some time before inspect().
  void prefetch(uint32_t entry) const {
    if (const uint32_t place = place_of(entry); place != flowstats::kNoEntry)
      inspector_.prefetch(place);
  }
  void inspect(uint32_t entry, flowstats::TcpFlow& flow, const flowstats::Segment& segment);

  /// Hands out the record of a flow that has ended; without an entry for one that had one packet.
  void hand_out(uint32_t entry, const flowstats::TcpFlow& flow, flowstats::FlowEnd end);
  /// The flow is over, with or without a record.
  void end(uint32_t entry);

  /// Adds what the inspector had to leave out to the counters.
  void count_events();

  [[nodiscard]] size_t bytes() const { return places_.bytes() + inspector_.bytes() + dns_.bytes(); }

 private:
  static void look_at_all_of(flowstats::TcpFlow& flow) {
    for (const size_t d : {0, 1}) flow.state.set(d, flowstats::direction_flag::kIsInspected);
  }
  /// Notes in the flow what the inspector still wants to see of its sides.
  void note_attention(uint32_t place, flowstats::TcpFlow& flow) const;
  void hand_out_http(const flowstats::TcpFlow& flow, const flowstats::Segment& segment,
                     const flowstats::layer7::TcpEffect& effect);

  [[nodiscard]] uint32_t place_of(uint32_t entry) const {
    return entry == flowstats::kNoEntry ? flowstats::kNoEntry : places_[entry] - 1;
  }

  bool enabled_;
  flowstats::Arena<uint32_t> places_;  // in the inspector, from 1; 0: none yet
  RecordOutlet& outlet_;
  flowstats::layer7::TcpInspector inspector_;
  bool reads_dns_;
  TcpDns dns_;
};

}  // namespace tapstat::dataplane
