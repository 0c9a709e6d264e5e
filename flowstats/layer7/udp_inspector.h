/// Classifies UDP flows by what their datagrams hold, and reads the names that QUIC shows.
///
/// For each datagram: signatures, RTP and RTCP, DNS when its log is on, then what only several
/// datagrams tell (uTP, QUIC, MPEG transport streams, obfuscated KAD). One inspector a worker; all
/// memory is taken at construction.
#pragma once

#include <array>
#include <cstdint>
#include <type_traits>

#include "flowstats/layer7/inspection.h"
#include "flowstats/layer7/kind.h"
#include "flowstats/layer7/obfuscated_kad.h"
#include "flowstats/layer7/quic.h"
#include "flowstats/layer7/quic_handshake.h"
#include "flowstats/layer7/rtp_engine.h"
#include "flowstats/layer7/udp_findings.h"
#include "flowstats/layer7/udp_signatures.h"
#include "flowstats/layer7/utp.h"
#include "flowstats/measurement.h"

namespace tapstat::flowstats::layer7 {

/// UDP length of seven packets of an MPEG transport stream (ISO/IEC 13818-1).
inline constexpr uint32_t kTransportStreamLength = kUdpHeaderBytes + 7 * 188;

/// Part of every UDP flow.
struct UdpInspection {
  std::array<UdpType, 2> type{};  // of the datagrams that each side sent
  ObfuscatedKad obfuscated_kad;
  Utp utp;
  uint8_t signatures_over : 2 = 0;  // bit of a side
  uint8_t behaviour_over : 1 = 0;
  RtpState rtp;
  Quic quic;
  std::array<QuicProgress, 2> handshakes;  // by the log's rules, and for the fingerprint group
};
static_assert(sizeof(UdpInspection) <= 64 && std::is_trivially_copyable_v<UdpInspection>);

class UdpInspector {
 public:
  explicit UdpInspector(const Measurement& measurement);

  /// After the flow has counted the datagram. `dns_log`: log_dns_complete is on, and any DNS
  /// message makes an unknown direction UdpType::dns.
  void on_datagram(UdpInspection& flow, const UdpDatagramView& datagram, bool dns_log);

  /// on_datagram() would change nothing but what is counted here: most datagrams of a QUIC
  /// connection, which can still turn out to be uTP, and of flows that stay unknown. Not for flows
  /// whose DNS messages are read.
  [[nodiscard]] static bool passes_over(UdpInspection& flow, const UdpDatagramView& datagram) {
    if (datagram.payload.empty() || datagram.packets <= ObfuscatedKad::kDatagramsMax) return false;
    const uint8_t first = datagram.payload.u8(0);
    const bool shows_behaviour = datagram.packets >= kQuicDatagramsMax ||
                                 may_be_long_header(first) || Utp::may_begin_with(first);
    if (flow.behaviour_over == 0 && shows_behaviour) return false;
    if (flow.type[kClient] == UdpType::quic && flow.type[kServer] == UdpType::quic)
      return flow.behaviour_over == 0 && flow.rtp.is_barred != 0;
    return flow.type[datagram.side] == UdpType::unknown &&
           datagram.packets_of_side < kSignatureDatagramsMax &&
           datagram.udp_length != kTransportStreamLength && !may_be_signed(datagram.payload) &&
           RtpEngine::passes_over(flow.rtp, datagram);
  }

  /// Later datagrams of this side change nothing that could be reported, whatever they hold.
  [[nodiscard]] bool finished(const UdpInspection& flow, size_t side, bool dns_log) const;

  /// When the flow closes, before end().
  void fill(const UdpInspection& flow, UdpFindings& out);

  /// Takes the flow's entries back.
  void end(UdpInspection& flow);

  /// Asked for the lines of log_mm_complete, with UdpInspection::type, before end().
  [[nodiscard]] const RtpEngine& rtp() const { return rtp_; }

  /// QUIC handshakes by the rules of the log.
  [[nodiscard]] const QuicHandshakes& quic() const { return handshakes_; }
  /// The same for the fingerprint group; in corrected mode the log's.
  [[nodiscard]] const QuicHandshakes& quic_fingerprints() const {
    return separate_fingerprints_ ? fingerprints_ : handshakes_;
  }

  [[nodiscard]] size_t bytes() const;
  void touch();

 private:
  void classify(UdpInspection& flow, const UdpDatagramView& datagram, bool dns_log);
  void look_for_behaviour(UdpInspection& flow, const UdpDatagramView& datagram);
  void look_for_quic(UdpInspection& flow, const UdpDatagramView& datagram);
  void follow_handshake(UdpInspection& flow, const UdpDatagramView& datagram);
  void fill_quic(const UdpInspection& flow, UdpFindings& out);
  void fill_fingerprint(const UdpInspection& flow, UdpFindings& out) const;

  static constexpr size_t kNameBytesMax = decltype(QuicHello::server_name)::kBytesMax,
                          kUserAgentBytesMax = decltype(QuicHello::user_agent)::kBytesMax;

  Mode mode_;
  bool fingerprint_;
  bool separate_fingerprints_;  // Tstat's rules for the log, the corrected ones for the group
  RtpEngine rtp_;
  QuicHandshakes handshakes_, fingerprints_;
  std::array<char, 3 * kNameBytesMax> encoded_name_{};
  std::array<char, 3 * kUserAgentBytesMax> encoded_user_agent_{};
};

}  // namespace tapstat::flowstats::layer7
