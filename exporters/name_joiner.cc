#include "exporters/name_joiner.h"

#include "flowstats/records.h"

namespace tapstat::exporters {

using flowstats::Counter;
using flowstats::RecordKind;

NameJoiner::NameJoiner(const NameOptions& options, flowstats::CounterBlock& counters)
    : wanted_(options.wanted), counters_(counters), cache_(options.cache) {}

template <class Record>
void NameJoiner::look_up(Record& record, const flowstats::IpAddress& client,
                         const flowstats::IpAddress& server, flowstats::IpVersion version,
                         flowstats::Timestamp first, JoinedNames& names) const {
  const auto found = cache_.find(version, client, server, first);
  record.resolution = found ? names.add(*found) : nullptr;
}

void NameJoiner::join(flowstats::RecordHead& record, JoinedNames& names) {
  if (!wanted_) return;
  if (record.kind == RecordKind::tcp_flow) {
    auto& flow = static_cast<flowstats::TcpRecord&>(record);
    look_up(flow, flow.address[0], flow.address[1], flow.ip_version, flow.first, names);
  } else if (record.kind == RecordKind::udp_flow) {
    auto& flow = static_cast<flowstats::UdpRecord&>(record);
    look_up(flow, flow.ends.address[0], flow.ends.address[1], flow.ends.ip_version, flow.first,
            names);
  } else if (record.kind == RecordKind::http_message) {
    auto& message = static_cast<flowstats::HttpRecord&>(record);
    look_up(message, message.ends.address[0], message.ends.address[1], message.ends.ip_version,
            message.flow_first, names);
  } else if (record.kind == RecordKind::dns_message) {
    const auto& message = static_cast<const flowstats::DnsRecord&>(record);
    if (message.for_names) learn(message);
  }
}

void NameJoiner::learn(const flowstats::DnsRecord& message) {
  const NameStore::Counts before = cache_.counts();
  cache_.learn(message);
  const NameStore::Counts now = cache_.counts();
  counters_.add(Counter::names_learnt, now.learnt - before.learnt);
  counters_.add(Counter::names_overwritten,
                now.evicted + now.over_share + now.too_old -
                    (before.evicted + before.over_share + before.too_old));
}

void NameJoiner::note_early(size_t records) {
  if (records != 0) counters_.add(Counter::names_joined_early, records);
}

}  // namespace tapstat::exporters
