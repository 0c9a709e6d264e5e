#include "flowstats/layer7/quic_crypto_stream.h"

#include <memory>
#include <random>
#include <vector>

#include <gtest/gtest.h>

namespace tapstat::flowstats::layer7 {
namespace {

std::vector<uint8_t> numbers(size_t count) {
  std::vector<uint8_t> bytes(count);
  for (size_t i = 0; i < count; ++i) bytes[i] = static_cast<uint8_t>(1 + i % 251);
  return bytes;
}

std::vector<uint8_t> copy(ByteRange bytes) { return {bytes.data(), bytes.data() + bytes.size()}; }

TEST(QuicCryptoStream, AnyOrderOfPiecesGivesTheWhole) {
  const auto whole = numbers(3000);
  std::mt19937 random{1};
  auto stream = std::make_unique<QuicCryptoStream>();
  for (int round = 0; round < 50; ++round) {
    std::vector<std::pair<size_t, size_t>> pieces;
    for (size_t first = 0; first < whole.size();) {
      const size_t size = std::min<size_t>(1 + random() % 400, whole.size() - first);
      pieces.emplace_back(first, size);
      first += size;
    }
    std::shuffle(pieces.begin(), pieces.end(), random);
    stream->clear();
    for (const auto& [first, size] : pieces)
      EXPECT_TRUE(stream->insert(first, {whole.data() + first, size}));
    EXPECT_EQ(copy(stream->contiguous()), whole);
    EXPECT_EQ(copy(stream->bytes()), whole);
  }
}

TEST(QuicCryptoStream, AHoleReadsAsZerosAndEndsWhatIsContiguous) {
  const auto piece = numbers(100);
  auto stream = std::make_unique<QuicCryptoStream>();
  EXPECT_TRUE(stream->insert(300, {piece.data(), piece.size()}));
  EXPECT_TRUE(stream->contiguous().empty());
  EXPECT_TRUE(stream->insert(0, {piece.data(), piece.size()}));
  EXPECT_EQ(stream->contiguous().size(), 100U);
  ASSERT_EQ(stream->bytes().size(), 400U);
  EXPECT_EQ(copy(stream->bytes().from(100).first(200)), std::vector<uint8_t>(200));
}

TEST(QuicCryptoStream, WhatLiesBeyondTheLimitIsRefused) {
  const auto piece = numbers(100);
  auto stream = std::make_unique<QuicCryptoStream>();
  const ByteRange bytes{piece.data(), piece.size()};
  EXPECT_TRUE(stream->insert(QuicCryptoStream::kBytesMax - 100, bytes));
  EXPECT_FALSE(stream->insert(QuicCryptoStream::kBytesMax - 99, bytes));
  EXPECT_FALSE(stream->insert(UINT64_MAX - 10, bytes));
  EXPECT_FALSE(stream->insert(14'950, bytes, 15'000));
}

TEST(QuicCryptoStream, IsCopiedWithItsHoles) {
  const auto piece = numbers(70);
  auto stream = std::make_unique<QuicCryptoStream>(), other = std::make_unique<QuicCryptoStream>();
  EXPECT_TRUE(stream->insert(0, {piece.data(), 70}));
  EXPECT_TRUE(stream->insert(80, {piece.data(), 70}));
  other->assign(*stream);
  EXPECT_EQ(other->contiguous().size(), 70U);
  EXPECT_EQ(copy(other->bytes()), copy(stream->bytes()));
}

}  // namespace
}  // namespace tapstat::flowstats::layer7
