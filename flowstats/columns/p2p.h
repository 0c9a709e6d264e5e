/// Columns of the P2P group: peer-to-peer class and ED2K messages; all zero for other flows.
#pragma once

#include "flowstats/columns/column.h"

namespace tapstat::flowstats {

// Three lines for each column.
// clang-format off
inline constexpr TcpColumnSpec kP2pFlow[] = {
    {"p2p_st", "p2p.subtype", Unit::code, {},
     "message type within the peer-to-peer protocol",
     [](const TcpRecord& r, Side) { return integer(r.p2p.subtype); }},
    {"ed2k_data", "ed2k.data", Unit::messages, {},
     "eDonkey data messages",
     [](const TcpRecord& r, Side) { return integer(r.p2p.ed2k_data); }},
    {"ed2k_sig", "ed2k.signaling", Unit::messages, {},
     "eDonkey signalling messages",
     [](const TcpRecord& r, Side) { return integer(r.p2p.ed2k_signalling); }},
    {"ed2k_c2s", "ed2k.i2r", Unit::messages, {},
     "eDonkey messages from client to server",
     [](const TcpRecord& r, Side) { return integer(r.p2p.ed2k_client_to_server); }},
    {"ed2k_c2c", "ed2k.r2i", Unit::messages, {},
     "eDonkey messages between clients",
     [](const TcpRecord& r, Side) { return integer(r.p2p.ed2k_client_to_client); }},
    {"ed2k_chat", "ed2k.chat", Unit::messages, {},
     "eDonkey chat messages",
     [](const TcpRecord& r, Side) { return integer(r.p2p.ed2k_chat); }},
};
// clang-format on

}  // namespace tapstat::flowstats
