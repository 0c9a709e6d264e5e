#include "flowstats/layer7/udp_inspector.h"

#include <span>
#include <string_view>

#include "flowstats/layer7/dns_message.h"
#include "flowstats/layer7/server_name.h"

namespace tapstat::flowstats::layer7 {
namespace {

constexpr size_t kLogRules = 0, kFingerprintRules = 1;  // of UdpInspection::handshakes

constexpr uint16_t kNtpPort = 123;

constexpr uint8_t bit_of(size_t side) { return side == kClient ? 1 : 2; }

bool are_signatures_over(const UdpInspection& flow, size_t side) {
  return (flow.signatures_over & bit_of(side)) != 0;
}

/// Each packet begins with its synchronisation byte.
bool is_transport_stream(const UdpDatagramView& datagram) {
  constexpr size_t kPacketBytes = 188;
  constexpr uint8_t kSynchronisation = 0x47;
  return datagram.udp_length == kTransportStreamLength && datagram.payload.has(kPacketBytes, 1) &&
         datagram.payload.u8(0) == kSynchronisation &&
         datagram.payload.u8(kPacketBytes) == kSynchronisation;
}

bool is_dns(const UdpDatagramView& datagram, Mode mode) {
  if (datagram.is_multicast) return false;
  return mode == Mode::tstat ? is_dns_message(datagram.payload)
                             : is_plausible_dns_message(datagram.payload, datagram.source_port,
                                                        datagram.destination_port);
}

UdpType with_utp(UdpType type) {
  return type == UdpType::bittorrent ? UdpType::utp_bittorrent : UdpType::utp;
}

/// `out` must have room for three characters a byte.
std::string_view percent_encoded(std::string_view text, char blank, std::span<char> out) {
  constexpr std::string_view kDigits = "0123456789ABCDEF", kUnreserved = "-._~";
  size_t used = 0;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool keeps = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
                       kUnreserved.find(c) != std::string_view::npos;
    if (keeps || (c == ' ' && blank != ' ')) {
      out[used++] = keeps ? c : blank;
    } else {
      out[used++] = '%';
      out[used++] = kDigits[byte >> 4];
      out[used++] = kDigits[byte & 15];
    }
  }
  return {out.data(), used};
}

}  // namespace

UdpInspector::UdpInspector(const Measurement& measurement)
    : mode_(measurement.mode),
      fingerprint_(measurement.inspection.fingerprints),
      separate_fingerprints_(fingerprint_ && mode_ == Mode::tstat),
      rtp_(measurement),
      handshakes_(mode_, fingerprint_, measurement.inspection.quic_flows_max,
                  measurement.inspection.hello_buffers_max),
      fingerprints_(Mode::corrected, true,
                    separate_fingerprints_ ? measurement.inspection.quic_flows_max : 0,
                    separate_fingerprints_ ? measurement.inspection.hello_buffers_max : 0) {}

size_t UdpInspector::bytes() const {
  return rtp_.bytes() + handshakes_.bytes() + fingerprints_.bytes();
}

void UdpInspector::touch() {
  rtp_.touch();
  handshakes_.touch();
  fingerprints_.touch();
}

void UdpInspector::on_datagram(UdpInspection& flow, const UdpDatagramView& datagram, bool dns_log) {
  classify(flow, datagram, dns_log);
  if (flow.behaviour_over == 0) look_for_behaviour(flow, datagram);
}

void UdpInspector::classify(UdpInspection& flow, const UdpDatagramView& datagram, bool dns_log) {
  UdpType& type = flow.type[datagram.side];
  if (!are_signatures_over(flow, datagram.side)) {
    const bool may_change = type == UdpType::unknown || type == UdpType::utp;
    if (may_change && datagram.packets_of_side <= kSignatureDatagramsMax) {
      const UdpType found = udp_signature(datagram, mode_);
      if (found == UdpType::bittorrent && type == UdpType::utp)
        type = UdpType::utp_bittorrent;
      else if (found != UdpType::unknown)
        type = found;
    }
    if (datagram.packets_of_side >= kSignatureDatagramsMax)
      flow.signatures_over |= bit_of(datagram.side);
  }
  rtp_.on_datagram(flow.rtp, flow.type, datagram);
  if (dns_log && type == UdpType::unknown && is_dns(datagram, mode_)) type = UdpType::dns;
}

void UdpInspector::look_for_behaviour(UdpInspection& flow, const UdpDatagramView& datagram) {
  if (flow.utp.on_datagram(datagram))
    for (UdpType& type : flow.type) type = with_utp(type);
  const bool may_be_quic = !datagram.payload.empty() && may_be_long_header(datagram.payload.u8(0));
  if (may_be_quic && datagram.packets <= kQuicDatagramsMax) look_for_quic(flow, datagram);
  if (flow.type[datagram.side] == UdpType::unknown && is_transport_stream(datagram))
    flow.type[datagram.side] = UdpType::vod;
  if (datagram.source_port != kNtpPort && datagram.destination_port != kNtpPort)
    flow.obfuscated_kad.on_datagram(datagram);
  if (datagram.packets >= kQuicDatagramsMax) flow.behaviour_over = 1;
}

