/// A worker's way to the writer: makes records in its ring, stamped and counted, and knows which
/// are wanted.
///
/// Shared by the tables of a worker. Owner thread only.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "dataplane/record_ring.h"
#include "flowstats/active_config.h"
#include "flowstats/base/counters.h"
#include "flowstats/base/units.h"
#include "flowstats/records.h"

namespace tapstat::dataplane {

/// A DNS message and the conversation it belongs to.
struct DnsMessage {
  flowstats::Ends flow;  // client and server of the conversation
  size_t side = 0;       // who sent the message
  flowstats::Timestamp time;
  std::array<flowstats::Timestamp, 2> last;  // latest packet of each side, this one included
  bool for_names = false, for_log = false;
};

struct RecordOutlet {
  RecordRing& records;
  flowstats::CounterBlock& counters;
  uint32_t epoch = 0;
  flowstats::LogMask logs = flowstats::LogMask::usual();  // of that epoch
  flowstats::Timestamp clock = flowstats::kNever;         // capture clock of the latest packet

  /// nullptr when the ring is full and nobody may wait; counted either way.
  template <class Record>
  [[nodiscard]] Record* make(flowstats::RecordKind kind, size_t text_bytes, flowstats::Counter made,
                             flowstats::Counter dropped) {
    auto* record = flowstats::make_record<Record>(records, kind, text_bytes);
    counters.add(record != nullptr ? made : dropped);
    if (record == nullptr) return nullptr;
    record->epoch = epoch;
    record->closed = clock;
    return record;
  }
  template <class Record>
  [[nodiscard]] Record* make_event(flowstats::RecordKind kind, size_t text_bytes) {
    return make<Record>(kind, text_bytes, flowstats::Counter::events_exported,
                        flowstats::Counter::events_dropped_queue_full);
  }

  void hand_out_dns(flowstats::ByteRange bytes, const DnsMessage& message) {
    auto* record =
        make_event<flowstats::DnsRecord>(flowstats::RecordKind::dns_message, bytes.size());
    if (record == nullptr) return;
    const flowstats::Ends& flow = message.flow;
    record->client = flow.address[0];
    record->resolver = flow.address[1];
    record->ends.ip_version = flow.ip_version;
    for (size_t end = 0; end < 2; ++end) {  // of the packet: its sender first
      const size_t from = end ^ message.side;
      record->ends.address[end] = flow.address[from];
      record->ends.port[end] = flow.port[from];
      record->ends.internal[end] = flow.internal[from];
    }
    record->time = message.time;
    record->query_time = message.last[0];
    record->answer_time = message.last[1];
    record->for_names = message.for_names;
    record->for_log = message.for_log;
    flowstats::TextTail tail(*record);
    record->message = tail.append({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  }
};

}  // namespace tapstat::dataplane
