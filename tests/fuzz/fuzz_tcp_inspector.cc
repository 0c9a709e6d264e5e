/// Inspection of one TCP connection: any segments in any order, cut anywhere, stay inside their
/// bytes; what is finished stays so and does not change; the place can be used again. Messages of
/// ED2K that are followed to the end are the same for any split behind the first header.
///
/// Input: first byte = mode (bit 0) and fingerprints (bit 1). Then segments, each with a head of
/// three bytes: side (bit 0), PSH (1), FIN (2), payload cut by a quarter (3), 40 packets passed
/// (4), bytes lost before it (5), an earlier offset (6), long payload (7); length / 256 with bit 7,
/// then length.
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>

#include "flowstats/base/check.h"
#include "flowstats/layer7/ed2k_follower.h"
#include "flowstats/layer7/tcp_inspector.h"
#include "flowstats/wire/segment.h"

using namespace tapstat::flowstats;
using namespace tapstat::flowstats::layer7;

namespace {

struct Head {
  uint8_t bits = 0;
  size_t length = 0;
  [[nodiscard]] bool has(unsigned bit) const { return (bits >> bit & 1) != 0; }
};

/// What the flow layer would tell of the segments.
class Teller {
 public:
  TcpSegmentView view(const Head& head, const uint8_t* payload) {
    TcpSegmentView view;
    view.side = head.has(0) ? kServer : kClient;
    if (head.has(4)) packets_ += 40;
    view.packets = ++packets_;
    view.flags = tcp_flag::kAck;
    if (head.has(1)) view.flags |= tcp_flag::kPsh;
    if (head.has(2)) view.flags |= tcp_flag::kFin;
    view.length = static_cast<int32_t>(head.length);
    view.payload = {payload, head.has(3) ? head.length - head.length / 4 : head.length};
    uint32_t& sent = sent_[view.side];
    if (head.has(5)) sent += 700;
    view.offset = head.has(6) ? sent / 2 : sent;
    if (!head.has(6)) sent += static_cast<uint32_t>(head.length);
    if ((head.has(1) || head.has(2)) && sent != message_end_[view.side]) {
      ++messages_[view.side];
      message_end_[view.side] = sent;
    }
    view.messages = messages_[view.side];
    view.message_end = message_end_[view.side];
    view.since_start = milliseconds(packets_);
    view.time = Timestamp{} + view.since_start;
    return view;
  }

 private:
  uint32_t packets_ = 3;
  uint32_t sent_[2] = {}, messages_[2] = {}, message_end_[2] = {};
};

/// Reads every byte of the text, for the address sanitizer.
uint32_t sum_of(std::string_view text) {
  uint32_t sum = static_cast<uint32_t>(text.size());
  for (const char c : text) sum = sum * 31 + static_cast<uint8_t>(c);
  return sum;
}

uint32_t digest(const TcpFindings& f) {
  uint32_t sum = f.shared.connection_type;
  for (const std::string_view text : {f.server_name, f.common_name, f.http_host, f.ja4, f.alpn,
                                      f.outer_name, f.tls_versions[0], f.tls_versions[1]}) {
    TAPSTAT_ASSERT(text.size() <= 256);
    sum = sum * 31 + sum_of(text);
  }
  sum = sum * 31 + f.shared.http_requests;
  sum = sum * 31 + f.shared.http_responses;
  sum = sum * 31 + f.shared.tls_session;
  return sum * 31 + f.p2p.type * 100 + f.p2p.subtype;
}

uint32_t digest_of(const TcpInspector& inspector, uint32_t flow) {
  const auto findings = std::make_unique<TcpFindings>();
  inspector.fill(flow, *findings);
  TAPSTAT_ASSERT(findings->shared.http_status_size <= findings->shared.http_status.size());
  return digest(*findings);
}

TcpSegmentView piece_of(ByteRange stream, size_t from, size_t size) {
  TcpSegmentView view;
  view.payload = stream.from(from).first(size);
  view.length = static_cast<int32_t>(view.payload.size());
  view.offset = static_cast<uint32_t>(from);
  return view;
}

void check_ed2k(ByteRange stream) {
  Ed2kFollower whole;
  p2p::Shared expected;
  if (stream.empty() || !whole.on_segment(piece_of(stream, 0, stream.size()), expected)) return;
  if (!whole.follows(kClient)) return;
  for (const size_t step : {size_t{1}, size_t{5}, size_t{7}, size_t{100}}) {
    Ed2kFollower pieces;
    p2p::Shared counts;
    TAPSTAT_ASSERT(pieces.on_segment(piece_of(stream, 0, kEd2kHeaderBytes), counts));
    for (size_t at = kEd2kHeaderBytes; at < stream.size(); at += step)
      TAPSTAT_ASSERT(pieces.on_segment(piece_of(stream, at, step), counts));
    TAPSTAT_ASSERT(counts.ed2k_data == expected.ed2k_data && counts.subtype == expected.subtype);
    TAPSTAT_ASSERT(counts.ed2k_signalling == expected.ed2k_signalling);
    TAPSTAT_ASSERT(counts.ed2k_client_to_server == expected.ed2k_client_to_server);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  check_ed2k(ByteRange{data, size}.from(1));
  Measurement measurement;
  measurement.mode = (data[0] & 1) != 0 ? Mode::corrected : Mode::tstat;
  measurement.inspection.fingerprints = (data[0] & 2) != 0;
  measurement.inspection.tcp_flows_max = 1;
  measurement.inspection.hello_buffers_max = 1;
  TcpInspector inspector(measurement);
  const uint32_t flow = inspector.begin();
  TAPSTAT_ASSERT(flow != kNoEntry && inspector.begin() == kNoEntry);
  Teller teller;
  bool finished = false;
  uint32_t at_the_end = 0;
  for (size_t at = 1; at + 3 <= size;) {
    Head head{data[at], 0};
    head.length = head.has(7) ? size_t{data[at + 1]} << 8 | data[at + 2] : data[at + 2];
    at += 3;
    if (head.length > size - at) head.length = size - at;
    const TcpSegmentView view = teller.view(head, nullptr);
    const std::unique_ptr<uint8_t[]> exact(new uint8_t[view.payload.size() + 1]);
    uint8_t* const payload = exact.get() + 1;
    if (view.payload.size() > 0) std::memcpy(payload, data + at, view.payload.size());
    TcpSegmentView copied = view;
    copied.payload = {payload, view.payload.size()};
    inspector.on_segment(flow, copied);
    at += head.length;
    if (finished) TAPSTAT_ASSERT(digest_of(inspector, flow) == at_the_end);
    TAPSTAT_ASSERT(!finished || inspector.finished(flow));
    finished = inspector.finished(flow);
    if (finished) at_the_end = digest_of(inspector, flow);
  }
  static_cast<void>(digest_of(inspector, flow));
  inspector.end(flow);
  TAPSTAT_ASSERT(inspector.in_use() == 0);
  const uint32_t again = inspector.begin();
  TAPSTAT_ASSERT(again == flow && !inspector.finished(again));
  inspector.end(again);
  return 0;
}
