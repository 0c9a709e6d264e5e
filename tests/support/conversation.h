/// A TCP conversation told in sentences; sequence and acknowledgment numbers follow from what was
/// said before.
///
///   Conversation talk;
///   talk.handshake();                                  // SYN 0 ms, SYN+ACK 20 ms, ACK 21 ms
///   talk.client().sends(100).at(30_ms);                // sequence offset 1, acknowledges all that
///   the server sent talk.server().acks().at(52_ms); talk.client().repeats(1, 100).at(900_ms); //
///   the same bytes again, next IP id write_capture(file, talk.frames());
///
/// Offsets are relative to the sender's ISN: the SYN is 0, the first data byte 1. Times are
/// relative to the start. Every sentence gives a Sentence that can be refined until frames() is
/// called. One thread.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "tests/support/capture_writer.h"
#include "tests/support/packet_builder.h"

namespace tapstat::tests {

inline namespace time_literals {
constexpr flowstats::Duration operator""_us(unsigned long long n) {
  return {static_cast<int64_t>(n)};
}
constexpr flowstats::Duration operator""_ms(unsigned long long n) {
  return flowstats::milliseconds(static_cast<int64_t>(n));
}
constexpr flowstats::Duration operator""_ms(long double n) {
  return {static_cast<int64_t>(n * 1000 + 0.5L)};
}
constexpr flowstats::Duration operator""_s(unsigned long long n) {
  return flowstats::seconds(static_cast<int64_t>(n));
}
}  // namespace time_literals

/// 2020-09-13 12:26:40 UTC: where conversations start unless told otherwise.
inline constexpr flowstats::Timestamp kStart{1'600'000'000'000'000};

/// What wraps the IP packet: link layer, tags, tunnels. Given a builder, adds the outer layers.
using Wrapping = PacketBuilder& (*)(PacketBuilder&);

/// One packet in the making.
class Sentence {
 public:
  Sentence& at(flowstats::Duration since_start) { return set(time_, since_start); }
  Sentence& with(uint8_t more_flags) {
    return set(flags_, static_cast<uint8_t>(flags_ | more_flags));
  }
  Sentence& without(uint8_t flags) { return set(flags_, static_cast<uint8_t>(flags_ & ~flags)); }
  Sentence& push() { return with(kPsh); }
  Sentence& window(uint16_t window) { return set(tcp_.window, window); }
  Sentence& options(FrameBytes options) { return set(tcp_.options, std::move(options)); }
  Sentence& ip_id(uint16_t id) { return set(ip_id_, id); }
  Sentence& ttl(uint8_t ttl) { return set(ttl_, ttl); }
  Sentence& dont_fragment() { return set(dont_fragment_, true); }
  /// Relative to the peer's ISN.
  Sentence& ack(uint32_t offset) { return set(ack_offset_, offset); }
  Sentence& seq_offset(uint32_t offset) { return set(seq_offset_, offset); }
  Sentence& data_offset(uint8_t words) {
    return set(tcp_.data_offset_words, std::optional<uint8_t>(words));
  }
  Sentence& total_length(uint16_t bytes) {
    return set(total_length_, std::optional<uint16_t>(bytes));
  }
  /// The payload itself, as long as was said; else it is filled up with anything.
  Sentence& bytes(FrameBytes payload) { return set(bytes_, std::move(payload)); }
  Sentence& checksum(uint16_t value) { return set(tcp_.checksum, std::optional<uint16_t>(value)); }
  Sentence& more_fragments() { return set(more_fragments_, true); }
  /// Sent, but neither captured nor received: the peer acknowledges only what comes before, until
  /// it is repeated.
  Sentence& lost();
  /// Received by the peer, but not captured.
  Sentence& not_captured() { return set(captured_, false); }

 private:
  friend class Conversation;
  friend class Speaker;
  template <class Field, class Value>
  Sentence& set(Field& field, Value value) {
    field = std::move(value);
    return *this;
  }

  class Conversation* talk_ = nullptr;
  int side_ = 0;
  flowstats::Duration time_;
  uint32_t seq_offset_ = 0, ack_offset_ = 0;
  uint8_t flags_ = 0, ttl_ = 64;
  uint16_t ip_id_ = 0;
  bool captured_ = true, dont_fragment_ = false, more_fragments_ = false;
  size_t payload_ = 0;
  FrameBytes bytes_;
  TcpFields tcp_;
  std::optional<uint16_t> total_length_;
};

/// One side of a conversation.
class Speaker {
 public:
  Sentence& syn(size_t payload = 0);  // repeated: the same sequence number
  Sentence& syn_ack();
  Sentence& sends(size_t payload);
  /// Bytes [offset, offset + payload) again, whatever was said before.
  Sentence& repeats(uint32_t offset, size_t payload);
  Sentence& acks();
  Sentence& fin(size_t payload = 0);
  Sentence& rst();

  /// Before the first sentence.
  Speaker& isn(uint32_t isn);
  Speaker& address(std::string text);
  Speaker& port(uint16_t port);
  Speaker& ttl(uint8_t ttl);
  Speaker& first_ip_id(uint16_t id);
  /// From the next sentence on.
  Speaker& window(uint16_t window);
  Speaker& next_offset(uint32_t offset);
  [[nodiscard]] uint32_t offset() const { return next_offset_; }  // of the next byte

 private:
  friend class Conversation;
  friend class Sentence;
  Sentence& say(uint32_t offset, size_t payload, uint8_t flags);

  class Conversation* talk_ = nullptr;
  int side_ = 0;
  uint32_t isn_ = 0;
  uint32_t next_offset_ = 0;                // relative to the ISN
  std::optional<uint32_t> missing_offset_;  // first byte that the peer has not received
  std::string address_;
  uint16_t port_ = 0, next_ip_id_ = 1, window_ = 8192;
  uint8_t ttl_ = 64;
};

class Conversation {
 public:
  /// 192.0.2.10:40000 (ISN 1000) and 198.51.100.20:9999 (ISN 500000).
  explicit Conversation(flowstats::Timestamp start = kStart);
  Conversation(const Conversation&) = delete;
  Conversation& operator=(const Conversation&) = delete;

  [[nodiscard]] Speaker& client() { return sides_[0]; }
  [[nodiscard]] Speaker& server() { return sides_[1]; }

  /// 2001:db8:1::10 and 2001:db8:2::20.
  Conversation& ipv6();
  Conversation& wrapped_in(Wrapping wrapping);

  /// SYN at `start`, SYN+ACK 20 ms and ACK 21 ms later, with the given options in the SYNs.
  Conversation& handshake(flowstats::Duration start = {}, FrameBytes client_options = {},
                          FrameBytes server_options = {});
  /// Client's FIN at `start`, server's FIN+ACK 20 ms and client's ACK 21 ms later.
  Conversation& close(flowstats::Duration start);

  /// Captured packets in time order; equal times in the order told.
  [[nodiscard]] std::vector<TimedFrame> frames() const;
  /// In the order told, for captures whose time goes backwards.
  [[nodiscard]] std::vector<TimedFrame> frames_as_told() const;

 private:
  friend class Speaker;
  friend class Sentence;
  [[nodiscard]] FrameBytes build(const Sentence& sentence) const;

  flowstats::Timestamp start_;
  Speaker sides_[2];
  bool ipv6_ = false;
  Wrapping wrapping_ = nullptr;
  std::deque<Sentence> sentences_;  // references stay valid
};

/// Several captures into one, in time order; equal times in the order given.
[[nodiscard]] std::vector<TimedFrame> merged(std::vector<std::vector<TimedFrame>> captures);

}  // namespace tapstat::tests
