/// Plain frames: Ethernet without tag, IPv4 without options or IPv6 without extension headers, TCP
/// or UDP, headers captured whole. Almost all packets are; they are read here with few
/// instructions.
///
/// Used by parse_burst.cc only. A frame either passes every check here, and then parse() would
/// analyse it as well and find the same, or it is left to parse(). The size of the frame is
/// compared once with the longest fixed headers and once with the TCP header's own length; behind
/// these two comparisons loads are plain. Network fields are compared where possible in the order
/// in which they lie in memory, several at a time, and put in host order by one byte shuffle
/// (SSSE3, part of the baseline x86-64-v2). Sources as parse_ip.h.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include <immintrin.h>

#include "dataplane/parse_burst.h"
#include "dataplane/parse_link.h"
#include "dataplane/tcp_options.h"
#include "flowstats/measurement.h"
#include "flowstats/wire/segment.h"

namespace tapstat::dataplane::plain {

using flowstats::Direction;
using flowstats::HashKey;
using flowstats::IpAddress;
using flowstats::IpVersion;
using flowstats::Mode;
using flowstats::Segment;

/// As it lies in memory. Precondition of all loads: the bytes are there.
inline uint32_t raw32(const uint8_t* at) {
  uint32_t value;
  std::memcpy(&value, at, sizeof value);
  return value;
}
inline uint16_t load16(const uint8_t* at) {
  uint16_t value;
  std::memcpy(&value, at, sizeof value);
  return __builtin_bswap16(value);
}
inline uint32_t load32(const uint8_t* at) { return __builtin_bswap32(raw32(at)); }
inline uint64_t load64(const uint8_t* at) {
  uint64_t value;
  std::memcpy(&value, at, sizeof value);
  return __builtin_bswap64(value);
}
inline __m128i load128(const uint8_t* at) {
  return _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
}
/// Four network bytes written as a number, in the order of raw32().
constexpr uint32_t wire(uint32_t bytes) {
  static_assert(std::endian::native == std::endian::little);
  return __builtin_bswap32(bytes);
}

inline constexpr uint32_t kIp = kEthernetHeaderLength;  // where the IP header starts
inline constexpr int32_t kTcpLength = 20, kUdpLength = 8;

/// The two endpoints in canonical order. Which end sent is as good as random, so nothing branches.
struct Ipv4Endpoints {
  uint64_t a, b;  // address << 16 | port
  Direction direction;

  /// Of a frame for which Ipv4::begins() holds.
  [[gnu::always_inline]] explicit Ipv4Endpoints(const Frame& frame) {
    // Source (4 bytes), destination (4), source port (2), destination port (2), four more bytes.
    const __m128i kOrder = _mm_setr_epi8(9, 8, 3, 2, 1, 0, -1, -1, 11, 10, 7, 6, 5, 4, -1, -1);
    const __m128i both = _mm_shuffle_epi8(load128(frame.bytes + kIp + 12), kOrder);
    const auto source = static_cast<uint64_t>(_mm_cvtsi128_si64(both));
    const auto destination = static_cast<uint64_t>(_mm_extract_epi64(both, 1));
    const bool swap = destination < source;
    const uint64_t change = (source ^ destination) & (uint64_t{0} - uint64_t{swap});
    a = source ^ change;
    b = destination ^ change;
    direction = static_cast<Direction>(swap);
  }
  [[nodiscard]] uint64_t hash(uint8_t protocol, const HashKey& key) const {
    return flowstats::hash_ipv4(a, b, protocol, key);
  }
  [[gnu::always_inline]] void store(flowstats::FiveTuple& tuple, uint8_t protocol) const {
    tuple.a_address = {0, a >> 16};
    tuple.b_address = {0, b >> 16};
    tuple.a_port = static_cast<uint16_t>(a);
    tuple.b_port = static_cast<uint16_t>(b);
    tuple.protocol = protocol;
    tuple.ip_version = IpVersion::v4;
    tuple.unused = 0;
  }
};

struct Ipv6Endpoints {
  IpAddress a, b;
  uint32_t ports;  // of b in the high half, of a in the low half
  Direction direction;

  [[gnu::always_inline]] explicit Ipv6Endpoints(const Frame& frame) {
    const uint8_t* addresses = frame.bytes + kIp + 8;
    const IpAddress source{load64(addresses), load64(addresses + 8)};
    const IpAddress destination{load64(addresses + 16), load64(addresses + 24)};
    const uint32_t both_ports = load32(addresses + 32);  // the source's in the high half
    const bool swap = is_less(destination, both_ports & 0xffff, source, both_ports >> 16);
    const uint64_t mask = uint64_t{0} - uint64_t{swap};
    const uint64_t high = (source.high ^ destination.high) & mask;
    const uint64_t low = (source.low ^ destination.low) & mask;
    a = {source.high ^ high, source.low ^ low};
    b = {destination.high ^ high, destination.low ^ low};
    ports = std::rotr(both_ports, static_cast<int>(16 + 16 * uint32_t{swap}));
    direction = static_cast<Direction>(swap);
  }
  [[nodiscard]] uint64_t hash(uint8_t protocol, const HashKey& key) const {
    return flowstats::hash_ipv6(a, b, ports, protocol, key);
  }
  [[gnu::always_inline]] void store(flowstats::FiveTuple& tuple, uint8_t protocol) const {
    // By word: a copy of the whole goes through memory.
    tuple.a_address.high = a.high;
    tuple.a_address.low = a.low;
    tuple.b_address.high = b.high;
    tuple.b_address.low = b.low;
    tuple.a_port = static_cast<uint16_t>(ports);
    tuple.b_port = static_cast<uint16_t>(ports >> 16);
    tuple.protocol = protocol;
    tuple.ip_version = IpVersion::v6;
    tuple.unused = 0;
  }

