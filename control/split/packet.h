/// A packet on its way from the captures to the pieces, with its bytes. Control thread.
#pragma once

#include <cstdint>
#include <cstring>
#include <memory>

#include "flowstats/base/byte_range.h"

namespace tapstat::control::splitting {

inline constexpr int64_t kSecondNs = 1'000'000'000;

struct Packet {
  int64_t time_ns = 0;  // since 1970
  uint32_t wire_length = 0, captured_length = 0;
  uint32_t source = 0;   // number of the capture, in the order of their first packets
  bool is_late = false;  // older than a packet that has left already
  std::unique_ptr<uint8_t[]> memory;

  [[nodiscard]] flowstats::ByteRange bytes() const { return {memory.get(), captured_length}; }
};

[[nodiscard]] inline Packet make_packet(int64_t time_ns, uint32_t wire_length,
                                        flowstats::ByteRange bytes, uint32_t source) {
  Packet packet;
  packet.time_ns = time_ns;
  packet.wire_length = wire_length;
  packet.captured_length = static_cast<uint32_t>(bytes.size());
  packet.source = source;
  packet.memory.reset(new uint8_t[bytes.size() + 1]);  // not cleared first
  if (!bytes.empty()) std::memcpy(packet.memory.get(), bytes.data(), bytes.size());
  return packet;
}

}  // namespace tapstat::control::splitting
