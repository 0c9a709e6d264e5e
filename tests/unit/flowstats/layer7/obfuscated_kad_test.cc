#include "flowstats/layer7/obfuscated_kad.h"

#include <cstdlib>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/udp_conversation.h"

namespace tapstat::flowstats::layer7 {
namespace {

/// Lengths of datagrams; those of the server are negative.
bool is_found(const std::vector<int>& lengths) {
  test::UdpConversation conversation{40001, 9999};
  ObfuscatedKad kad;
  for (const int length : lengths)
    kad.on_datagram(conversation.of_length(length > 0 ? kClient : kServer,
                                           static_cast<size_t>(std::abs(length))));
  return kad.found;
}

TEST(ObfuscatedKad, IsARequestAndAnAnswerWithWholeContacts) {
  EXPECT_TRUE(is_found({43, -127}));
  EXPECT_TRUE(is_found({59, -143}));
  EXPECT_TRUE(is_found({-43, 77}));
  EXPECT_FALSE(is_found({43, -128}));
  EXPECT_FALSE(is_found({43, -27}));
  EXPECT_FALSE(is_found({43, 127})) << "the answer comes from the other side";
}

TEST(ObfuscatedKad, OnlyOtherRequestsMayComeBetween) {
  EXPECT_TRUE(is_found({43, 43, -127}));
  EXPECT_TRUE(is_found({43, -43, -127}));
  EXPECT_FALSE(is_found({43, 300, -127}));
  EXPECT_FALSE(is_found({43, -300, -127}));
}

TEST(ObfuscatedKad, IsAnExchangeOfTwoShortLengths) {
  EXPECT_TRUE(is_found({40, -300, -22}));
  EXPECT_FALSE(is_found({40, 300, -22})) << "not the side's latest";
  EXPECT_FALSE(is_found({22, -40}));
  EXPECT_TRUE(is_found({46, -57}));
  EXPECT_FALSE(is_found({45, -57}));
}

TEST(ObfuscatedKad, IsLookedForInNineDatagrams) {
  std::vector<int> lengths(7, 300);
  lengths.insert(lengths.end(), {52, -52});
  EXPECT_TRUE(is_found(lengths));
  lengths.insert(lengths.begin(), 300);
  EXPECT_FALSE(is_found(lengths));
}

}  // namespace
}  // namespace tapstat::flowstats::layer7
