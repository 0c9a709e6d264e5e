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

}  // namespace tapstat::flowstats::core
