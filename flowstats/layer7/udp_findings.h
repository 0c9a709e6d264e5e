/// What inspection found out about a UDP flow, as its record tells it.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "flowstats/groups/fingerprint.h"
#include "flowstats/layer7/kind.h"

namespace tapstat::flowstats::layer7 {

struct UdpFindings {
  std::array<UdpType, 2> type{};  // as the log prints them: obfuscated KAD included
  bool is_quic = false;  // both sides have confirmed, or the client's Initial was decrypted
  std::array<uint32_t, 2> quic_version{};  // 0: not seen, or not confirmed as QUIC
  uint32_t quic_zero_rtt = 0;              // packets
  uint8_t quic_ech_length = 0;             // bytes modulo 256
  // Views into the inspector, valid until its next fill() or end(). The first two are
  // percent-encoded (RFC 3986 section 2.1), with '+' for a blank in the user agent.
  std::string_view quic_server_name, quic_user_agent;
  std::string_view ja4, alpn, server_name;  // of the fingerprint group
  fingerprint::Shared fingerprint;          // without its texts
};

}  // namespace tapstat::flowstats::layer7
