/// Peer-to-peer protocols over TCP that name themselves: BitTorrent and ED2K (eDonkey, eMule).
///
/// Pure functions of one segment. `length` is the payload on the wire, which decides where a
/// message ends; the bytes may be fewer. Source: Tstat's published rules; BitTorrent's BEP 3.
#pragma once

#include <cstdint>
#include <optional>

#include "flowstats/base/byte_range.h"
#include "flowstats/groups/p2p.h"

namespace tapstat::flowstats::layer7 {

/// tstat mode: shorter payloads are no peer-to-peer message.
inline constexpr int32_t kP2pLengthMin = 21;  // bytes

/// What a message of ED2K is: the columns p2p_st and ed2k_*.
struct Ed2kMessage {
  uint8_t subtype = 0;
  bool is_data = false;       // a piece of a file
  bool is_chat = false;       // a message between users
  bool is_hello = false;      // neither to a server nor to a client, in Tstat's counts
  bool is_to_server = false;  // between a client and a server; else between clients
};

inline constexpr size_t kEd2kHeaderBytes = 6;  // protocol, length, opcode

/// What a header says of its message, whose length is that of a message that can be.
struct Ed2kHeader {
  uint32_t bytes = 0;                  // of the message, header included
  std::optional<Ed2kMessage> message;  // none: no known opcode
};
[[nodiscard]] std::optional<Ed2kHeader> ed2k_header(ByteRange bytes);

/// Protocols of ED2K: the first byte of a message.
[[nodiscard]] bool is_ed2k_protocol(uint8_t byte);

/// tstat mode: the message that begins the segment. The lower half of its length field is that of
/// the payload, or the message goes on behind the segment and its opcode is known.
[[nodiscard]] std::optional<Ed2kMessage> tstat_ed2k_message(ByteRange payload, int32_t length);

void count_ed2k(p2p::Shared& counts, const Ed2kMessage& message);

/// The subtype (p2p_st) of a segment that begins like BitTorrent: 0 the handshake between peers,
/// 1 to 5 requests to a tracker.
[[nodiscard]] std::optional<uint8_t> bittorrent_subtype(ByteRange payload);

}  // namespace tapstat::flowstats::layer7
