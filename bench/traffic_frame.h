/// One planned packet -> the bytes of its frame. Fast enough for captures of many gigabytes;
/// correct checksums.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace tapstat::bench {

/// TCP flags (RFC 9293 section 3.1).
inline constexpr uint8_t kFin = 0x01, kSyn = 0x02, kRst = 0x04, kPsh = 0x08, kAck = 0x10;

/// Who talks: fixed for the life of a flow. Addresses in host byte order.
struct FlowIdentity {
  std::array<uint64_t, 2> address_high{},
      address_low{};  // [client, server]; IPv4 in the low 32 bits
  std::array<uint16_t, 2> port{};
  std::array<uint32_t, 2> isn{};
  uint16_t vlan = 0;  // 0 = untagged
  bool ipv6 = false;
  bool udp = false;
  bool timestamps = false;  // TCP option, RFC 7323
};

/// One packet to come, relative to its flow.
struct PlannedPacket {
  uint32_t delay_us = 0;                    // since the plan was made
  uint32_t seq_offset = 0, ack_offset = 0;  // relative to the ISNs
  uint32_t sack_left = 0, sack_right = 0;   // relative to the peer's ISN; equal = no SACK block
  uint16_t payload = 0;                     // bytes
  uint16_t ip_id = 0;
  uint8_t side = 0;           // 0 = client, 1 = server
  uint8_t flags = 0;          // TCP control bits
  bool repeats = false;       // every byte of it was in the capture before
  bool out_of_order = false;  // later bytes were in the capture before
};

inline constexpr size_t kFrameBytesMax = 1600;
using FrameBuffer = std::array<uint8_t, kFrameBytesMax>;

/// Fills the whole frame and returns its length on the wire.
size_t encode_frame(const FlowIdentity& flow, const PlannedPacket& packet, int64_t time_us,
                    FrameBuffer& frame);

/// Bytes of payload in a full-sized segment of the flow (1500-byte IP packets).
[[nodiscard]] uint16_t full_segment(const FlowIdentity& flow);

/// Frames that are no TCP or UDP datagram, or none that can be: what a real link also carries.
enum class OddFrame : uint8_t { arp, icmp_echo, bad_ip_version, later_fragment, count_ };
size_t encode_odd_frame(OddFrame kind, FrameBuffer& frame);

}  // namespace tapstat::bench
