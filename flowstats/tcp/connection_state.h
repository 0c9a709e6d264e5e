/// What the handshake, the acknowledgments and the close of a connection say about one side.
///
/// Working state only: nothing of it is printed. Owned by the worker. Sequence numbers in host byte
/// order.
#pragma once

#include <cstdint>

#include "flowstats/base/serial_number.h"
#include "flowstats/measurement.h"

namespace tapstat::flowstats {

struct ConnectionHalf {
  uint32_t isn = 0;          // of the latest SYN
  uint32_t fin_seq = 0;      // sequence number + payload of the latest FIN
  uint32_t sent_end = 0;     // end of the latest segment without repeated bytes; not a maximum
  uint32_t last_ack = 0;     // latest acknowledgment sent by this side
  uint32_t message_end = 0;  // sent_end when the latest message was closed by PSH or FIN
  uint32_t window = 0;       // latest effective (scaled) window, bytes
  bool fin_acknowledged = false;
  bool data_acknowledged = false;  // the other side acknowledged more than the SYN
  bool message_seen = false;
};

/// Tstat compares sequence numbers as plain integers here (golden case fin_at_wrap); corrected mode
/// on the circle.
[[nodiscard]] constexpr bool acknowledges_fin(uint32_t ack, uint32_t fin_seq, Mode mode) {
  return mode == Mode::tstat ? ack >= fin_seq + 1 : seq_at_or_after(ack, fin_seq + 1);
}

}  // namespace tapstat::flowstats
