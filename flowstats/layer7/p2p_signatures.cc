#include "flowstats/layer7/p2p_signatures.h"

#include <array>
#include <initializer_list>
#include <string_view>

#include "flowstats/layer7/kind.h"
#include "flowstats/layer7/tcp_words.h"

namespace tapstat::flowstats::layer7 {
namespace {

constexpr uint8_t kEdonkey = 0xe3, kEmule = 0xc5, kPacked = 0xd4;
constexpr uint8_t kHello = 0x01, kFilePart = 0x46, kChat = 0x4e, kCompressedPart = 0x40;
constexpr uint32_t kBeforeOpcode = 5;  // bytes that the length field does not count

/// A set of opcodes, one bit each.
class OpcodeSet {
 public:
  struct Range {
    uint8_t first, last;
  };
  constexpr OpcodeSet(std::initializer_list<Range> ranges) {
    for (const Range& range : ranges) {
      for (unsigned opcode = range.first; opcode <= range.last; ++opcode) {
        words_[opcode / 64] |= uint64_t{1} << opcode % 64;
      }
    }
  }
  [[nodiscard]] constexpr bool has(uint8_t opcode) const {
    return (words_[opcode / 64] >> opcode % 64 & 1) != 0;
  }

 private:
  std::array<uint64_t, 4> words_{};
};

constexpr OpcodeSet kEdonkeyServer{{0x05, 0x05}, {0x14, 0x16}, {0x18, 0x1a},
                                   {0x1c, 0x1f}, {0x21, 0x21}, {0x23, 0x23},
                                   {0x32, 0x36}, {0x38, 0x3d}, {0x40, 0x44}};
constexpr OpcodeSet kEdonkeyClient{{0x01, 0x01}, {0x1b, 0x1b}, {0x46, 0x59}, {0x5b, 0x61}};
constexpr OpcodeSet kEmuleClient{
    {0x01, 0x02}, {0x40, 0x40}, {0x60, 0x60}, {0x81, 0x87}, {0x90, 0xa4}};
constexpr OpcodeSet kPackedServer{{0x15, 0x15}};

bool is_known(uint8_t protocol, uint8_t opcode) {
  if (protocol == kEdonkey) return kEdonkeyServer.has(opcode) || kEdonkeyClient.has(opcode);
  return kEmuleClient.has(opcode) || (protocol == kPacked && kPackedServer.has(opcode));
}

Ed2kMessage describe(uint8_t protocol, uint8_t opcode) {
  Ed2kMessage message;
  const bool edonkey = protocol == kEdonkey;
  message.is_data = opcode == (edonkey ? kFilePart : kCompressedPart);
  message.is_chat = edonkey && opcode == kChat;
  message.is_hello = opcode == kHello;
  message.is_to_server =
      (edonkey && kEdonkeyServer.has(opcode)) || (protocol == kPacked && kPackedServer.has(opcode));
  constexpr uint8_t kSubtypeFilePart = 4, kSubtypeCompressed = 3, kSubtypeQueue = 9;
  constexpr uint8_t kSlot = 0x4c;
  if (message.is_data) {
    message.subtype = edonkey ? kSubtypeFilePart : kSubtypeCompressed;
  } else if (opcode == kSlot) {
    message.subtype = kSubtypeQueue;
  } else {
    message.subtype = opcode % 100;
  }
  return message;
}

}  // namespace

bool is_ed2k_protocol(uint8_t byte) {
  return byte == kEdonkey || byte == kEmule || byte == kPacked;
}

std::optional<Ed2kHeader> ed2k_header(ByteRange bytes) {
  // A part of a file has 180 KiB and a few bytes at most.
  constexpr uint32_t kMessageMax = 200'000;
  if (!bytes.has(0, kEd2kHeaderBytes) || !is_ed2k_protocol(bytes.u8(0))) return std::nullopt;
  const uint32_t field = __builtin_bswap32(bytes.u32(1));
  if (field == 0 || field > kMessageMax) return std::nullopt;
  Ed2kHeader header{kBeforeOpcode + field, std::nullopt};
  const uint8_t protocol = bytes.u8(0), opcode = bytes.u8(5);
  if (is_known(protocol, opcode)) header.message = describe(protocol, opcode);
  return header;
}

std::optional<Ed2kMessage> tstat_ed2k_message(ByteRange payload, int32_t length) {
  if (!payload.has(0, kEd2kHeaderBytes) || !is_ed2k_protocol(payload.u8(0))) return std::nullopt;
  const uint8_t protocol = payload.u8(0), opcode = payload.u8(5);
  const uint32_t field = __builtin_bswap32(payload.u32(1));
  const uint32_t until_end = static_cast<uint32_t>(length) - kBeforeOpcode;
  const bool known = is_known(protocol, opcode);
  const bool same_length = (field & 0xffffU) == (until_end & 0xffffU);
  const bool goes_on = field <= 0xffffU && known;
  if (!same_length && !goes_on) return std::nullopt;
  return describe(protocol, opcode);
}

void count_ed2k(p2p::Shared& counts, const Ed2kMessage& message) {
  counts.type = kP2pEd2k;
  counts.subtype = message.subtype;
  ++(message.is_data ? counts.ed2k_data : counts.ed2k_signalling);
  counts.ed2k_chat += message.is_chat;
  if (message.is_hello) return;
  ++(message.is_to_server ? counts.ed2k_client_to_server : counts.ed2k_client_to_client);
}

std::optional<uint8_t> bittorrent_subtype(ByteRange payload) {
  if (has_word(payload,
               "\x13"
               "BitTorrent protocol"))
    return uint8_t{0};
  if (!has_word(payload, "GET /")) return std::nullopt;
  struct Request {
    std::string_view words;
    uint8_t subtype;
  };
  constexpr Request kRequests[] = {{"scrape?info_hash=", 1},
                                   {"announce?info_hash=", 2},
                                   {"announce.php?info_hash=", 3},
                                   {"announce.php?passkey=", 4},
                                   {"announce.php?pid=", 5}};
  constexpr size_t kPath = 5;
  constexpr size_t kPathBehindKey = kPath + 33;  // a key of 32 characters and a slash
  for (const Request& request : kRequests) {
    if (has_word(payload, request.words, kPath)) return request.subtype;
    if (has_word(payload, request.words, kPathBehindKey)) return request.subtype;
  }
  return std::nullopt;
}

}  // namespace tapstat::flowstats::layer7
