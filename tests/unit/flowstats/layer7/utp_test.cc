#include "flowstats/layer7/utp.h"

#include <vector>

#include <gtest/gtest.h>

#include "tests/support/udp_conversation.h"

namespace tapstat::flowstats::layer7 {
namespace {

constexpr uint8_t kData = 0x01, kFin = 0x11, kState = 0x21, kReset = 0x31, kSyn = 0x41;

std::vector<uint8_t> header(uint8_t type, uint8_t id, uint8_t seq = 1, uint8_t ack = 0) {
  std::vector<uint8_t> bytes(20);
  bytes[0] = type;
  bytes[3] = id;
  bytes[17] = seq;
  bytes[19] = ack;
  return bytes;
}

class UtpFlow : public testing::Test {
 protected:
  bool send(size_t side, std::vector<uint8_t> payload) {
    return utp_.on_datagram(conversation_.datagram(side, std::move(payload)));
  }
  bool fits(std::vector<uint8_t> first, std::vector<uint8_t> answer) {
    utp_ = {};
    return !send(kClient, std::move(first)) && send(kServer, std::move(answer));
  }

  test::UdpConversation conversation_{40001, 9999};
  Utp utp_;
};

TEST_F(UtpFlow, ASynIsAnsweredWithItsIdAndNumber) {
  EXPECT_TRUE(fits(header(kSyn, 5, 9), header(kState, 5, 1, 9)));
  EXPECT_FALSE(fits(header(kSyn, 5, 9), header(kState, 5, 1, 8)));
  EXPECT_FALSE(fits(header(kSyn, 5, 9), header(kState, 6, 1, 9)));
  EXPECT_TRUE(fits(header(kSyn, 5, 9), header(kReset, 5)));
  EXPECT_FALSE(fits(header(kSyn, 5, 9), header(kData, 5, 1, 9)));
}

TEST_F(UtpFlow, DataIsAnsweredWithTheNeighbouringId) {
  EXPECT_TRUE(fits(header(kData, 5), header(kState, 6)));
  EXPECT_TRUE(fits(header(kState, 5), header(kFin, 4)));
  EXPECT_FALSE(fits(header(kData, 5), header(kState, 5)));
  EXPECT_FALSE(fits(header(kData, 5), header(kState, 7)));
  EXPECT_TRUE(fits(header(kData, 5), header(kReset, 5)));
  EXPECT_FALSE(fits(header(kFin, 5), header(kState, 6)));
}

TEST_F(UtpFlow, TheLatestHeaderOfTheFirstSideCounts) {
  EXPECT_FALSE(send(kClient, header(kData, 10)));
  EXPECT_FALSE(send(kServer, header(kState, 21)));
  EXPECT_FALSE(send(kClient, header(kData, 20)));
  EXPECT_TRUE(send(kServer, header(kState, 21)));
  EXPECT_FALSE(send(kServer, header(kState, 21))) << "told once";
}

TEST_F(UtpFlow, NeedsAWholeHeaderOfVersionOne) {
  auto cut = header(kState, 6);
  cut.pop_back();
  EXPECT_FALSE(fits(header(kData, 5), cut));
  EXPECT_FALSE(fits(header(kData, 5), header(0x22, 6)));
  EXPECT_FALSE(fits(header(kData, 5), header(0x51, 6)));
  auto extended = header(kState, 6);
  extended[1] = 3;
  EXPECT_FALSE(fits(header(kData, 5), extended));
}

TEST_F(UtpFlow, IsLookedForInThirtyNineDatagrams) {
  for (int i = 0; i < 37; ++i) EXPECT_FALSE(send(kClient, header(kData, 5)));
  const Utp before = utp_;
  EXPECT_FALSE(send(kClient, header(kData, 5)));
  EXPECT_TRUE(send(kServer, header(kState, 6)));  // the 39th
  utp_ = before;
  EXPECT_FALSE(send(kServer, header(kState, 6)));
}

}  // namespace
}  // namespace tapstat::flowstats::layer7
