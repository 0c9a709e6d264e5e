#include "flowstats/layer7/tls_message_reader.h"

#include <algorithm>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/tls_messages.h"

namespace tapstat::flowstats::layer7 {
namespace {

using tests::handshake_message, tests::join_bytes, tests::TlsBytes;

constexpr uint32_t kWanted = 1U << 2 | 1U << 11;

struct Message {
  uint8_t type;
  std::string body;
  bool operator==(const Message&) const = default;
};

class TlsMessageReaderTest : public ::testing::Test {
 protected:
  /// Complete messages of `bytes`, given in pieces of `piece` bytes.
  std::vector<Message> read_all(const TlsBytes& bytes, size_t piece) {
    TlsMessageReader reader;
    std::vector<Message> messages;
    for (size_t at = 0; at < bytes.size(); at += piece) {
      ByteRange input = ByteRange(bytes.data(), bytes.size()).from(at).first(piece);
      TlsMessage message;
      while (reader.next(input, kWanted, buffers_, message)) {
        longest_ = std::max(longest_, message.body.size());
        if (!message.is_complete) continue;
        messages.push_back(
            {message.type,
             {reinterpret_cast<const char*>(message.body.data()), message.body.size()}});
      }
    }
    reader.close(buffers_);
    return messages;
  }

  TlsBuffers buffers_{1};
  size_t longest_ = 0;
};

TEST_F(TlsMessageReaderTest, AnySplitGivesTheSameMessages) {
  const TlsBytes bytes =
      join_bytes({handshake_message(2, {'a', 'b', 'c'}), handshake_message(4, {'x', 'y'}),
                  handshake_message(11, {'d', 'e'}), handshake_message(14, {})});
  const std::vector<Message> expected = {{2, "abc"}, {4, ""}, {11, "de"}, {14, ""}};
  for (size_t piece = 1; piece <= bytes.size(); ++piece) {
    EXPECT_EQ(read_all(bytes, piece), expected) << piece;
    EXPECT_EQ(buffers_.in_use(), 0U);
  }
}

TEST_F(TlsMessageReaderTest, LongerThanABufferIsKnownByItsFirstPart) {
  const TlsBytes bytes = join_bytes(
      {handshake_message(11, TlsBytes(TlsBuffers::kBytes + 1, 7)), handshake_message(2, {'a'})});
  for (const size_t piece : {bytes.size(), size_t{1000}}) {
    longest_ = 0;
    EXPECT_EQ(read_all(bytes, piece), (std::vector<Message>{{2, "a"}})) << piece;
    EXPECT_EQ(longest_, TlsBuffers::kBytes) << piece;
  }
}

TEST_F(TlsMessageReaderTest, WithoutABufferOnlyWholePiecesAreSeen) {
  uint32_t taken = buffers_.take();
  const TlsBytes bytes =
      join_bytes({handshake_message(2, {'a', 'b', 'c'}), handshake_message(2, {'d'})});
  EXPECT_EQ(read_all(bytes, 6), (std::vector<Message>{{2, "d"}}));
  EXPECT_GT(buffers_.take_exhausted(), 0U);
  buffers_.release(taken);
}

}  // namespace
}  // namespace tapstat::flowstats::layer7
