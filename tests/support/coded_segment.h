/// Well-formed TCP segments in a few bytes of a fuzzer's input, so that it finds its way to
/// connections.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace tapstat::tests {

inline constexpr size_t kSegmentCode = 8;  // bytes

/// Ethernet, IPv4 and TCP headers and zeros as payload. The code: side (bit 0) and port, flags,
/// sequence number (16 bits, then its quadrant in the top bits of the last byte), acknowledgment
/// number (16 bits), payload length (11 bits).
[[nodiscard]] inline std::vector<uint8_t> coded_segment(const uint8_t* code) {
  std::vector<uint8_t> frame(54, 0);
  const auto put16 = [&](size_t at, unsigned value) {
    frame[at] = static_cast<uint8_t>(value >> 8);
    frame[at + 1] = static_cast<uint8_t>(value);
  };
  const bool from_server = (code[0] & 1) != 0;
  const unsigned payload = code[6] | (code[7] & 7u) << 8;
  put16(12, 0x0800);
  frame[14] = 0x45;
  put16(16, 40 + payload);
  put16(18, code[2]);  // identification
  frame[22] = 64;
  frame[23] = 6;
  frame[from_server ? 30 : 26] = 10;
  frame[from_server ? 26 : 30] = 20;
  put16(from_server ? 36 : 34, 1000 + (code[0] >> 1));
  put16(from_server ? 34 : 36, 80);
  put16(40, code[2] | code[3] << 8);
  put16(44, code[4] | code[5] << 8);
  frame[38] = code[7] & 0xc0;  // any quadrant
  frame[46] = 0x50;
  frame[47] = code[1];
  put16(48, 8192);
  frame.resize(54 + payload);
  return frame;
}

}  // namespace tapstat::tests
