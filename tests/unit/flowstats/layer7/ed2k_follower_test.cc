#include "flowstats/layer7/ed2k_follower.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/tcp_views.h"

namespace tapstat::flowstats::layer7 {
namespace {

/// A message of ED2K with `size` bytes behind the length field, opcode included.
std::string ed2k(uint8_t opcode, uint32_t size, uint8_t protocol = 0xe3) {
  std::string message(1, static_cast<char>(protocol));
  for (uint32_t rest = size, i = 0; i < 4; ++i, rest >>= 8) message += static_cast<char>(rest);
  message += static_cast<char>(opcode);
  return message + std::string(size - 1, 'x');
}

constexpr uint8_t kData = 0x46, kChat = 0x4e, kSlot = 0x4c, kUnknown = 0x99;

struct Flow {
  Ed2kFollower follower;
  test::TcpViews views;
  p2p::Shared counts;

  bool client(std::string_view text) { return follower.on_segment(views.client(text), counts); }
  bool server(std::string_view text) { return follower.on_segment(views.server(text), counts); }
  [[nodiscard]] uint32_t messages() const { return counts.ed2k_data + counts.ed2k_signalling; }
};

TEST(Ed2kFollower, CountsEachMessageOfASegment) {
  Flow flow;
  EXPECT_TRUE(flow.client(ed2k(kData, 40) + ed2k(kChat, 10) + ed2k(kUnknown, 10) + ed2k(kData, 1)));
  EXPECT_EQ(flow.counts.ed2k_data, 2U);
  EXPECT_EQ(flow.counts.ed2k_chat, 1U);
  EXPECT_EQ(flow.messages(), 3U);
  EXPECT_EQ(flow.counts.subtype, 4U);
  EXPECT_TRUE(flow.follower.follows(kClient));
  EXPECT_FALSE(flow.follower.follows(kServer));
}

TEST(Ed2kFollower, CountsTheSameForAnySplitBehindTheFirstHeader) {
  const std::string stream = ed2k(kChat, 30) + ed2k(kData, 100) + ed2k(kUnknown, 3) +
                             ed2k(kSlot, 1) + ed2k(0x40, 80, 0xc5) + ed2k(kData, 200);
  for (size_t first = kEd2kHeaderBytes; first < stream.size(); ++first) {
    for (const size_t step : {1, 2, 5, 6, 7, 50, 1000}) {
      Flow flow;
      EXPECT_TRUE(flow.client(std::string_view(stream).substr(0, first)));
      for (size_t at = first; at < stream.size(); at += step)
        EXPECT_TRUE(flow.client(std::string_view(stream).substr(at, step)));
      EXPECT_EQ(flow.counts.ed2k_data, 3U) << first << " " << step;
      EXPECT_EQ(flow.counts.ed2k_signalling, 2U) << first << " " << step;
    }
  }
}

TEST(Ed2kFollower, BeginsWithAKnownMessageAndWhatFollowsIt) {
  struct Case {
    const char* name;
    std::string segment;
    uint32_t messages;
  };
  for (const Case& c : {
           Case{"whole message", ed2k(kData, 20), 1},
           {"goes on", ed2k(kData, 900).substr(0, 25), 1},
           {"more than 64 KiB", ed2k(kData, 70'000).substr(0, 25), 1},
           {"longer than any", ed2k(kData, 200'001).substr(0, 25), 0},
           {"unknown opcode", ed2k(kUnknown, 20), 0},
           {"not eDonkey's", ed2k(0x5a, 900).substr(0, 25), 0},
           {"other protocol", ed2k(kData, 20, 0xe4), 0},
           {"text behind it", ed2k(kData, 20) + "text", 0},
           {"one byte behind it", ed2k(kData, 20) + "\xc5", 1},
           {"a message that cannot be behind it", ed2k(kData, 20) + "\xe3xxxxx", 0},
           {"cut header", ed2k(kData, 20).substr(0, 5), 0},
       }) {
    Flow flow;
    EXPECT_EQ(flow.client(c.segment), c.messages != 0) << c.name;
    EXPECT_EQ(flow.messages(), c.messages) << c.name;
  }
}

TEST(Ed2kFollower, WhatIsSentAgainCountsOnce) {
  Flow flow;
  const std::string two = ed2k(kData, 40) + ed2k(kChat, 10), third = ed2k(kChat, 10);
  const std::string overlapping = two.substr(45) + third;
  auto first = flow.views.client(two);
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(flow.follower.on_segment(first, flow.counts));
  EXPECT_EQ(flow.messages(), 2U);
  auto next = flow.views.client(overlapping);
  next.offset = 45;
  EXPECT_TRUE(flow.follower.on_segment(next, flow.counts));
  EXPECT_EQ(flow.messages(), 3U);
}

TEST(Ed2kFollower, BehindMissingBytesItBeginsAnew) {
  Flow flow;
  flow.client(ed2k(kData, 40));
  flow.views.lose(kClient, 100);
  EXPECT_FALSE(flow.client("xx" + ed2k(kData, 40)));
  EXPECT_FALSE(flow.follower.follows(kClient));
  EXPECT_TRUE(flow.client(ed2k(kData, 40) + ed2k(kData, 40)));
  EXPECT_EQ(flow.counts.ed2k_data, 3U);
}

TEST(Ed2kFollower, SegmentsThatWereNotCapturedToTheirEndEndIt) {
  Flow flow;
  const std::string text = ed2k(kData, 40) + ed2k(kData, 40);
  auto view = flow.views.client(text);
  view.payload = view.payload.first(50);
  EXPECT_TRUE(flow.follower.on_segment(view, flow.counts));
  EXPECT_EQ(flow.messages(), 1U);
  EXPECT_FALSE(flow.follower.follows(kClient));
}

TEST(Ed2kFollower, SidesAreApart) {
  Flow flow;
  const std::string message = ed2k(kData, 40);
  flow.client(message.substr(0, 30));
  EXPECT_TRUE(flow.server(message));
  EXPECT_TRUE(flow.client(message.substr(30) + message));
  EXPECT_EQ(flow.messages(), 3U);
}

}  // namespace
}  // namespace tapstat::flowstats::layer7