 private:
  /// Endpoint's order, without a branch.
  static bool is_less(const IpAddress& x, uint32_t x_port, const IpAddress& y, uint32_t y_port) {
    const auto wide = [](const IpAddress& v) {
      return static_cast<unsigned __int128>(v.high) << 64 | v.low;
    };
    const int before = wide(x) < wide(y), equal = wide(x) == wide(y), lower = x_port < y_port;
    return (before | (equal & lower)) != 0;
  }
};

/// Where an IPv4 header of 20 bytes has its fields, and which frames have one.
struct Ipv4 {
  using Endpoints = Ipv4Endpoints;
  static constexpr uint32_t kTransport = kIp + 20;

  /// Long enough with a TCP header; EtherType, version and header length; no later fragment.
  [[gnu::always_inline]] static bool begins(const Frame& frame) {
    constexpr uint32_t kTypeAndVersion = wire(0x0800'4500), kMask = wire(0xffff'ff00);
    constexpr uint32_t kFragmentOffset = wire(0x1fff'0000);
    return frame.contiguous_length >= kTransport + kTcpLength &&
           (raw32(frame.bytes + 12) & kMask) == kTypeAndVersion &&
           (raw32(frame.bytes + kIp + 6) & kFragmentOffset) == 0;
  }
  static uint8_t protocol(const Frame& frame) { return frame.bytes[kIp + 9]; }
  static int32_t payload(const Frame& frame) { return load16(frame.bytes + kIp + 2) - 20; }

  template <Mode kMode>
  [[gnu::always_inline]] static void read(const Frame& frame, Segment& s) {
    constexpr uint8_t kDontFragment = 0x40;
    const uint8_t* ip = frame.bytes + kIp;
    s.ttl = ip[8];
    s.tos = ip[1];
    s.ip_id = load16(ip + 4);
    s.ip_id_is_identifying =
        kMode == Mode::tstat || ((s.ip_id != 0) | ((ip[6] & kDontFragment) == 0));  // RFC 6864
  }
};

/// The same for an IPv6 header.
struct Ipv6 {
  using Endpoints = Ipv6Endpoints;
  static constexpr uint32_t kTransport = kIp + 40;

  [[gnu::always_inline]] static bool begins(const Frame& frame) {
    constexpr uint32_t kTypeAndVersion = wire(0x86dd'6000), kMask = wire(0xffff'f000);
    return frame.contiguous_length >= kTransport + kTcpLength &&
           (raw32(frame.bytes + 12) & kMask) == kTypeAndVersion;
  }
  static uint8_t protocol(const Frame& frame) { return frame.bytes[kIp + 6]; }
  static int32_t payload(const Frame& frame) { return load16(frame.bytes + kIp + 4); }

  template <Mode kMode>
  [[gnu::always_inline]] static void read(const Frame& frame, Segment& s) {
    s.ttl = frame.bytes[kIp + 7];
    s.tos = static_cast<uint8_t>(load16(frame.bytes + kIp) >> 4);
    s.ip_id = kMode == Mode::tstat ? load16(frame.bytes + kIp + 4) : 0;
    s.ip_id_is_identifying = kMode == Mode::tstat;
  }
};

/// Everything but the usual list. Out of line: SYNs and SACKs only.
[[gnu::noinline]] inline flowstats::TcpOptions other_options(const uint8_t* list, size_t size,
                                                             uint32_t declared) {
  flowstats::TcpOptions options;
  walk_tcp_options({list, size}, declared, options);
  return options;
}

/// Transport headers, captured but for TCP options when Ip::begins() holds. `lengths()` gives false
/// when the length fields contradict each other or options are cut.
struct Lengths {
  int32_t header = 0;    // bytes of the transport header
  int32_t payload = 0;   // bytes behind it, by the length fields
  int32_t captured = 0;  // bytes of the payload that lie in the first buffer
};

struct Tcp {
  static constexpr uint8_t kProtocol = flowstats::kProtocolTcp;

  template <class Ip>
  [[gnu::always_inline]] static bool lengths(const Frame& frame, Lengths& lengths) {
    const int32_t by_ip = Ip::payload(frame);
    lengths.header = (int32_t{frame.bytes[Ip::kTransport + 12]} >> 2) & 0x3c;
    lengths.payload = by_ip - lengths.header;
    lengths.captured =
        std::min(by_ip, static_cast<int32_t>(frame.contiguous_length - Ip::kTransport)) -
        lengths.header;
    return lengths.header >= kTcpLength && lengths.captured >= 0;
  }

