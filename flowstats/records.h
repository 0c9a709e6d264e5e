/// All kinds of records, and what they have in common for whoever takes them from a queue.
#pragma once

#include <cstddef>
#include <span>

#include "flowstats/event_records.h"
#include "flowstats/flow_record.h"
#include "flowstats/record.h"
#include "flowstats/record_queue.h"
#include "flowstats/rtp_record.h"
#include "flowstats/udp_record.h"

namespace tapstat::flowstats {

/// The moment for which the record's name is looked up; kNever: it has none.
[[nodiscard]] inline Timestamp name_time(const RecordHead& record) {
  switch (record.kind) {
    case RecordKind::tcp_flow: return static_cast<const TcpRecord&>(record).first;
    case RecordKind::udp_flow: return static_cast<const UdpRecord&>(record).first;
    case RecordKind::http_message: return static_cast<const HttpRecord&>(record).flow_first;
    default: return kNever;
  }
}

/// Takes the TCP flows out of a source, without their texts, up to out.size(); other records are
/// taken and dropped. For laboratories and tests: `scratch` holds one record at a time.
[[nodiscard]] inline size_t take_flows(RecordSource& source, RecordBuffer& scratch,
                                       std::span<TcpRecord> out) {
  size_t flows = 0;
  while (flows < out.size()) {
    scratch.clear();
    if (source.drain_one(scratch) == 0) break;
    const RecordHead& record = scratch.record_at(0);
    if (record.kind != RecordKind::tcp_flow) continue;
    TcpRecord& flow = out[flows++] = static_cast<const TcpRecord&>(record);
    flow.units = record_units(sizeof(TcpRecord));
    flow.layer7.server_name = flow.layer7.common_name = flow.layer7.http_host = {};
    for (TcpHalf& half : flow.halves) half.layer7.tls_versions = {};
    flow.fingerprint = {};
  }
  return flows;
}

}  // namespace tapstat::flowstats
