/// Records of TCP flows in and out of record queues, for tests that look at flows only.
#pragma once

#include <cstddef>
#include <span>

#include "flowstats/records.h"

namespace tapstat::tests {

/// Space for a flow's record, or nullptr when the queue has none.
template <class Sink>
[[nodiscard]] flowstats::TcpRecord* reserve_flow(Sink& sink) {
  return flowstats::make_record<flowstats::TcpRecord>(sink, flowstats::RecordKind::tcp_flow);
}

/// Takes flows, without their texts.
[[nodiscard]] inline size_t drain_flows(flowstats::RecordSource& source,
                                        std::span<flowstats::TcpRecord> out) {
  flowstats::RecordBuffer scratch(flowstats::record_units(flowstats::kRecordBytesMax), 1);
  return flowstats::take_flows(source, scratch, out);
}

}  // namespace tapstat::tests
