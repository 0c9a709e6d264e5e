#include "dataplane/udp_flows.h"

#include <algorithm>

#include "flowstats/layer7/dns_answers.h"
#include "flowstats/layer7/dns_message.h"

namespace tapstat::dataplane {

using flowstats::Counter;
using flowstats::kNever;
using flowstats::kNoEntry;
using flowstats::Log;
using flowstats::Mode;
using flowstats::RecordKind;
using flowstats::Segment;
using flowstats::Timestamp;
using flowstats::UdpFlow;
namespace layer7 = flowstats::layer7;

namespace {

/// Flows examined by the timers for each burst.
constexpr uint32_t kTimerWorkPerBurst = 64;
/// One place in so many is kept for flows of a single datagram.
constexpr uint32_t kPlacesPerSingle = 4;
constexpr uint16_t kDnsPort = 53;  // RFC 1035

uint32_t in_mode(const flowstats::Measurement& m, Mode mode) {
  return m.mode == mode ? m.limits.udp_flows_max : 0;
}

size_t text_bytes(const layer7::UdpFindings& f) {
  return f.quic_server_name.size() + f.quic_user_agent.size() + f.ja4.size() + f.alpn.size() +
         f.server_name.size();
}

void take_findings(flowstats::UdpRecord& record, const layer7::UdpFindings& f) {
  for (size_t side = 0; side < 2; ++side) {
    record.halves[side].type = f.type[side];
    record.halves[side].quic_version = f.quic_version[side];
  }
  record.is_quic = f.is_quic;
  record.quic_zero_rtt = f.quic_zero_rtt;
  record.quic_ech_length = f.quic_ech_length;
  record.fingerprint = f.fingerprint;
  flowstats::TextTail tail(record);
  record.quic_server_name = tail.append(f.quic_server_name);
  record.quic_user_agent = tail.append(f.quic_user_agent);
  record.fingerprint.ja4 = tail.append(f.ja4);
  record.fingerprint.alpn = tail.append(f.alpn);
  record.fingerprint.server_name = tail.append(f.server_name);
}

}  // namespace

UdpFlows::UdpFlows(const flowstats::Measurement& measurement,
                   const flowstats::NetworkList& internal, FlowRate& new_flows,
                   RecordOutlet& outlet)
    : measurement_(measurement),
      internal_(internal),
      new_flows_(new_flows),
      outlet_(outlet),
      is_tstat_(measurement.mode == Mode::tstat),
      flows_(measurement.limits.udp_flows_max),
      table_(measurement.limits.udp_flows_max),
      slots_(in_mode(measurement, Mode::tstat), measurement.limits.slot_search_max),
      singles_(in_mode(measurement, Mode::corrected)),
      wheel_(in_mode(measurement, Mode::corrected)),
      conversations_max_(table_.capacity() - table_.capacity() / kPlacesPerSingle),
      intervals_(flows_.capacity(), measurement.log_interval, outlet),
      inspector_(measurement) {}

size_t UdpFlows::bytes() const {
  return flows_.bytes() + table_.bytes() + slots_.bytes() + singles_.bytes() + wheel_.bytes() +
         intervals_.bytes() + inspector_.bytes();
}

void UdpFlows::touch() {
  table_.touch();
  flows_.touch();
  singles_.touch();
  wheel_.touch();
}

/// In corrected mode a flow that was silent for too long is over when its next datagram comes.
uint32_t UdpFlows::find(const Segment& datagram) {
  const uint32_t entry =
      table_.find(datagram.hash, [&](uint32_t e) { return flows_[e].tuple == datagram.tuple; });
  if (entry == kNoEntry || is_tstat_ ||
      !flows_[entry].expired(flows_[entry].last_clock, datagram.clock, measurement_.timeouts))
    return entry;
  close(entry);
  return kNoEntry;
}

/// kNoEntry: in tstat mode, when no slot near by is free.
uint32_t UdpFlows::take_place() {
  if (is_tstat_) return slots_.take();
  if (table_.size() == table_.capacity()) {
    if (singles_.size() > 0)
      evict(singles_.oldest());
    else
      evict_conversation();  // the table is so small that none is kept
  }
  return flows_.take();
}

/// The row of the flow that goes is written as by a time-out.
void UdpFlows::evict(uint32_t entry) {
  outlet_.counters.add(Counter::udp_flows_evicted);
  close(entry);
}

void UdpFlows::evict_conversation() {
  evict(wheel_.choose_victim(
      [&](uint32_t entry) { return flows_[entry].last_clock + measurement_.timeouts.udp_idle; }));
}

void UdpFlows::refuse(Counter reason, Counter flows) {
  outlet_.counters.add(reason);
  outlet_.counters.add(flows);
}

uint32_t UdpFlows::open(const Segment& datagram) {
  const uint32_t entry = take_place();
  if (entry == kNoEntry) {
    refuse(Counter::dropped_table_full, Counter::udp_flows_refused_table_full);
    return kNoEntry;
  }
  outlet_.counters.add(Counter::udp_flows_created);
  flows_[entry].open(datagram, internal_, measurement_.inspection.enabled);
  table_.insert(entry, datagram.hash);
  if (!is_tstat_) singles_.add(entry);
  return entry;
}

/// A single flow had its second datagram.
void UdpFlows::join_conversations(uint32_t entry) {
  if (table_.size() - singles_.size() == conversations_max_) evict_conversation();
  UdpFlow& flow = flows_[entry];
  singles_.remove(entry);
  flow.is_single = false;
  wheel_.schedule(entry, flow.last_clock + measurement_.timeouts.udp_idle);
}

void UdpFlows::update(uint32_t entry, const Segment& datagram) {
  UdpFlow& flow = flows_[entry];
  if (intervals_.wanted()) intervals_.before(entry, flow, datagram);
  flow.count(datagram);
  if (flow.is_single && !is_tstat_ && flow.packets() > 1) join_conversations(entry);
  if (flow.inspected[flow.side_of(datagram)]) inspect(flow, datagram);
}

void UdpFlows::inspect(UdpFlow& flow, const Segment& datagram) {
  const bool dns_log = outlet_.logs.has(Log::dns_complete);
  const bool may_be_dns = dns_log || flow.tuple.a_port == kDnsPort || flow.tuple.b_port == kDnsPort;
  const layer7::UdpDatagramView view = flow.view(datagram);
  if (!may_be_dns && layer7::UdpInspector::passes_over(flow.inspection, view)) return;
  inspector_.on_datagram(flow.inspection, view, dns_log);
  if (may_be_dns)
    hand_out_dns(flow, view);
  else
    flow.inspected[view.side] = !inspector_.finished(flow.inspection, view.side, dns_log);
}

/// The writer takes messages apart; only what can be one goes there.
void UdpFlows::hand_out_dns(const UdpFlow& flow, const layer7::UdpDatagramView& view) {
  const flowstats::ByteRange message = view.payload;
  const bool for_names =
      layer7::may_name_flows(message, view.source_port, view.destination_port, measurement_.mode);
  const bool for_log = outlet_.logs.has(Log::dns_complete) && !view.is_multicast &&
                       (is_tstat_ ? layer7::is_dns_message(message)
                                  : layer7::is_plausible_dns_message(message, view.source_port,
                                                                     view.destination_port));
  if (!for_names && !for_log) return;
  outlet_.hand_out_dns(message, {.flow = flow.ends(),
                                 .side = view.side,
                                 .time = view.time,
                                 .last = {flow.halves[0].last, flow.halves[1].last},
                                 .for_names = for_names,
                                 .for_log = for_log});
}

void UdpFlows::close(uint32_t entry) {
  UdpFlow& flow = flows_[entry];
  if (intervals_.wanted()) intervals_.finish(entry, flow);
  hand_out(flow);
  inspector_.end(flow.inspection);
  table_.erase(entry, flow.hash);
  flow.in_use = false;
  if (is_tstat_) {
    slots_.give_back(entry);
  } else {
    if (flow.is_single)
      singles_.remove(entry);
    else
      wheel_.cancel(entry);
    flows_.give_back(entry);
  }
}

void UdpFlows::hand_out(const UdpFlow& flow) {
  if (!flow.is_internal()) return outlet_.counters.add(Counter::udp_flows_dropped_not_local);
  layer7::UdpFindings findings;
  inspector_.fill(flow.inspection, findings);
  auto* record = outlet_.make<flowstats::UdpRecord>(RecordKind::udp_flow, text_bytes(findings),
                                                    Counter::udp_flows_exported,
                                                    Counter::udp_flows_dropped_queue_full);
  if (record != nullptr) {
    record->ends = flow.ends();
    record->first = flow.first;
    for (size_t side = 0; side < 2; ++side) {
      const UdpFlow::Half& half = flow.halves[side];
      record->halves[side] = {
          .packets = half.packets, .bytes = half.bytes, .first = half.first, .last = half.last};
    }
    take_findings(*record, findings);
  }
  if (outlet_.logs.has(Log::mm_complete)) hand_out_streams(flow);
}

void UdpFlows::hand_out_streams(const UdpFlow& flow) {
  inspector_.rtp().for_each_stream(
      flow.inspection.rtp, flow.inspection.type, [&](const layer7::RtpSummary& stream) {
        auto* record = outlet_.make_event<flowstats::RtpRecord>(RecordKind::rtp_stream, 0);
        if (record == nullptr) return;
        record->ends = flow.ends();
        record->stream = stream;
      });
}

void UdpFlows::close_if_idle(uint32_t entry, Timestamp now) {
  if (flows_[entry].expired(flows_[entry].last(), now, measurement_.timeouts)) close(entry);
}

void UdpFlows::count_events() {
  const uint64_t streams = inspector_.rtp().refused();
  const layer7::QuicHandshakes& quic = inspector_.quic();
  const uint64_t handshakes =
      quic.derivations_refused() + quic.flows_refused() + quic.streams_refused();
  if (streams == streams_refused_ && handshakes == handshakes_refused_) [[likely]]
    return;
  outlet_.counters.add(Counter::rtp_streams_refused, streams - streams_refused_);
  outlet_.counters.add(Counter::quic_handshakes_refused, handshakes - handshakes_refused_);
  streams_refused_ = streams;
  handshakes_refused_ = handshakes;
}

void UdpFlows::examine(SweepRange classes, Timestamp now) {
  slots_.for_each_used_in_classes(
      classes, [&](uint32_t slot) { __builtin_prefetch(&flows_[slot]); },
      [&](uint32_t slot) { close_if_idle(slot, now); });
}

void UdpFlows::expire(Timestamp clock) {
  const auto has_expired = [&](uint32_t entry) {
    return flows_[entry].expired(flows_[entry].last_clock, clock, measurement_.timeouts);
  };
  for (uint32_t work = kTimerWorkPerBurst;
       work > 0 && singles_.size() > 0 && has_expired(singles_.oldest()); --work)
    close(singles_.oldest());
  wheel_.advance(
      clock, kTimerWorkPerBurst, [&](uint32_t entry) { __builtin_prefetch(&flows_[entry], 1); },
      [&](uint32_t entry) {
        if (has_expired(entry)) return close(entry);
        wheel_.cancel(entry);
        wheel_.schedule(entry, flows_[entry].last_clock + measurement_.timeouts.udp_idle);
      });
}

void UdpFlows::finish(Timestamp last_frame) {
  if (is_tstat_) {
    slots_.for_each_used([&](uint32_t slot) { close_if_idle(slot, last_frame); });
    slots_.for_each_used([&](uint32_t slot) { close(slot); });
    slots_.restart();
    return;
  }
  for (uint32_t entry = 0; entry < flows_.untouched_from(); ++entry)
    if (flows_[entry].in_use) close(entry);
  flows_.restart();
  wheel_.restart();
}

}  // namespace tapstat::dataplane
