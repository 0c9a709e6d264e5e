/// QUIC flows told by long headers of both directions, and the versions they name.
///
/// Tstat waits for an Initial of each side with the same version and knows no version by name;
/// corrected mode adds the packet types of version 2, servers that clear the fixed bit (RFC 9287),
/// and flows whose client Initial was decrypted. State of each flow, owned by its worker.
#pragma once

#include <array>
#include <cstdint>

#include "flowstats/layer7/inspection.h"
#include "flowstats/layer7/quic_header.h"

namespace tapstat::flowstats::layer7 {

/// Datagrams of a flow, both directions together, that are looked at.
inline constexpr uint32_t kQuicDatagramsMax = 59;

struct Quic {
  enum class State : uint8_t { unseen, opened_by_client, opened_by_server, confirmed };

  std::array<uint32_t, 2> version{};  // 0: none seen
  uint32_t source_id_hash = 0;        // of the opening side's connection identifier
  uint16_t zero_rtt = 0;              // packets, saturating
  State state = State::unseen;
  uint8_t opener = kClient;

  /// The first long header of a datagram, which has `payload_bytes` on the wire. True once: with
  /// this datagram the flow is known as QUIC.
  [[nodiscard]] bool on_header(const QuicLongHeader& header, size_t side, size_t payload_bytes,
                               Mode mode);

  /// A client Initial was decrypted. True once, as above.
  [[nodiscard]] bool on_authenticated(size_t side, uint32_t of_version);

  /// Counts 0-RTT packets of a datagram from the side that opened the flow; Tstat counts them
  /// until the other side answers.
  void count_zero_rtt(ByteRange datagram, size_t side, Mode mode);

  [[nodiscard]] bool is_open() const {
    return state == State::opened_by_client || state == State::opened_by_server;
  }
};

}  // namespace tapstat::flowstats::layer7