void UdpInspector::look_for_quic(UdpInspection& flow, const UdpDatagramView& datagram) {
  const auto header = read_quic_long_header(datagram.payload, mode_);
  if (!header) return;
  const size_t payload_bytes =
      datagram.udp_length < kUdpHeaderBytes ? 0 : datagram.udp_length - kUdpHeaderBytes;
  if (flow.quic.on_header(*header, datagram.side, payload_bytes, mode_))
    flow.type = {UdpType::quic, UdpType::quic};
  follow_handshake(flow, datagram);
  flow.quic.count_zero_rtt(datagram.payload, datagram.side, mode_);
}

void UdpInspector::follow_handshake(UdpInspection& flow, const UdpDatagramView& datagram) {
  uint32_t version = 0;
  const bool opens = flow.quic.state != Quic::State::unseen && flow.quic.opener == datagram.side;
  if (mode_ == Mode::corrected) {
    if (opens && handshakes_.on_datagram(flow.handshakes[kLogRules], datagram, version) &&
        flow.quic.on_authenticated(datagram.side, version))
      flow.type = {UdpType::quic, UdpType::quic};
    return;
  }
  if (datagram.side != kClient) return;
  if (datagram.packets_of_side <= QuicHandshakes::kDatagramsMax)
    handshakes_.on_datagram(flow.handshakes[kLogRules], datagram, version);
  if (separate_fingerprints_)
    fingerprints_.on_datagram(flow.handshakes[kFingerprintRules], datagram, version);
}

bool UdpInspector::finished(const UdpInspection& flow, size_t side, bool dns_log) const {
  const UdpType type = flow.type[side];
  const bool may_be_signed =
      !are_signatures_over(flow, side) && (type == UdpType::unknown || type == UdpType::utp);
  return flow.behaviour_over != 0 && !may_be_signed && !(dns_log && type == UdpType::unknown) &&
         rtp_.idle(flow.rtp, flow.type, side);
}

void UdpInspector::fill(const UdpInspection& flow, UdpFindings& out) {
  out = {};
  out.type = flow.type;
  if (flow.obfuscated_kad.found)
    for (UdpType& type : out.type)
      if (type == UdpType::unknown || type == UdpType::first_rtp) type = UdpType::obfuscated_kad;
  fill_quic(flow, out);
  if (fingerprint_) fill_fingerprint(flow, out);
}

void UdpInspector::fill_quic(const UdpInspection& flow, UdpFindings& out) {
  out.is_quic = flow.quic.state == Quic::State::confirmed;
  if (out.is_quic) {
    out.quic_version = flow.quic.version;
    out.quic_zero_rtt = flow.quic.zero_rtt;
  }
  const QuicHello* const hello = handshakes_.hello(flow.handshakes[kLogRules]);
  if (hello == nullptr) return;
  const std::string_view name = hello->server_name.view();
  if (is_server_name(name) && (mode_ == Mode::corrected || name.size() <= kServerNameMax))
    out.quic_server_name = percent_encoded(name, ' ', encoded_name_);
  out.quic_user_agent = percent_encoded(hello->user_agent.view(), '+', encoded_user_agent_);
  out.quic_ech_length = static_cast<uint8_t>(hello->ech_bytes);
}

void UdpInspector::fill_fingerprint(const UdpInspection& flow, UdpFindings& out) const {
  const QuicHandshakes& handshakes = quic_fingerprints();
  const QuicProgress& progress =
      flow.handshakes[separate_fingerprints_ ? kFingerprintRules : kLogRules];
  const QuicHello* const hello = handshakes.hello(progress);
  if (hello == nullptr) return;
  fingerprint::Shared& fingerprint = out.fingerprint;
  fingerprint.quic_version = handshakes.version(progress);
  fingerprint.tls_version = hello->tls_version;
  fingerprint.hello_seen = hello->has_ja4;
  fingerprint.ech = hello->has_ech;
  fingerprint.ech_config = hello->ech_config;
  fingerprint.ech_payload = hello->ech_payload;
  if (hello->has_ja4) out.ja4 = {hello->ja4.data(), hello->ja4.size()};
  out.alpn = hello->alpn.view();
  out.server_name = hello->server_name.view();
}

void UdpInspector::end(UdpInspection& flow) {
  rtp_.end(flow.rtp);
  handshakes_.end(flow.handshakes[kLogRules]);
  fingerprints_.end(flow.handshakes[kFingerprintRules]);
}

}  // namespace tapstat::flowstats::layer7
