/// Timestamps and selective acknowledgments from the option bytes of one segment.
///
/// Reads inside the given bytes only; what is cut short or has a wrong length counts as absent.
/// Pure functions, any thread. Sources: RFC 9293 section 3.1 (list), RFC 7323 section 3.2
/// (timestamps), RFC 2018 section 3 (blocks).
#pragma once

#include <array>
#include <cstdint>

#include "flowstats/base/byte_range.h"

namespace tapstat::flowstats {

struct TcpTimestamps {
  bool present = false;
  uint32_t value = 0;  // TSval: the sender's clock
  uint32_t echo = 0;   // TSecr
};

/// Sequence numbers [start, end) that the receiver holds, or got twice (RFC 2883).
struct SackBlock {
  uint32_t start = 0, end = 0;
};

struct SackBlocks {
  static constexpr unsigned kMax = 4;  // what 40 bytes of options have room for
  std::array<SackBlock, kMax> block{};
  uint8_t count = 0;
};

/// The general case of read_timestamps().
[[nodiscard]] TcpTimestamps find_timestamps(ByteRange options);

/// The way most systems write them is recognised at once: two no-operations, then the option.
[[nodiscard]] inline TcpTimestamps read_timestamps(ByteRange options) {
  if (options.has(0, 12) && options.u32(0) == 0x0101080a)
    return {true, options.u32(4), options.u32(8)};
  return find_timestamps(options);
}

/// Of the first SACK option.
[[nodiscard]] SackBlocks read_sack_blocks(ByteRange options);

}  // namespace tapstat::flowstats
