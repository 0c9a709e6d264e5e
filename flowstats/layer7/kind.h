/// The numbers of protocols and classes that the logs print: Tstat's, which readers know by heart.
///
/// con_t is a mask of Connection bits; the type of a UDP direction is one UdpType; p2p_t and http_t
/// are enumerations. Source: Tstat 3.3's published code lists. Only numbers that can occur are
/// named.
#pragma once

#include <cstdint>

namespace tapstat::flowstats::layer7 {

/// Bits of con_t. A flow may have several: an HTTP tracker of BitTorrent has kHttp and kP2p.
namespace connection {
inline constexpr uint32_t kHttp = 1, kRtsp = 2, kIcy = 8, kMsn = 32, kYmsg = 64, kXmpp = 128,
                          kP2p = 256, kSmtp = 1024, kPop3 = 2048, kImap = 4096, kTls = 8192,
                          kObfuscatedEd2k = 16384, kSsh = 32768, kRtmp = 65536, kMse = 131072,
                          kFacebookZero = 262144;
/// Corrected mode only, in the column of the fingerprint group: HTTP/2 without TLS.
inline constexpr uint32_t kHttp2 = 524288;
}  // namespace connection

/// p2p_t.
inline constexpr uint8_t kP2pEd2k = 1, kP2pBitTorrent = 9;

/// Class of one direction of a UDP flow.
enum class UdpType : uint8_t {
  unknown = 0,
  ed2k = 8,
  kad = 9,
  kadu = 10,
  bittorrent = 12,
  pplive = 15,
  sopcast = 16,
  tvants = 17,
  obfuscated_kad = 18,
  dns = 19,
  utp = 20,
  utp_bittorrent = 21,
  vod = 22,
  ppstream = 23,
  teredo = 24,
  sip = 25,
  dtls = 26,
  quic = 27,
  first_rtp = 28,  // candidate: one RTP or RTCP packet seen
  rtp = 29,
  mturn = 30,
  sye = 31,
};

}  // namespace tapstat::flowstats::layer7
