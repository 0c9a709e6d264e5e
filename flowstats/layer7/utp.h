/// The Micro Transport Protocol of BitTorrent (BEP 29), told by two headers of opposite directions
/// that belong together.
///
/// State of each flow, owned by its worker. Which pairs fit is Tstat's choice.
#pragma once

#include <cstdint>

#include "flowstats/layer7/inspection.h"

namespace tapstat::flowstats::layer7 {

struct Utp {
  /// The latest header of the side that sent the flow's first one.
  uint16_t connection_id = 0, seq = 0;
  uint8_t type = 0;  // in the upper half, as in the header
  enum class State : uint8_t { unseen, begun_by_client, begun_by_server, found };
  State state = State::unseen;

  /// The first byte of a header: a type, and version 1.
  [[nodiscard]] static constexpr bool may_begin_with(uint8_t byte) {
    constexpr uint8_t kVersion = 1, kTypeMax = 0x40;
    return (byte & 0x0f) == kVersion && (byte & 0xf0) <= kTypeMax;
  }

  /// Datagrams 1 to 39 of the flow. True once: with this datagram the flow is known as uTP.
  [[nodiscard]] bool on_datagram(const UdpDatagramView& datagram);
};

}  // namespace tapstat::flowstats::layer7
