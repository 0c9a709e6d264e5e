#include "dataplane/tcp_options.h"

#include <algorithm>
#include <memory>
#include <vector>

#include <gtest/gtest.h>

namespace tapstat::dataplane {
namespace {

using flowstats::TcpOptions;

/// `bytes` in memory of exactly their size.
TcpOptions read(const std::vector<uint8_t>& bytes, uint32_t declared) {
  const std::unique_ptr<uint8_t[]> copy(new uint8_t[bytes.size()]);
  std::copy(bytes.begin(), bytes.end(), copy.get());
  TcpOptions options;
  read_tcp_options({copy.get(), bytes.size()}, declared, options);
  return options;
}

TcpOptions read(const std::vector<uint8_t>& bytes) {
  return read(bytes, static_cast<uint32_t>(bytes.size()));
}

TEST(TcpOptions, ListOfASyn) {
  const TcpOptions o = read({2, 4, 5, 0xb4, 4, 2, 8, 10, 0, 0, 0, 1, 0, 0, 0, 0, 1, 3, 3, 7});
  EXPECT_TRUE(o.has(TcpOptions::kMss));
  EXPECT_EQ(o.mss, 1460);
  EXPECT_TRUE(o.has(TcpOptions::kSackPermitted));
  EXPECT_TRUE(o.has(TcpOptions::kTimestamps));
  EXPECT_TRUE(o.has(TcpOptions::kWindowScale));
  EXPECT_EQ(o.window_scale, 7);
  EXPECT_FALSE(o.has(TcpOptions::kSack));
}

TEST(TcpOptions, TimestampsAlone) {
  EXPECT_TRUE(read({1, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 0}).has(TcpOptions::kTimestamps));
  EXPECT_FALSE(read({1, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0}, 12).has(TcpOptions::kTimestamps))
      << "cut by one byte";
  EXPECT_TRUE(read({1, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 0, 3, 3, 9, 0}).has(TcpOptions::kWindowScale))
      << "longer list";
}

TEST(TcpOptions, EndOfListDoesNotStop) {
  EXPECT_EQ(read({0, 0, 3, 3, 9, 0, 0, 0}).window_scale, 9);
}

TEST(TcpOptions, LengthZeroStops) {
  const TcpOptions o = read({4, 2, 3, 0, 2, 4, 5, 0xb4});
  EXPECT_TRUE(o.has(TcpOptions::kSackPermitted));
  EXPECT_FALSE(o.has(TcpOptions::kWindowScale));
  EXPECT_FALSE(o.has(TcpOptions::kMss));
}

TEST(TcpOptions, RecognisedByKindAlone) {
  EXPECT_EQ(read({2, 6, 5, 0xb4, 9, 9, 1, 1}).mss, 1460) << "MSS of length 6";
  const TcpOptions short_one = read({2, 3, 5, 3, 3, 8, 1, 1});
  EXPECT_EQ(short_one.mss, 0x0503) << "MSS of length 3 takes the byte after it";
  EXPECT_EQ(short_one.window_scale, 8);
  EXPECT_EQ(read({3, 1, 3, 3, 6, 0, 0, 0}).window_scale, 6)
      << "length 1: the next option is its length byte";
}

TEST(TcpOptions, StopsAtTheCapturedEnd) {
  EXPECT_TRUE(read({2, 4, 5, 0xb4, 5, 10, 0, 0}, 20).has(TcpOptions::kMss));
  EXPECT_FALSE(read({2, 4, 5, 0xb4, 5, 10, 0, 0}, 20).has(TcpOptions::kSack))
      << "option is not complete";
  EXPECT_FALSE(read({3}, 4).has(TcpOptions::kWindowScale)) << "no length byte";
  EXPECT_FALSE(read({1, 1, 2, 2}, 4).has(TcpOptions::kMss))
      << "complete, but its value lies past the end";
  EXPECT_FALSE(read({1, 1, 3, 2}, 4).has(TcpOptions::kWindowScale));
}

TEST(TcpOptions, MayEndBeyondTheDataOffset) {
  EXPECT_EQ(read({1, 1, 2, 4, 5, 0xb4, 3, 3, 9}, 4).mss, 1460);
  EXPECT_FALSE(read({1, 1, 2, 4, 5, 0xb4, 3, 3, 9}, 4).has(TcpOptions::kWindowScale))
      << "begins beyond it";
}

TEST(TcpOptions, LastOfAKindWins) {
  EXPECT_EQ(read({2, 4, 5, 0xb4, 2, 4, 2, 0x18}).mss, 536);
  EXPECT_EQ(read({3, 3, 200, 1}).window_scale, 200) << "not clipped";
}

}  // namespace
}  // namespace tapstat::dataplane
