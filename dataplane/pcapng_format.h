/// Numbers of the pcapng format (https://datatracker.ietf.org/doc/draft-ietf-opsawg-pcapng/), for
/// its two readers: PcapngReader, which asks of the whole file what is in it, and CaptureRecords,
/// which finds packets as libpcap does.
#pragma once

#include <cstdint>

namespace tapstat::dataplane::pcapng {

inline constexpr uint32_t kSectionHeader = 0x0a0d0d0a, kInterface = 1, kObsoletePacket = 2,
                          kSimplePacket = 3, kEnhancedPacket = 6;
inline constexpr uint32_t kByteOrderMagic = 0x1a2b3c4d, kByteOrderMagicSwapped = 0x4d3c2b1a;
inline constexpr uint32_t kBlockFrameBytes = 12;  // type, length, length again
inline constexpr uint16_t kOptionEnd = 0, kOptionTimeResolution = 9, kOptionTimeOffset = 14;

/// if_tsresol says a power of two, not of ten.
[[nodiscard]] constexpr bool is_binary_resolution(uint8_t resolution) {
  return (resolution & 0x80U) != 0;
}

/// Of if_tsresol. 0 when it does not fit 64 bits.
[[nodiscard]] constexpr uint64_t ticks_per_second(uint8_t resolution) {
  const unsigned exponent = resolution & 0x7fU;
  if (is_binary_resolution(resolution)) return exponent < 64 ? uint64_t{1} << exponent : 0;
  if (exponent > 19) return 0;
  uint64_t ticks = 1;
  for (unsigned i = 0; i < exponent; ++i) ticks *= 10;
  return ticks;
}

}  // namespace tapstat::dataplane::pcapng
