/// Core group: what one side of a TCP connection sent (Tstat columns 3 to 14 and its first and last
/// times).
///
/// Counters of one direction. Owned by the worker that owns the flow; copied into the record when
/// the flow closes.
#pragma once

#include <cstdint>

#include "flowstats/base/units.h"

namespace tapstat::flowstats::core {

struct Half {
  uint64_t packets = 0;       // every segment of this side, pure ACKs and RSTs included
  uint64_t acks = 0;          // segments with ACK
  uint64_t pure_acks = 0;     // ACK, no payload, no SYN, FIN or RST
  uint64_t data_packets = 0;  // payload_length > 0
  uint64_t bytes = 0;         // sum of payload lengths > 0
  uint64_t bytes_unique = 0;
  uint32_t packets_retransmitted = 0;
  uint32_t bytes_retransmitted = 0;
  uint32_t packets_out_of_order = 0;
  uint32_t syns = 0, fins = 0, rsts = 0;
  Timestamp first_data = kNever,
            last_data = kNever;  // segments with payload_length != 0, RST excepted
  Timestamp first_ack = kNever;  // first segment with ACK and without SYN or RST
};

/// Of a living flow, changed by every segment. 32-bit counters wrap; Cold counts the laps.
struct Hot {
  uint32_t packets = 0, data_packets = 0;
  uint64_t bytes = 0;
  Timestamp last_data = kNever;
};

/// Of a living flow, changed by few segments. What nearly all segments have is counted by those
/// that have it not.
struct Cold {
  uint32_t bytes_repeated = 0;  // payload bytes that are not unique
  uint32_t packets_retransmitted = 0, bytes_retransmitted = 0, packets_out_of_order = 0;
  uint32_t syns = 0, fins = 0;
  uint32_t packets_without_ack = 0;
  uint32_t packets_without_payload = 0;  // that are not pure ACKs either
  uint16_t packets_laps = 0, data_packets_laps = 0, bytes_repeated_laps = 0;

  void on_repeated(uint32_t bytes) {
    bytes_repeated += bytes;
    if (bytes_repeated < bytes) ++bytes_repeated_laps;
  }
};

/// A 32-bit counter and how often it has wrapped.
[[nodiscard]] constexpr uint64_t with_laps(uint32_t counter, uint16_t laps) {
  return (uint64_t{laps} << 32) | counter;
}

/// All but rsts, first_data and first_ack.
[[nodiscard]] inline Half join(const Hot& hot, const Cold& cold) {
  Half h;
  h.packets = with_laps(hot.packets, cold.packets_laps);
  h.data_packets = with_laps(hot.data_packets, cold.data_packets_laps);
  h.acks = h.packets - cold.packets_without_ack;
  h.pure_acks = h.packets - h.data_packets - cold.packets_without_payload;
  h.bytes = hot.bytes;
  h.bytes_unique = hot.bytes - with_laps(cold.bytes_repeated, cold.bytes_repeated_laps);
  h.packets_retransmitted = cold.packets_retransmitted;
  h.bytes_retransmitted = cold.bytes_retransmitted;
  h.packets_out_of_order = cold.packets_out_of_order;
  h.syns = cold.syns;
  h.fins = cold.fins;
  h.last_data = hot.last_data;
  return h;
}

}  // namespace tapstat::flowstats::core
