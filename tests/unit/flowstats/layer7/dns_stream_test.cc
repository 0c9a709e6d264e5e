#include "flowstats/layer7/dns_stream.h"

#include <algorithm>
#include <memory>
#include <random>
#include <vector>

#include <gtest/gtest.h>

namespace tapstat::flowstats::layer7 {
namespace {

using Bytes = std::vector<uint8_t>;

Bytes framed(size_t size, uint8_t fill) {
  Bytes bytes = {static_cast<uint8_t>(size >> 8), static_cast<uint8_t>(size)};
  bytes.insert(bytes.end(), size, fill);
  return bytes;
}

Bytes joined(const std::vector<Bytes>& parts) {
  Bytes all;
  for (const Bytes& part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}

/// A stream and what it has delivered; each message must be of one byte repeated.
class Receiver {
 public:
  Receiver() { stream_->start(); }
  void segment(const Bytes& all, size_t from, size_t to) {
    stream_->on_segment(static_cast<uint32_t>(from), {all.data() + from, to - from},
                        [this](ByteRange message) {
                          EXPECT_EQ(message.u8(0), message.u8(message.size() - 1));
                          messages.emplace_back(message.u8(0), message.size());
                        });
  }
  [[nodiscard]] uint32_t too_long() const { return stream_->messages_too_long(); }

  std::vector<std::pair<int, size_t>> messages;

 private:
  std::unique_ptr<DnsStream> stream_ = std::make_unique<DnsStream>();
};

const Bytes kStream = joined({framed(12, 1), framed(300, 2), framed(5, 3), framed(20'000, 4),
                              framed(DnsStream::kMessageBytesMax, 5), framed(0, 0),
                              framed(DnsStream::kMessageBytesMax + 1, 6), framed(40, 7)});
/// Without those shorter than a header or too long.
const std::vector<std::pair<int, size_t>> kMessages = {
    {1, 12}, {2, 300}, {5, DnsStream::kMessageBytesMax}, {7, 40}};

TEST(DnsStream, GivesTheSameMessagesForAnySplit) {
  std::mt19937 random{53};
  for (int round = 0; round < 200; ++round) {
    Receiver receiver;
    const size_t step_max = round < 10 ? static_cast<size_t>(round) + 1 : 1 + random() % 70'000;
    for (size_t at = 0; at < kStream.size();) {
      const size_t end = std::min(kStream.size(), at + 1 + random() % step_max);
      receiver.segment(kStream, at - std::min<size_t>(at, random() % 50), end);  // repeats some
      at = end;
    }
    EXPECT_EQ(receiver.messages, kMessages) << step_max;
    EXPECT_EQ(receiver.too_long(), 2U);
  }
}

TEST(DnsStream, JoinsOnePieceThatCameEarly) {
  const Bytes all = joined({framed(100, 1), framed(200, 2), framed(50, 3)});
  for (size_t hole = 0; hole < 280; hole += 7) {
    Receiver receiver;
    receiver.segment(all, 0, hole);
    receiver.segment(all, hole + 40, 320);
    receiver.segment(all, 320, all.size());
    receiver.segment(all, hole, hole + 40);
    EXPECT_EQ(receiver.messages, (std::vector<std::pair<int, size_t>>{{1, 100}, {2, 200}, {3, 50}}))
        << hole;
  }
}

TEST(DnsStream, EndsAtAHoleThatIsNotFilled) {
  const Bytes all = joined({framed(100, 1), framed(200, 2), framed(50, 3)});
  Receiver receiver;
  receiver.segment(all, 0, 102);
  receiver.segment(all, 150, all.size());
  EXPECT_EQ(receiver.messages.size(), 1U);
  receiver.segment(all, 102, 150);  // and goes on when it is
  EXPECT_EQ(receiver.messages.size(), 3U);
}

TEST(DnsStream, KeepsNothingBeyondItsWindow) {
  const Bytes all = joined({framed(8'000, 1), framed(8'000, 2)});
  Receiver receiver;
  receiver.segment(all, 10'000, all.size());
  receiver.segment(all, 0, 10'000);
  EXPECT_EQ(receiver.messages.size(), 1U);
  receiver.segment(all, 10'000, all.size());
  EXPECT_EQ(receiver.messages.size(), 2U);
}

}  // namespace
}  // namespace tapstat::flowstats::layer7
