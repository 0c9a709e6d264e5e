#include "flowstats/layer7/tls_stream.h"

#include <algorithm>
#include <numeric>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace tapstat::flowstats::layer7 {
namespace {

using Place = TlsStream::Place;

struct Piece {
  uint32_t offset;
  std::string text;
};

class TlsStreamTest : public ::testing::Test {
 protected:
  Place accept(const Piece& piece) {
    ByteRange input;
    const ByteRange payload(reinterpret_cast<const uint8_t*>(piece.text.data()), piece.text.size());
    const Place place = stream_.accept(piece.offset, payload, buffers_, input);
    for (; !input.empty(); input = stream_.next_waiting(buffers_)) {
      read_.append(reinterpret_cast<const char*>(input.data()), input.size());
    }
    return place;
  }

  TlsBuffers buffers_{2};
  TlsStream stream_;
  std::string read_;
};

TEST_F(TlsStreamTest, OrderTakesNoBuffer) {
  stream_.begin(10, buffers_);
  EXPECT_EQ(accept({10, "abc"}), Place::in_order);
  EXPECT_EQ(accept({13, "def"}), Place::in_order);
  EXPECT_EQ(read_, "abcdef");
  EXPECT_EQ(stream_.expected(), 16U);
  EXPECT_EQ(buffers_.in_use(), 0U);
}

TEST_F(TlsStreamTest, OldBytesAreLeftOut) {
  accept({0, "abc"});
  EXPECT_EQ(accept({0, "ab"}), Place::in_order);
  EXPECT_EQ(accept({1, "bcd"}), Place::in_order);
  EXPECT_EQ(read_, "abcd");
}

TEST_F(TlsStreamTest, EveryOrderGivesTheSameBytes) {
  const std::vector<Piece> pieces = {{0, "abcd"}, {4, "ef"}, {3, "def"}, {6, "ghi"}, {9, "j"}};
  std::vector<size_t> order(pieces.size());
  std::iota(order.begin(), order.end(), size_t{0});
  do {
    stream_ = {};
    read_.clear();
    for (const size_t i : order) EXPECT_NE(accept(pieces[i]), Place::lost);
    EXPECT_EQ(read_, "abcdefghij");
    EXPECT_EQ(buffers_.in_use(), 0U);
  } while (std::next_permutation(order.begin(), order.end()));
}

TEST_F(TlsStreamTest, OffsetsWrapAround) {
  stream_.begin(0xfffffffe, buffers_);
  EXPECT_EQ(accept({1, "de"}), Place::waits);
  EXPECT_EQ(accept({0xfffffffe, "abc"}), Place::in_order);
  EXPECT_EQ(read_, "abcde");
}

TEST_F(TlsStreamTest, WhatWaitedBeforeTheBeginningStays) {
  EXPECT_EQ(accept({3, "def"}), Place::waits);
  stream_.begin(0, buffers_);
  accept({0, "abc"});
  EXPECT_EQ(read_, "abcdef");
  EXPECT_EQ(accept({9, "jkl"}), Place::waits);
  stream_.begin(7, buffers_);
  EXPECT_EQ(buffers_.in_use(), 0U);
}

TEST_F(TlsStreamTest, TooMuchOutOfOrderIsLost) {
  for (uint32_t i = 0; i < TlsStream::kRangesMax; ++i) {
    EXPECT_EQ(accept({10 + 2 * i, "x"}), Place::waits);
  }
  EXPECT_EQ(accept({100, "x"}), Place::lost) << "pieces";
  EXPECT_EQ(accept({11, "y"}), Place::waits) << "joins two";
  EXPECT_EQ(accept({TlsBuffers::kBytes, "x"}), Place::lost) << "distance";
  EXPECT_EQ(accept({TlsBuffers::kBytes - 1, "x"}), Place::waits);
  stream_.close(buffers_);
  EXPECT_EQ(buffers_.in_use(), 0U);
}

TEST_F(TlsStreamTest, NoBufferIsLostAndCounted) {
  static_cast<void>(buffers_.take());
  static_cast<void>(buffers_.take());
  EXPECT_EQ(accept({5, "x"}), Place::lost);
  EXPECT_EQ(buffers_.take_exhausted(), 1U);
  EXPECT_EQ(buffers_.take_exhausted(), 0U);
}

}  // namespace
}  // namespace tapstat::flowstats::layer7
