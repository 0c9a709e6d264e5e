/// A connection told packet by packet to an ExitFlow, without frames: sequence numbers are offsets
/// from the ISN, times offsets from the start.
///
/// Local is the server, next to the observation point; the round trip to Rem is what the test makes
/// it. Packets carry timestamps (milliseconds since the start, and the other end's latest) unless
/// the talk has none.
#pragma once

#include <algorithm>
#include <array>
#include <memory>
#include <vector>

#include "flowstats/exit/exit_flow.h"
#include "tests/support/conversation.h"

namespace tapstat::flowstats {

using namespace tests::time_literals;

inline constexpr unsigned kLocal = 0, kRem = 1;

struct Told {
  unsigned from = kLocal;
  uint32_t seq = 1, ack = 1, payload = 0;
  Duration at = {};
  uint8_t flags = tcp_flag::kAck;
  std::vector<SackBlock> sack = {};  // offsets
  int64_t tsval_ms = -1;             // -1: the time
  uint16_t window = 8192;
  int ip_id = -1;  // -1: the next
  uint8_t tos = 0;
};

struct TalkPlan {
  bool timestamps = true, sack = true, ecn = false;
  int window_scale = -1;
  uint32_t local_isn = 1000, rem_isn = 500'000;
  uint32_t segments_max = 1000;
  std::array<bool, 2> internal{true, false};  // Local, Rem
};

class ExitTalk {
 public:
  explicit ExitTalk(TalkPlan plan = {}) : plan_(plan), pool_(plan.segments_max) {}

  ExitRecords settings;

  /// SYN of Rem at 0 ms, SYN-ACK 1 ms and ACK 21 ms: a first round trip of 20 ms.
  void handshake() {
    const uint8_t ecn = plan_.ecn ? uint8_t{kEce} : uint8_t{0};
    say({.from = kRem,
         .seq = 0,
         .ack = 0,
         .at = 0_ms,
         .flags = static_cast<uint8_t>(tcp_flag::kSyn | ecn | (plan_.ecn ? kCwr : 0))});
    say({.seq = 0,
         .at = 1_ms,
         .flags = static_cast<uint8_t>(tcp_flag::kSyn | tcp_flag::kAck | ecn)});
    say({.from = kRem, .at = 21_ms});
  }
  /// Segments of 1000 bytes from `first` on, a millisecond apart.
  void sends(uint32_t first, unsigned count, Duration at) {
    for (unsigned i = 0; i < count; ++i)
      say({.seq = first + i * 1000, .payload = 1000, .at = {at.us + i * 1000}});
  }
  void acks(uint32_t ack, Duration at, std::vector<SackBlock> sack = {}) {
    say({.from = kRem, .ack = ack, .at = at, .sack = std::move(sack)});
  }

  void say(const Told& told) {
    std::array<uint8_t, 40> bytes{};
    const Segment segment = segment_of(told, bytes);
    if (!opened_) {
      flow->open(segment, {plan_.internal[0], plan_.internal[1]}, 7);
      opened_ = true;
    }
    flow->on_segment(segment, settings, pool_);
  }

  [[nodiscard]] ExitVariables variables(ExitFlow::View view = ExitFlow::View::local) const {
    return record(view).variables;
  }
  [[nodiscard]] ExitRecord record(ExitFlow::View view = ExitFlow::View::local) const {
    ExitRecord record;
    flow->fill(record, view, settings);
    return record;
  }
  /// A segment for questions; its options are gone.
  [[nodiscard]] Segment asked(const Told& told) {
    std::array<uint8_t, 40> bytes{};
    Segment segment = segment_of(told, bytes);
    segment.option_bytes = 0;
    return segment;
  }
  [[nodiscard]] ExitSegments& pool() { return pool_; }

  std::unique_ptr<ExitFlow> flow = std::make_unique<ExitFlow>();

 private:
  static void append(uint8_t*& to, uint32_t value) {
    for (int shift = 24; shift >= 0; shift -= 8) *to++ = static_cast<uint8_t>(value >> shift);
  }

  Segment segment_of(const Told& told, std::array<uint8_t, 40>& bytes) {
    const std::array<uint32_t, 2> isn{plan_.local_isn, plan_.rem_isn};
    Segment s;
    s.tuple = make_tuple({IpAddress{0, 0x0a000001}, 80}, {IpAddress{0, 0x0a000002}, 40'000},
                         kProtocolTcp, IpVersion::v4)
                  .tuple;  // Local is end a
    s.direction = told.from == kLocal ? Direction::from_a : Direction::from_b;
    s.seq = isn[told.from] + told.seq;
    s.ack = isn[1 - told.from] + told.ack;
    s.flags = told.flags;
    s.window = told.window;
    s.payload_length = static_cast<int32_t>(told.payload);
    s.time = s.clock = Timestamp{1'600'000'000'000'000} + told.at;
    s.ttl = 64;
    s.tos = told.tos;
    s.ip_id = told.ip_id < 0 ? next_ip_id_++ : static_cast<uint16_t>(told.ip_id);
    if (s.has(tcp_flag::kSyn)) {
      s.options.seen = TcpOptions::kMss;
      s.options.mss = 1460;
      if (plan_.sack) s.options.seen |= TcpOptions::kSackPermitted;
      if (plan_.window_scale >= 0) s.options.seen |= TcpOptions::kWindowScale;
      s.options.window_scale = static_cast<uint8_t>(std::max(plan_.window_scale, 0));
    }
    uint8_t* end = bytes.data();
    if (plan_.timestamps) {
      const int64_t tsval = told.tsval_ms >= 0 ? told.tsval_ms : told.at.us / 1000;
      s.options.seen |= TcpOptions::kTimestamps;
      append(end, 0x0101080a);
      append(end, static_cast<uint32_t>(tsval) + kTsvalBase);
      append(end, latest_tsval_[1 - told.from]);
      latest_tsval_[told.from] = static_cast<uint32_t>(tsval) + kTsvalBase;
    }
    if (!told.sack.empty()) {
      s.options.seen |= TcpOptions::kSack;
      append(end, 0x01010502 + static_cast<uint32_t>(8 * told.sack.size()));
      for (const SackBlock& block : told.sack) {
        append(end, isn[1 - told.from] + block.start);
        append(end, isn[1 - told.from] + block.end);
      }
    }
    s.option_bytes = static_cast<uint8_t>(end - bytes.data());
    s.payload_bytes = end;
    return s;
  }

  static constexpr uint32_t kTsvalBase = 70'000;
  TalkPlan plan_;
  ExitSegments pool_;
  std::array<uint32_t, 2> latest_tsval_{};
  uint16_t next_ip_id_ = 1;
  bool opened_ = false;
};

}  // namespace tapstat::flowstats
