/// Frames of given sizes, and what a DPDK buffer shows of one: for tests of packet readers.
#pragma once

#include <cstdint>
#include <vector>

#include <rte_mbuf.h>

#include "tests/support/capture_writer.h"

namespace tapstat::tests {

/// Bytes differ between seeds, and between the places in a frame.
[[nodiscard]] inline FrameBytes frame_of(size_t size, size_t seed) {
  FrameBytes bytes(size);
  for (size_t k = 0; k < size; ++k) bytes[k] = static_cast<uint8_t>(seed + k * 7 + (k >> 8));
  return bytes;
}

/// A microsecond apart.
[[nodiscard]] inline std::vector<TimedFrame> frames_of(const std::vector<size_t>& sizes) {
  std::vector<TimedFrame> frames;
  for (size_t i = 0; i < sizes.size(); ++i)
    frames.push_back({flowstats::Timestamp{1'600'000'000'000'000 + static_cast<int64_t>(i)},
                      frame_of(sizes[i], i)});
  return frames;
}

/// Of all buffers of the packet.
[[nodiscard]] inline FrameBytes bytes_of(const rte_mbuf* packet) {
  FrameBytes bytes;
  for (; packet != nullptr; packet = packet->next) {
    const auto* data = rte_pktmbuf_mtod(packet, const uint8_t*);
    bytes.insert(bytes.end(), data, data + packet->data_len);
  }
  return bytes;
}

}  // namespace tapstat::tests
