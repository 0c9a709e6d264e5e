/// Random conversations for the laws: a list of steps (easy to shrink) -> frames.
///
/// Up to four connections, every other one over IPv6, whose packets interleave, get lost before or
/// after the observation point, are repeated whole or in part, duplicated, reordered, refused or
/// cut short.
#pragma once

#include <cstdint>
#include <vector>

#include "tests/support/capture_writer.h"

namespace tapstat::tests {

inline constexpr uint8_t kTalks = 4;

struct Step {
  enum class Kind : uint8_t { data, repeat, ack, old_ack, fin, rst, syn_again, count_ };
  enum class Fate : uint8_t { captured, lost, not_captured, duplicated, delayed, count_ };
  uint8_t talk = 0;  // which connection
  uint8_t side = 0;  // 0 client, 1 server
  Kind kind = Kind::data;
  Fate fate = Fate::captured;
  uint16_t size = 0;      // payload
  uint16_t back = 0;      // repeat and old_ack: how many bytes before the newest
  uint32_t pause_us = 0;  // since the step before
  bool push = false;
};

/// What all conversations of a list have in common.
struct TalkWorld {
  bool simultaneous_open = false;   // SYNs of both sides at the same time instead of a handshake
  bool exchange_sides = false;      // every step is made by the other side
  bool exchange_addresses = false;  // client and server change addresses and ports
  bool closings = true;             // false: FIN and RST steps are data steps
  bool far_from_boundaries = true;  // false: ISNs just below quadrant boundaries
};

[[nodiscard]] std::vector<TimedFrame> frames_of(const std::vector<Step>& steps,
                                                const TalkWorld& world);

/// Each frame twice, the copy at the same time right behind the original.
[[nodiscard]] std::vector<TimedFrame> every_frame_twice(const std::vector<TimedFrame>& frames);

}  // namespace tapstat::tests
