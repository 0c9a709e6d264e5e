/// Classes of UDP datagrams that one look at a datagram tells: DNS, BitTorrent's DHT, eDonkey and
/// KAD, SIP, DTLS, Microsoft's TURN, and what is left of the video networks of 2008.
///
/// Tests are those of Tstat 3.3, in its order; the first that fits decides. Lengths are the UDP
/// header's, content is what was captured, and a byte that was not captured fits nothing. Pure
/// functions.
#pragma once

#include "flowstats/layer7/inspection.h"
#include "flowstats/layer7/kind.h"

namespace tapstat::flowstats::layer7 {

inline constexpr uint32_t kUdpHeaderBytes = 8;

/// Datagrams of a direction that signatures are tried on.
inline constexpr uint32_t kSignatureDatagramsMax = 40;

/// UdpType::unknown when nothing fits. In corrected mode PPLive's loose test is left out: it takes
/// any payload of repeated bytes.
[[nodiscard]] UdpType udp_signature(const UdpDatagramView& datagram, Mode mode);

/// The looser test that a DNS query or answer must pass (RFC 1035 section 4.1): one or two
/// questions, a first label that begins with a letter or digit, and a type and class in use.
[[nodiscard]] bool has_dns_signature(uint32_t udp_length, ByteRange payload);

}  // namespace tapstat::flowstats::layer7
