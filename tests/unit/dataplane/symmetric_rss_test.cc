#include "dataplane/symmetric_rss.h"

#include <numeric>
#include <set>
#include <vector>

#include <gtest/gtest.h>

namespace tapstat::dataplane {
namespace {

/// `entries` of them, the queues in turn.
std::vector<uint16_t> table(size_t entries, uint16_t queues) {
  std::vector<uint16_t> t(entries);
  for (size_t i = 0; i < entries; ++i) t[i] = static_cast<uint16_t>(i % queues);
  return t;
}

/// The key that the definition of the hash gives as its example (Microsoft, "Verifying the RSS
/// Hash Calculation"): what cards have by default.
std::vector<uint8_t> usual_key() {
  return {0x6d, 0x5a, 0x56, 0xda, 0x25, 0x5b, 0x0e, 0xc2, 0x41, 0x67, 0x25, 0x3d, 0x43, 0xa3,
          0x8f, 0xb0, 0xd0, 0xca, 0x2b, 0xcb, 0xae, 0x7b, 0x30, 0xb4, 0x77, 0xcb, 0x2d, 0xa3,
          0x80, 0x30, 0xf2, 0x0c, 0x6a, 0x42, 0xb7, 0x3b, 0xbe, 0xac, 0x01, 0xfa};
}

TEST(SymmetricRss, BothDirectionsMeetInOneQueueAndAllQueuesAreUsed) {
  const auto key = symmetric_rss_key();
  for (const size_t bytes : {40, 52})
    for (const size_t entries : {64, 128, 512}) {
      const auto queues = try_rss(std::span(key).first(bytes), table(entries, 4));
      EXPECT_EQ(std::set<uint16_t>(queues.begin(), queues.end()).size(), 4U);
    }
}

TEST(SymmetricRss, PortsWithTheSameTableAgree) {
  const auto key = symmetric_rss_key();
  const auto half = std::span(key).first(40);
  EXPECT_EQ(try_rss(half, table(128, 4)), try_rss(std::span(key).first(52), table(128, 4)));
  auto other = table(128, 4);
  std::iota(other.begin(), other.begin() + 4, uint16_t{1});
  for (auto& queue : other) queue = static_cast<uint16_t>((queue + 1) % 4);
  EXPECT_NE(try_rss(half, table(128, 4)), try_rss(half, other));
}

TEST(SymmetricRss, RefusesWhatPartsTheDirections) {
  EXPECT_TRUE(try_rss(usual_key(), table(128, 4)).empty());
}

TEST(SymmetricRss, RefusesAHashThatSpreadsNothing) {
  EXPECT_TRUE(try_rss(std::vector<uint8_t>(40, 0), table(128, 4)).empty());
}

TEST(SymmetricRss, RefusesWhatItCannotTry) {
  const auto key = symmetric_rss_key();
  EXPECT_TRUE(try_rss(std::span(key).first(40), {}).empty());
  EXPECT_TRUE(try_rss(std::span(key).first(40), table(100, 4)).empty());
  EXPECT_TRUE(try_rss(std::span(key).first(16), table(128, 4)).empty());
}

}  // namespace
}  // namespace tapstat::dataplane
