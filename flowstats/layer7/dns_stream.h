/// DNS messages in one direction of a TCP connection (RFC 1035 section 4.2.2): two bytes of length,
/// then the message, across segments.
///
/// Bytes that come again are dropped. Bytes that come early are kept while they lie inside the
/// window and make one piece; a hole that is never filled ends the direction. Messages longer than
/// kMessageBytesMax are passed over and counted. For any split into segments that come in order,
/// repeated or not, the messages are the same. Trivially copyable, lives in a pool; one owner
/// thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "flowstats/base/byte_range.h"
#include "flowstats/layer7/dns_message.h"

namespace tapstat::flowstats::layer7 {

class DnsStream {
 public:
  static constexpr size_t kMessageBytesMax = 8 * 1024 - 2;

  /// Before the first segment, also of an entry that another flow has used.
  void start() {
    next_ = start_ = early_begin_ = early_end_ = 0;
    messages_too_long_ = 0;
  }

  /// `offset` is that of the first byte of `payload` in the direction's stream; the stream is at
  /// most 2 GiB ahead of it. Calls deliver(message) for each message that is complete now and has
  /// at least a header; the view lasts during the call.
  template <class Deliver>
  void on_segment(uint32_t offset, ByteRange payload, Deliver deliver) {
    while (!payload.empty()) {
      const size_t taken = take(offset, payload);
      deliver_complete(deliver);
      if (taken == 0) return;
      offset += static_cast<uint32_t>(taken);
      payload = payload.from(taken);
    }
  }

  [[nodiscard]] uint32_t messages_too_long() const { return messages_too_long_; }

 private:
  static constexpr size_t kWindowBytes = kMessageBytesMax + 2;

  /// Bytes of the payload that are dealt with now; zero when the rest is of no use.
  [[nodiscard]] size_t take(uint32_t offset, ByteRange payload);
  void store_early(size_t at, ByteRange bytes);
  void join_early();
  /// The first message of the window, and the bytes it takes; empty when it is not complete.
  [[nodiscard]] ByteRange first_message();
  void drop(size_t bytes);

  template <class Deliver>
  void deliver_complete(Deliver& deliver) {
    for (;;) {
      const ByteRange message = first_message();
      if (message.empty()) return;
      if (message.size() - 2 >= kDnsHeaderBytes) deliver(message.from(2));
      drop(message.size());
    }
  }

  [[nodiscard]] size_t contiguous() const { return next_ - start_; }

  uint32_t start_;  // of the window
  uint32_t next_;   // all bytes before it have come or are of no interest
  // The piece that came early, in bytes from the window's start; none when both are equal.
  uint32_t early_begin_, early_end_;
  uint32_t messages_too_long_;
  std::array<uint8_t, kWindowBytes> window_;
};
static_assert(std::is_trivially_copyable_v<DnsStream>);

}  // namespace tapstat::flowstats::layer7
