/// What leaves a worker when a UDP flow ends, and what its QUIC handshake said.
#pragma once

#include <array>
#include <cstdint>

#include "flowstats/groups/fingerprint.h"
#include "flowstats/layer7/kind.h"
#include "flowstats/record.h"

namespace tapstat::flowstats {

struct UdpRecord : RecordHead {
  struct Half {
    uint64_t packets = 0;
    uint64_t bytes = 0;  // payload bytes that the UDP headers claim
    Timestamp first = kNever, last = kNever;
    layer7::UdpType type = layer7::UdpType::unknown;
    uint32_t quic_version = 0;  // 0: not confirmed as QUIC
  };
  Ends ends;
  Timestamp first;  // of the flow
  std::array<Half, 2> halves;
  bool is_quic = false;  // both sides have confirmed
  uint32_t quic_zero_rtt = 0;
  uint8_t quic_ech_length = 0;  // modulo 256
  TextRef quic_server_name, quic_user_agent;
  fingerprint::Shared fingerprint;
  const Resolution* resolution = nullptr;  // set by the writer
};

}  // namespace tapstat::flowstats
