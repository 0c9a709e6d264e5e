/// P2P group: peer-to-peer class and ED2K message counts of a flow. Zero for a flow that is not
/// taken for peer-to-peer. Filled by the inspector (layer7/tcp_inspector.h) when the flow closes.
#pragma once

#include <cstdint>

namespace tapstat::flowstats::p2p {

struct Shared {
  uint32_t type = 0;  // p2p_t
  uint32_t subtype = 0;
  uint32_t ed2k_data = 0, ed2k_signalling = 0;
  uint32_t ed2k_client_to_server = 0, ed2k_client_to_client = 0, ed2k_chat = 0;
};

}  // namespace tapstat::flowstats::p2p
