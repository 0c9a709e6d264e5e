/// What a worker says of a segment to the thread that follows connections for exit records, as it
/// lies in the feed (exit_feed.h).
///
/// A usual segment is one unit of 32 bytes: no options but timestamps in their usual place,
/// captured in order and little time after the one before. All others are an ExitMessage of two
/// units, with the five-tuple behind it where the follower needs it, and options of more than
/// twelve bytes behind that. Both begin with a piece of the Segment as it lies in memory. Plain
/// values of the feed.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "flowstats/wire/segment.h"

namespace tapstat::dataplane {

/// What all messages consist of, and the units of a feed's positions.
inline constexpr size_t kExitUnitBytes = 32;

struct alignas(kExitUnitBytes) ExitMessage {
  enum class Kind : uint8_t {
    segment,  // of the flow that began in `entry`
    begin,    // the first one of a flow
    stray,    // of no flow
    single,   // the only one of a flow that ends with it
    let_go,   // the flow in `entry` has ended
    clock,    // all packets up to `clock` have been told
    finish,   // end of a trace at `clock`
    end,      // of the run
  };
  static constexpr uint16_t kUnusual = 0xffff;
  static constexpr size_t kInlineOptions = 12;

  // As in Segment, from `seq` on, in one piece.
  uint32_t seq, ack;
  uint16_t window;
  uint8_t flags;
  flowstats::Direction direction;
  bool ip_id_is_identifying;
  Kind kind;      // where Segment has malformed_offset
  uint16_t mark;  // kUnusual, or this is a UsualExitMessage; where Segment has its checksum
  int32_t payload_length;
  uint16_t ip_id;
  uint8_t ttl, tos;
  flowstats::TcpOptions options;
  uint16_t payload_captured;
  uint8_t option_bytes;  // more than kInlineOptions: they fill the last units
  uint8_t frame;
  flowstats::Timestamp time, clock;

  uint32_t entry;
  std::array<uint8_t, kInlineOptions> inline_options;

  /// Becomes one without a segment.
  void set(Kind its_kind, uint32_t its_entry, flowstats::Timestamp its_clock) {
    mark = kUnusual;
    kind = its_kind;
    option_bytes = 0;
    entry = its_entry;
    clock = its_clock;
  }

  [[nodiscard]] bool is_usual() const { return mark != kUnusual; }
  /// A SYN in a flow of the logs may begin another connection.
  [[nodiscard]] static bool has_key(Kind kind, uint8_t flags) {
    return kind == Kind::begin || kind == Kind::stray || kind == Kind::single ||
           (kind == Kind::segment && (flags & flowstats::tcp_flag::kSyn) != 0);
  }
  [[nodiscard]] bool has_key() const { return has_key(kind, flags); }
  /// Its clock is what the next step begins from. A flow may begin with a SYN of some time ago.
  [[nodiscard]] bool sets_clock() const { return kind != Kind::let_go && kind != Kind::begin; }
  /// Of a whole message that is none of a usual segment.
  [[nodiscard]] static uint32_t units_of(Kind kind, uint8_t flags, uint8_t option_bytes) {
    return 2u + (has_key(kind, flags) ? 2u : 0u) + (option_bytes > kInlineOptions ? 2u : 0u);
  }
  [[nodiscard]] uint32_t units() const {
    return is_usual() ? 1 : units_of(kind, flags, option_bytes);
  }
  /// Becomes that of a segment, with what stands behind it: units_of() from here on.
  void set(Kind its_kind, uint32_t its_entry, const flowstats::Segment& segment);
  /// What the follower needs of the segment. Its options point into the message.
  [[nodiscard]] flowstats::Segment segment() const;
};
static_assert(sizeof(ExitMessage) == 2 * kExitUnitBytes);
inline constexpr uint32_t kExitMessageUnitsMax = 6;

/// A segment of the flow that began in an entry, with its time as its clock.
struct alignas(kExitUnitBytes) UsualExitMessage {
  /// Of `place`, beside the entry: the segment has plain timestamps.
  static constexpr uint32_t kHasTimestamps = 0x800000;
  /// Entries below this leave ExitMessage::kUnusual to the others.
  static constexpr uint32_t kEntriesMax = 0x7fff00;
  static constexpr uint64_t kStepMaxUs = 0xffff;
  static constexpr int32_t kPayloadMax = 0xffff;

  // As in Segment, from `seq` on, in one piece.
  uint32_t seq, ack;
  uint16_t window;
  uint8_t flags;
  flowstats::Direction direction;
  bool ip_id_is_identifying;
  std::array<uint8_t, 3> place;  // little-endian
  uint16_t payload_length;
  uint16_t step_us;  // since the last message that sets_clock()
  uint16_t ip_id;
  uint8_t ttl, tos;

  std::array<uint8_t, 8> timestamps;  // as sent

  [[nodiscard]] static const UsualExitMessage& of(const ExitMessage& message) {
    return reinterpret_cast<const UsualExitMessage&>(message);
  }
  [[nodiscard]] uint32_t entry() const { return place_word() & ~kHasTimestamps; }
  [[nodiscard]] bool has_timestamps() const { return (place_word() & kHasTimestamps) != 0; }
  /// Room for the options that segment() makes again.
  using OptionList = std::array<uint8_t, flowstats::TcpOptions::kPlainBytes>;
  [[nodiscard]] flowstats::Segment segment(flowstats::Timestamp clock, OptionList& list) const;

 private:
  [[nodiscard]] uint32_t place_word() const {
    return uint32_t{place[0]} | uint32_t{place[1]} << 8 | uint32_t{place[2]} << 16;
  }
};
static_assert(sizeof(UsualExitMessage) == kExitUnitBytes);
static_assert(offsetof(UsualExitMessage, place) + 1 == offsetof(ExitMessage, mark));

inline flowstats::Segment UsualExitMessage::segment(flowstats::Timestamp clock,
                                                    OptionList& list) const {
  using flowstats::TcpOptions;
  flowstats::Segment s;
  s.seq = seq;
  s.ack = ack;
  s.window = window;
  s.flags = flags;
  s.direction = direction;
  s.ip_id_is_identifying = ip_id_is_identifying;
  s.payload_length = payload_length;
  s.ip_id = ip_id;
  s.ttl = ttl;
  s.tos = tos;
  s.time = s.clock = clock;
  if (has_timestamps()) {
    constexpr std::array<uint8_t, 4> kHead = {1, 1, 8, 10};  // RFC 7323, appendix A
    s.options.seen = TcpOptions::kTimestamps | TcpOptions::kPlain;
    s.option_bytes = TcpOptions::kPlainBytes;
    std::ranges::copy(timestamps, std::ranges::copy(kHead, list.begin()).out);
    s.payload_bytes = list.data() + list.size();
  }
  return s;
}

}  // namespace tapstat::dataplane
