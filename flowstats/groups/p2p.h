/// P2P group: peer-to-peer class and ED2K message counts of a flow. Filled by classification, which
/// is not built yet: every value is zero, as for a flow that Tstat does not take for peer-to-peer.
#pragma once

#include <cstdint>

namespace tapstat::flowstats::p2p {

struct Shared {
  uint32_t subtype = 0;
  uint32_t ed2k_data = 0, ed2k_signalling = 0;
  uint32_t ed2k_client_to_server = 0, ed2k_client_to_client = 0, ed2k_chat = 0;
};

}  // namespace tapstat::flowstats::p2p
