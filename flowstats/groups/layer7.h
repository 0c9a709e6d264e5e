/// Layer-7 group: PSH-separated messages now; HTTP, TLS and names come with classification and are
/// absent (0 or -) until then, as for a flow that Tstat does not recognise.
#pragma once

#include <cstdint>

namespace tapstat::flowstats::layer7 {

struct Half {
  uint32_t pushed_messages = 0;  // messages ended by PSH or FIN; retransmitted segments end none
};

/// con_t, p2p_t and http_t of the core columns.
struct Shared {
  uint32_t connection_type = 0;  // bit mask, 0 = unclassified
  uint32_t p2p_type = 0;
  uint32_t http_type = 0;
};

}  // namespace tapstat::flowstats::layer7
