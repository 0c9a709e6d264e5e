#include "flowstats/layer7/p2p_signatures.h"

#include <string>

#include <gtest/gtest.h>

#include "tests/support/tcp_views.h"

namespace tapstat::flowstats::layer7 {
namespace {

using test::bytes_of;

/// A message of ED2K with `size` bytes behind the length field, opcode included, of which `sent`
/// are in the segment.
std::string ed2k(uint8_t protocol, uint8_t opcode, uint32_t size, size_t sent) {
  std::string message(1, static_cast<char>(protocol));
  for (uint32_t rest = size, i = 0; i < 4; ++i, rest >>= 8) message += static_cast<char>(rest);
  message += static_cast<char>(opcode);
  return message + std::string(sent - 1, 'x');
}

std::optional<Ed2kMessage> read(const std::string& segment) {
  return tstat_ed2k_message(bytes_of(segment), static_cast<int32_t>(segment.size()));
}

TEST(Ed2k, LengthAndOpcodeDecide) {
  struct Case {
    const char* name;
    std::string segment;
    bool is_message;
  };
  for (const Case& c : {
           Case{"whole message", ed2k(0xe3, 0x47, 20, 20), true},
           {"unknown opcode, right length", ed2k(0xe3, 0x99, 20, 20), true},
           {"unknown opcode, longer", ed2k(0xe3, 0x99, 900, 20), false},
           {"known opcode, longer", ed2k(0xe3, 0x46, 900, 20), true},
           {"known opcode, more than 64 KiB", ed2k(0xe3, 0x46, 70'000, 20), false},
           {"right lower half only", ed2k(0xe3, 0x46, 0x70000 + 20, 20), true},
           {"shorter", ed2k(0xe3, 0x47, 10, 20), true},
           {"eMule's opcode", ed2k(0xc5, 0x60, 900, 20), true},
           {"not eDonkey's", ed2k(0xe3, 0x5a, 900, 20), false},
           {"packed", ed2k(0xd4, 0x15, 900, 20), true},
           {"other protocol", ed2k(0xe4, 0x46, 20, 20), false},
           {"cut header", std::string("\xe3\x05\0\0\0", 5), false},
       }) {
    EXPECT_EQ(read(c.segment).has_value(), c.is_message) << c.name;
  }
}

TEST(Ed2k, HeaderTellsLengthAndOpcode) {
  const auto known = ed2k_header(bytes_of(ed2k(0xe3, 0x46, 70'000, 1)));
  ASSERT_TRUE(known.has_value());
  EXPECT_EQ(known->bytes, 70'005U);
  ASSERT_TRUE(known->message.has_value());
  EXPECT_TRUE(known->message->is_data);
  const auto unknown = ed2k_header(bytes_of(ed2k(0xe3, 0x99, 200'000, 1)));
  ASSERT_TRUE(unknown.has_value());
  EXPECT_FALSE(unknown->message.has_value());
  for (const std::string& bytes : {ed2k(0xe3, 0x46, 0, 1), ed2k(0xe3, 0x46, 200'001, 1),
                                   ed2k(0xe4, 0x46, 20, 1), std::string("\xe3\x05\0\0\0", 5)})
    EXPECT_FALSE(ed2k_header(bytes_of(bytes)).has_value());
}

TEST(Ed2k, MessagesAreCountedByKind) {
  p2p::Shared counts;
  const auto add = [&](uint8_t protocol, uint8_t opcode) {
    const auto message = read(ed2k(protocol, opcode, 20, 20));
    ASSERT_TRUE(message.has_value());
    count_ed2k(counts, *message);
  };
  add(0xe3, 0x01);
  EXPECT_EQ(counts.subtype, 1U);
  EXPECT_EQ(counts.ed2k_client_to_client + counts.ed2k_client_to_server, 0U);
  add(0xe3, 0x46);
  EXPECT_EQ(counts.subtype, 4U);
  add(0xc5, 0x40);
  EXPECT_EQ(counts.subtype, 3U);
  add(0xe3, 0x4c);
  EXPECT_EQ(counts.subtype, 9U);
  add(0xe3, 0x4e);
  add(0xe3, 0x16);
  add(0xd4, 0x15);
  add(0xc5, 0x90);
  EXPECT_EQ(counts.subtype, 0x90U % 100);
  EXPECT_EQ(counts.type, 1U);
  EXPECT_EQ(counts.ed2k_data, 2U);
  EXPECT_EQ(counts.ed2k_signalling, 6U);
  EXPECT_EQ(counts.ed2k_client_to_server, 2U);
  EXPECT_EQ(counts.ed2k_client_to_client, 5U);
  EXPECT_EQ(counts.ed2k_chat, 1U);
}

TEST(BitTorrent, HandshakeAndTracker) {
  const std::string key(32, 'k');
  struct Case {
    std::string segment;
    std::optional<uint8_t> subtype;
  };
  for (const Case& c : {Case{"\x13"
                             "BitTorrent protocol",
                             uint8_t{0}},
                        {"\x13"
                         "BitTorrent protoco",
                         std::nullopt},
                        {"GET /scrape?info_hash=x", uint8_t{1}},
                        {"GET /announce?info_hash=x", uint8_t{2}},
                        {"GET /announce.php?info_hash=x", uint8_t{3}},
                        {"GET /announce.php?passkey=x", uint8_t{4}},
                        {"GET /announce.php?pid=x", uint8_t{5}},
                        {"GET /" + key + "/announce?info_hash=x", uint8_t{2}},
                        {"GET /x/announce?info_hash=x", std::nullopt},
                        {"", std::nullopt}}) {
    EXPECT_EQ(bittorrent_subtype(bytes_of(c.segment)), c.subtype) << c.segment;
  }
}

}  // namespace
}  // namespace tapstat::flowstats::layer7
