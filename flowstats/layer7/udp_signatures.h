/// Classes of UDP datagrams that one look at a datagram tells: DNS, BitTorrent's DHT, eDonkey and
/// KAD, SIP, DTLS, Microsoft's TURN, and what is left of the video networks of 2008.
///
/// Tests are those of Tstat 3.3, in its order; the first that fits decides. Lengths are the UDP
/// header's, content is what was captured, and a byte that was not captured fits nothing. Pure
/// functions.
#pragma once

#include "flowstats/layer7/first_bytes.h"
#include "flowstats/layer7/inspection.h"
#include "flowstats/layer7/kind.h"

namespace tapstat::flowstats::layer7 {

/// Datagrams of a direction that signatures are tried on.
inline constexpr uint32_t kSignatureDatagramsMax = 40;

/// False when no signature fits, by what few bytes tell: nearly all payloads of a protocol that is
/// not known.
[[nodiscard]] inline bool may_be_signed(ByteRange payload) {
  constexpr FirstBytes kFirst{0x00, 0x04, 0x16, 0x60, 0xff, 'd', 0xa4, 0xa5, 0xc5, 0xe3, 0xe4, 0xe5,
                              0xe9, 'A',  'B',  'C',  'I',  'M', 'N',  'O',  'P',  'R',  'S',  'U'};
  constexpr uint8_t kPpstream = 0x43;
  if (payload.empty() || kFirst.has(payload.u8(0))) return !payload.empty();
  if (!payload.has(0, 8)) return payload.has(0, 3) && payload.u8(2) == kPpstream;
  const uint16_t questions = payload.u16(4);
  const bool repeats = payload.u8(3) == payload.u8(7) && payload.u16(1) == payload.u16(5);
  const bool is_vuze_request = payload.has(0, 12) && payload.u16(8) == 0 && payload.u8(10) == 4;
  return payload.u8(2) == kPpstream || questions == 1 || questions == 2 || repeats ||
         is_vuze_request;
}

/// UdpType::unknown when nothing fits. In corrected mode PPLive's loose test is left out: it takes
/// any payload of repeated bytes.
[[nodiscard]] UdpType udp_signature(const UdpDatagramView& datagram, Mode mode);

/// The looser test that a DNS query or answer must pass (RFC 1035 section 4.1): one or two
/// questions, a first label that begins with a letter or digit, and a type and class in use.
[[nodiscard]] bool has_dns_signature(uint32_t udp_length, ByteRange payload);

}  // namespace tapstat::flowstats::layer7
