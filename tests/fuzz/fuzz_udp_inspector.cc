/// Datagrams of one UDP flow; inspection must survive them, give all entries back, and find the
/// same when the datagrams of a side that it calls finished are left out.
///
/// Input: flags, the server's port, then datagrams: side and bytes missing from the capture, length
/// (2), payload.
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "flowstats/base/check.h"
#include "flowstats/layer7/udp_inspector.h"

namespace {

using namespace tapstat::flowstats;
using namespace tapstat::flowstats::layer7;

constexpr uint8_t kCorrected = 1, kFingerprints = 2, kDnsLog = 4, kRepeat = 8;
constexpr size_t kHeadBytes = 3;

std::unique_ptr<UdpInspector> make_inspector(size_t flags) {
  Measurement measurement;
  measurement.mode = (flags & kCorrected) != 0 ? Mode::corrected : Mode::tstat;
  measurement.inspection.fingerprints = (flags & kFingerprints) != 0;
  measurement.inspection.quic_flows_max = 4;
  measurement.inspection.hello_buffers_max = 4;
  measurement.inspection.rtp_streams_max = 2000;
  return std::make_unique<UdpInspector>(measurement);
}

/// Made once for each pair of flags: their memory is large.
UdpInspector& inspector_for(uint8_t flags) {
  static std::array<std::unique_ptr<UdpInspector>, 4> inspectors;
  auto& inspector = inspectors[flags & (kCorrected | kFingerprints)];
  if (inspector == nullptr) inspector = make_inspector(flags & (kCorrected | kFingerprints));
  return *inspector;
}

/// The flow's datagrams as the input tells them; `repeat` sends each 30 times, which reaches what
/// only long flows do.
template <class Visit>
void for_each_datagram(ByteRange input, Visit visit) {
  // Handshakes that are decrypted in a second are bounded for the whole inspector: time goes on
  // from flow to flow, so that no input pays for those before it.
  static Timestamp begin{1'600'000'000'000'000};
  begin = begin + seconds(60);
  const uint8_t flags = input.u8(0);
  std::array<uint32_t, 2> of_side{};
  uint32_t packets = 0;
  for (size_t offset = kHeadBytes; input.has(offset, 3);) {
    const uint8_t head = input.u8(offset);
    const ByteRange payload = input.from(offset + 3).first(input.u16(offset + 1));
    offset += 3 + payload.size();
    for (int i = (flags & kRepeat) != 0 ? 30 : 1; i > 0; --i) {
      UdpDatagramView view;
      view.side = head & 1U;
      view.packets = ++packets;
      view.packets_of_side = ++of_side[view.side];
      view.payload = payload;
      view.udp_length = static_cast<uint32_t>(8 + payload.size() + (head >> 1));
      view.ip_payload_length = view.udp_length;
      const std::array<uint16_t, 2> ports = {40001, input.u16(1)};
      view.source_port = ports[view.side];
      view.destination_port = ports[1 - view.side];
      view.ttl = head;
      view.time = begin + milliseconds(packets);
      visit(view);
    }
  }
}

/// What a log would print, as text so that a difference is one comparison.
struct Printed {
  UdpFindings findings;
  std::array<std::string, 5> texts;

  Printed(UdpInspector& inspector, const UdpInspection& flow) {
    inspector.fill(flow, findings);
    const UdpFindings& f = findings;
    texts = {std::string{f.quic_server_name}, std::string{f.quic_user_agent}, std::string{f.ja4},
             std::string{f.alpn}, std::string{f.server_name}};
  }
  bool operator==(const Printed& other) const {
    return findings.type == other.findings.type && findings.is_quic == other.findings.is_quic &&
           findings.quic_version == other.findings.quic_version &&
           findings.quic_zero_rtt == other.findings.quic_zero_rtt &&
           findings.quic_ech_length == other.findings.quic_ech_length && texts == other.texts;
  }
};

Printed inspect(ByteRange input, bool skip_finished) {
  const uint8_t flags = input.u8(0);
  const bool dns_log = (flags & kDnsLog) != 0;
  UdpInspector& inspector = inspector_for(flags);
  UdpInspection flow;
  std::array<bool, 2> finished{};
  for_each_datagram(input, [&](const UdpDatagramView& view) {
    finished[view.side] = finished[view.side] || inspector.finished(flow, view.side, dns_log);
    if (!skip_finished || !finished[view.side]) inspector.on_datagram(flow, view, dns_log);
  });
  Printed printed{inspector, flow};
  inspector.end(flow);
  TAPSTAT_ASSERT(inspector.quic().flows_in_use() == 0);
  TAPSTAT_ASSERT(inspector.quic().streams_in_use() == 0);
  TAPSTAT_ASSERT(inspector.quic_fingerprints().flows_in_use() == 0);
  TAPSTAT_ASSERT(inspector.rtp().streams_in_use() == 0);
  return printed;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const ByteRange input{data, size};
  if (size < kHeadBytes || size > 20'000) return 0;
  const bool same = inspect(input, false) == inspect(input, true);
  TAPSTAT_ASSERT(same);
  return 0;
}
