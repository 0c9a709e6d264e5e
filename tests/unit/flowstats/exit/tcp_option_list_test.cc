#include "flowstats/exit/tcp_option_list.h"

#include <cstring>
#include <memory>
#include <vector>

#include <gtest/gtest.h>

namespace tapstat::flowstats {
namespace {

using Bytes = std::vector<uint8_t>;

ByteRange range_of(const Bytes& bytes) { return {bytes.data(), bytes.size()}; }

TEST(TcpOptionList, TimestampsInTheUsualPlaceAndElsewhere) {
  const Bytes usual{1, 1, 8, 10, 0, 0, 1, 2, 3, 4, 5, 6};
  const Bytes later{2, 4, 5, 180, 4, 2, 8, 10, 0, 0, 1, 2, 3, 4, 5, 6, 1, 3, 3, 7};
  for (const Bytes& bytes : {usual, later}) {
    const TcpTimestamps t = read_timestamps(range_of(bytes));
    EXPECT_TRUE(t.present);
    EXPECT_EQ(t.value, 0x0102u);
    EXPECT_EQ(t.echo, 0x03040506u);
  }
}

TEST(TcpOptionList, WhatIsNotWholeIsNotThere) {
  EXPECT_FALSE(read_timestamps({}).present);
  EXPECT_FALSE(read_timestamps(range_of({8, 10, 0, 0, 1, 2, 3, 4, 5})).present);
  EXPECT_FALSE(read_timestamps(range_of({8, 6, 0, 0, 1, 2})).present);
  EXPECT_FALSE(read_timestamps(range_of({0, 8, 10, 0, 0, 1, 2, 3, 4, 5, 6})).present);
  EXPECT_FALSE(read_timestamps(range_of({5, 1, 8, 10, 0, 0, 1, 2, 3, 4, 5, 6})).present);
  EXPECT_FALSE(read_timestamps(range_of({5, 0, 1})).present);
  EXPECT_FALSE(read_timestamps(range_of({8})).present);
}

TEST(TcpOptionList, SackBlocks) {
  Bytes bytes{1, 1, 5, 18, 0, 0, 0, 1, 0, 0, 0, 2, 0xff, 0, 0, 0, 0, 0, 0, 9};
  SackBlocks blocks = read_sack_blocks(range_of(bytes));
  ASSERT_EQ(blocks.count, 2);
  EXPECT_EQ(blocks.block[0].start, 1u);
  EXPECT_EQ(blocks.block[0].end, 2u);
  EXPECT_EQ(blocks.block[1].start, 0xff000000u);
  EXPECT_EQ(blocks.block[1].end, 9u);
  bytes.resize(bytes.size() - 1);
  EXPECT_EQ(read_sack_blocks(range_of(bytes)).count, 0);
  Bytes many{5, 42};
  many.resize(42);
  EXPECT_EQ(read_sack_blocks(range_of(many)).count, SackBlocks::kMax);
}

/// For the address sanitizer: every cut of every byte pattern stays inside.
TEST(TcpOptionList, CutAnywhere) {
  const Bytes whole{2, 4, 5, 180, 1, 5, 10, 0, 0, 0, 1, 0, 0, 0, 2, 8, 10, 0, 0, 1, 2, 3, 4, 5, 6};
  for (size_t size = 0; size <= whole.size(); ++size) {
    const auto exact = std::make_unique<uint8_t[]>(size + 1);
    std::memcpy(exact.get() + 1, whole.data(), size);
    const ByteRange cut{exact.get() + 1, size};
    EXPECT_EQ(read_timestamps(cut).present, size == whole.size());
    EXPECT_EQ(read_sack_blocks(cut).count, size >= 15 ? 1 : 0);
  }
}

}  // namespace
}  // namespace tapstat::flowstats