  /// Clears malformed_offset, direction and ip_id_is_identifying: those are set later.
  template <Mode kMode, class Ip>
  [[gnu::always_inline]] static void read(const Frame& frame, int32_t header, Segment& s) {
    constexpr uint32_t kNopNopTimestamps = wire(0x0101'080a);
    constexpr int32_t kWithTimestamps = kTcpLength + 12;
    const uint8_t* tcp = frame.bytes + Ip::kTransport;
    // Sequence number (4 bytes), acknowledgment number (4), data offset (1), flags (1), window (2),
    // checksum (2), urgent pointer (2).
    const __m128i kOrder = _mm_setr_epi8(3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, -1, -1, -1, 13, 12);
    static_assert(offsetof(Segment, ack) == offsetof(Segment, seq) + 4 &&
                  offsetof(Segment, window) == offsetof(Segment, seq) + 8 &&
                  offsetof(Segment, flags) == offsetof(Segment, seq) + 10 &&
                  offsetof(Segment, direction) == offsetof(Segment, seq) + 11 &&
                  offsetof(Segment, ip_id_is_identifying) == offsetof(Segment, seq) + 12 &&
                  offsetof(Segment, malformed_offset) == offsetof(Segment, seq) + 13 &&
                  offsetof(Segment, checksum) == offsetof(Segment, seq) + 14);
    _mm_storeu_si128(reinterpret_cast<__m128i*>(&s.seq),
                     _mm_shuffle_epi8(load128(tcp + 4), kOrder));
    s.option_bytes = static_cast<uint8_t>(header - kTcpLength);
    if (header == kWithTimestamps && raw32(tcp + kTcpLength) == kNopNopTimestamps) [[likely]] {
      using flowstats::TcpOptions;
      s.options = {TcpOptions::kTimestamps | TcpOptions::kPlain, 0, 0};
    } else if (header == kTcpLength) {
      s.options = {};
    } else {
      const auto declared = static_cast<uint32_t>(header - kTcpLength);
      // In tstat mode the last option may run on into whatever follows the header.
      const size_t readable =
          kMode == Mode::tstat ? frame.contiguous_length - Ip::kTransport - kTcpLength : declared;
      s.options = other_options(tcp + kTcpLength, readable, declared);
    }
  }
};

struct Udp {
  static constexpr uint8_t kProtocol = flowstats::kProtocolUdp;

  template <class Ip>
  [[gnu::always_inline]] static bool lengths(const Frame& frame, Lengths& lengths) {
    lengths.header = kUdpLength;
    lengths.payload = load16(frame.bytes + Ip::kTransport + 4) - kUdpLength;
    lengths.captured =
        std::min(lengths.payload,
                 static_cast<int32_t>(frame.contiguous_length - Ip::kTransport) - kUdpLength);
    return lengths.payload >= 0 && lengths.payload <= Ip::payload(frame) - kUdpLength;
  }

  template <Mode kMode, class Ip>
  [[gnu::always_inline]] static void read(const Frame& frame, int32_t, Segment& s) {
    s.seq = load16(frame.bytes + Ip::kTransport + 4);
    s.ack = static_cast<uint32_t>(Ip::payload(frame));
    s.window = s.checksum = 0;
    s.flags = 0;
    s.malformed_offset = false;
    s.options = {};
    s.option_bytes = 0;
  }
};

/// Everything of a segment but its times. Precondition: Ip::begins() and Transport's protocol.
/// False: the frame is not plain, and `s` is unspecified.
template <Mode kMode, bool kHashKnown, class Ip, class Transport>
[[gnu::always_inline]] inline bool parse(const Frame& where, const HashKey& key, uint64_t hash,
                                         Segment& s) {
  const Frame frame = where;  // a copy, because stores to `s` could change it for the compiler
  Lengths lengths;
  if (!Transport::template lengths<Ip>(frame, lengths)) return false;
  Transport::template read<kMode, Ip>(frame, lengths.header, s);
  s.payload_length = lengths.payload;
  s.payload_bytes = frame.bytes + Ip::kTransport + lengths.header;
  s.payload_captured = static_cast<uint16_t>(lengths.captured);
  Ip::template read<kMode>(frame, s);
  const typename Ip::Endpoints endpoints(frame);
  endpoints.store(s.tuple, Transport::kProtocol);
  s.direction = endpoints.direction;
  s.hash = kHashKnown ? hash : endpoints.hash(Transport::kProtocol, key);
  return true;
}

/// Only the hash, under the same conditions.
template <class Ip, class Transport>
[[gnu::always_inline]] inline bool find_hash(const Frame& frame, const HashKey& key,
                                             uint64_t& hash) {
  Lengths lengths;
  if (!Transport::template lengths<Ip>(frame, lengths)) return false;
  hash = typename Ip::Endpoints(frame).hash(Transport::kProtocol, key);
  return true;
}

}  // namespace tapstat::dataplane::plain
