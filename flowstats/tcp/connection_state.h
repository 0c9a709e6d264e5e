/// What the handshake, the acknowledgments and the close of a connection say about its two
/// directions: one bit each, all in one word.
///
/// Working state only: nothing of it is printed. Owned by the worker.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

#include "flowstats/base/serial_number.h"
#include "flowstats/measurement.h"

namespace tapstat::flowstats {

/// Flags of a direction.
namespace direction_flag {
inline constexpr uint32_t kSynSeen = 1 << 0, kFinSeen = 1 << 1, kRstSeen = 1 << 2,
                          kFinAcknowledged = 1 << 3,
                          kDataAcknowledged =
                              1 << 4,  // the other side acknowledged more than the SYN
    kWindowIsOpen = 1 << 5,            // its latest effective window is not zero
    kFirstAckSeen = 1 << 6, kFirstDataSeen = 1 << 7,
                          kTimestampsSeen = 1 << 8,  // the option
    kMessageSeen = 1 << 9,
                          kIsClient = 1 << 10,  // it opened the flow
    kIsInternal = 1 << 11,                      // its sender is in the internal networks
    kIsLatest = 1 << 12,                        // the latest segment came from it
    kScalingIsOpen = 1 << 13,                   // window scales not settled yet (in both)
    kIsInspected = 1 << 14,                     // its payload is looked at
    kIsWatched = 1 << 15;                       // only where it begins like a word
}  // namespace direction_flag

class ConnectionState {
 public:
  [[nodiscard]] constexpr bool has(size_t direction, uint32_t flag) const {
    return (flags_ >> shift(direction) & flag) != 0;
  }
  constexpr void set(size_t direction, uint32_t flag, bool value = true) {
    const uint32_t bit = flag << shift(direction);
    flags_ = value ? flags_ | bit : flags_ & ~bit;
  }
  [[nodiscard]] constexpr bool has_both(uint32_t flag) const {
    return has(0, flag) && has(1, flag);
  }
  [[nodiscard]] constexpr bool has_either(uint32_t flag) const {
    return has(0, flag) || has(1, flag);
  }
  void set_latest(size_t direction) {
    set(direction, direction_flag::kIsLatest);
    set(1 - direction, direction_flag::kIsLatest, false);
  }

  /// All flags as one word: those of `direction` in the lower half, those of the other one above
  /// kOther.
  static constexpr int kOther = 16;
  [[nodiscard]] constexpr uint32_t seen_from(size_t direction) const {
    return std::rotr(flags_, shift(direction));
  }
  constexpr void assign(size_t direction, uint32_t seen_from) {
    flags_ = std::rotl(seen_from, shift(direction));
  }

 private:
  static constexpr int shift(size_t direction) { return static_cast<int>(direction) * kOther; }
  uint32_t flags_ = 0;
};

/// Tstat compares sequence numbers as plain integers here (golden case fin_at_wrap); corrected mode
/// on the circle.
[[nodiscard]] constexpr bool acknowledges_fin(uint32_t ack, uint32_t fin_seq, Mode mode) {
  return mode == Mode::tstat ? ack >= fin_seq + 1 : seq_at_or_after(ack, fin_seq + 1);
}

}  // namespace tapstat::flowstats
