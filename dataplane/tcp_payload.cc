#include "dataplane/tcp_payload.h"

#include <array>
#include <string_view>

#include "flowstats/layer7/tcp_findings.h"

namespace tapstat::dataplane {

using flowstats::Counter;
using flowstats::kNoEntry;
using flowstats::Log;
using flowstats::RecordKind;
using flowstats::Segment;
using flowstats::TcpFlow;
using flowstats::TcpRecord;
namespace direction_flag = flowstats::direction_flag;
namespace layer7 = flowstats::layer7;

namespace {

size_t side_of(const TcpFlow& flow, size_t direction) {
  return flow.state.has(direction, direction_flag::kIsClient) ? layer7::kClient : layer7::kServer;
}

layer7::TcpSegmentView view_of(const TcpFlow& flow, const Segment& s) {
  const auto d = static_cast<size_t>(s.direction);
  const uint32_t first_byte = flow.sequence[d].isn + 1;
  return {.side = side_of(flow, d),
          .packets = flow.sender[0].core.packets + flow.sender[1].core.packets,
          .flags = s.flags,
          .length = s.payload_length,
          .payload = s.payload(),
          .offset = s.seq + (s.has(flowstats::tcp_flag::kSyn) ? 1 : 0) - first_byte,
          .messages = flow.sample[d].pushed_messages,
          .message_end = flow.sample[d].message_end - first_byte,
          .since_start = s.time - flow.first,
          .time = s.time};
}

flowstats::Ends ends_of(const TcpFlow& flow) {
  flowstats::Ends ends;
  ends.ip_version = flow.tuple.ip_version;
  for (size_t d = 0; d < 2; ++d) {
    const size_t side = side_of(flow, d);
    const flowstats::Endpoint end = flow.tuple.sender(static_cast<flowstats::Direction>(d));
    ends.address[side] = end.address;
    ends.port[side] = end.port;
    ends.internal[side] = flow.state.has(d, direction_flag::kIsInternal);
  }
  return ends;
}

size_t text_bytes(const layer7::TcpFindings& f) {
  return f.server_name.size() + f.common_name.size() + f.http_host.size() + f.ja4.size() +
         f.alpn.size() + f.outer_name.size() + f.tls_versions[0].size() + f.tls_versions[1].size();
}

void take_findings(TcpRecord& record, const layer7::TcpFindings& f) {
  record.p2p = f.p2p;
  record.layer7 = f.shared;
  record.fingerprint = f.fingerprint;
  flowstats::TextTail tail(record);
  for (size_t side = 0; side < 2; ++side) {
    layer7::Half& half = record.halves[side].layer7;
    const uint32_t pushed_messages = half.pushed_messages;
    half = f.halves[side];
    half.pushed_messages = pushed_messages;
    half.tls_versions = tail.append(f.tls_versions[side]);
  }
  record.layer7.server_name = tail.append(f.server_name);
  record.layer7.common_name = tail.append(f.common_name);
  record.layer7.http_host = tail.append(f.http_host);
  record.fingerprint.ja4 = tail.append(f.ja4);
  record.fingerprint.alpn = tail.append(f.alpn);
  record.fingerprint.server_name = tail.append(f.outer_name);
}

}  // namespace

TcpPayload::TcpPayload(const flowstats::Measurement& measurement, uint32_t flows_max,
                       RecordOutlet& outlet)
    : enabled_(measurement.inspection.enabled),
      places_(enabled_ ? flows_max : 0),
      outlet_(outlet),
      inspector_(measurement),
      reads_dns_(enabled_ && measurement.mode == flowstats::Mode::corrected),
      dns_(reads_dns_ ? flows_max : 0, outlet) {}

void TcpPayload::inspect(uint32_t entry, TcpFlow& flow, const Segment& s) {
  uint32_t place = place_of(entry);
  if (place == kNoEntry) {
    if (s.payload_length <= 0) return;
    place = inspector_.begin();
    if (place == kNoEntry) {
      outlet_.counters.add(Counter::inspections_refused);
      for (const size_t d : {0, 1}) flow.state.set(d, direction_flag::kIsInspected, false);
      return;
    }
    places_[entry] = place + 1;
  }
  const layer7::TcpSegmentView view = view_of(flow, s);
  const bool is_dns = reads_dns_ && TcpDns::is_dns(flow.tuple);
  if (is_dns && s.payload_length > 0) dns_.on_segment(entry, view, ends_of(flow));
  if (inspector_.passes_over(place, view)) return;
  const layer7::TcpEffect effect = inspector_.on_segment(place, view);
  if (effect.http != layer7::HttpPart::none && outlet_.logs.has(Log::http_complete))
    hand_out_http(flow, s, effect);
  if (!is_dns) note_attention(place, flow);
}

void TcpPayload::note_attention(uint32_t place, TcpFlow& flow) const {
  using layer7::Attention;
  const auto flag_of = [&](size_t d) -> uint32_t {
    switch (inspector_.attention(place, side_of(flow, d))) {
      case Attention::all: return direction_flag::kIsInspected;
      case Attention::words: return direction_flag::kIsWatched;
      default: return 0;
    }
  };
  constexpr int kOther = flowstats::ConnectionState::kOther;
  constexpr uint32_t kBoth = direction_flag::kIsInspected | direction_flag::kIsWatched;
  const uint32_t others = flow.state.seen_from(0) & ~(kBoth | kBoth << kOther);
  flow.state.assign(0, others | flag_of(0) | flag_of(1) << kOther);
}

void TcpPayload::hand_out_http(const TcpFlow& flow, const Segment& s,
                               const layer7::TcpEffect& effect) {
  const flowstats::ByteRange segment = s.payload();
  auto* record =
      outlet_.make_event<flowstats::HttpRecord>(RecordKind::http_message, segment.size());
  if (record == nullptr) return;
  record->ends = ends_of(flow);
  record->time = s.time;
  record->flow_first = flow.first;
  record->part = effect.http;
  record->continued = effect.continued;
  flowstats::TextTail tail(*record);
  record->segment = tail.append({reinterpret_cast<const char*>(segment.data()), segment.size()});
}

void TcpPayload::hand_out(uint32_t entry, const TcpFlow& flow, flowstats::FlowEnd end) {
  layer7::TcpFindings findings;
  const uint32_t place = enabled_ ? place_of(entry) : kNoEntry;
  if (place != kNoEntry) inspector_.fill(place, findings);
  auto* record =
      outlet_.make<TcpRecord>(RecordKind::tcp_flow, text_bytes(findings), Counter::flows_exported,
                              Counter::flows_dropped_queue_full);
  if (record == nullptr) return;
  flow.fill_record(*record, end);
  if (place == kNoEntry) return;
  record->inspected = true;
  take_findings(*record, findings);
}

void TcpPayload::count_events() {
  if (const uint64_t refused = inspector_.take_buffers_exhausted(); refused != 0) [[unlikely]]
    outlet_.counters.add(Counter::hello_buffers_refused, refused);
}

void TcpPayload::end(uint32_t entry) {
  if (!enabled_ || place_of(entry) == kNoEntry) return;
  inspector_.end(place_of(entry));
  places_[entry] = 0;
  if (reads_dns_) dns_.end(entry);
}

}  // namespace tapstat::dataplane
