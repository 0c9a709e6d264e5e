/// One UDP conversation while it is alive: who talks, how much, since when, and what the payload
/// says.
///
/// An entry of a worker's table; owned and touched by that worker only. Arrays are indexed by side:
/// 0 is the client, which sent the first datagram.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "flowstats/base/units.h"
#include "flowstats/layer7/inspection.h"
#include "flowstats/layer7/udp_inspector.h"
#include "flowstats/measurement.h"
#include "flowstats/udp_record.h"
#include "flowstats/wire/network_list.h"
#include "flowstats/wire/segment.h"

namespace tapstat::flowstats {

struct alignas(64) UdpFlow {
  struct Half {
    Timestamp first = kNever, last = kNever;
    uint64_t bytes = 0;
    uint32_t packets = 0;
  };

  FiveTuple tuple;
  uint64_t hash = 0;
  Timestamp last_clock;  // capture clock at the latest datagram
  Timestamp first;
  std::array<Half, 2> halves;
  Direction client = Direction::from_a;
  std::array<bool, 2> internal{};
  bool in_use = false;
  bool is_single = true;            // corrected mode: no second datagram so far
  std::array<bool, 2> inspected{};  // the payload of this side may still say something
  bool is_multicast = false;        // either address: 224.0.0.0/4, ff00::/8
  layer7::UdpInspection inspection;

  /// Brings what most datagrams read and write: all but what is known of a QUIC handshake.
  void prefetch() const {
    const char* const line = reinterpret_cast<const char*>(this);
    for (size_t offset = 0; offset < 192; offset += alignof(UdpFlow))
      __builtin_prefetch(line + offset, 1);
  }

  /// Makes a fresh flow of its first datagram, which still has to be counted.
  void open(const Segment& datagram, const NetworkList& networks, bool inspect);

  [[nodiscard]] size_t side_of(const Segment& datagram) const {
    return datagram.direction == client ? 0 : 1;
  }
  void count(const Segment& datagram) {
    Half& half = halves[side_of(datagram)];
    if (half.packets++ == 0) half.first = datagram.time;
    half.last = datagram.time;
    // Tstat lets a length field below eight wrap (golden case udp_length).
    half.bytes += static_cast<uint64_t>(int64_t{datagram.payload_length});
    last_clock = datagram.clock;
  }
  /// After count().
  [[nodiscard]] layer7::UdpDatagramView view(const Segment& datagram) const {
    const size_t side = side_of(datagram);
    const bool from_a = datagram.direction == Direction::from_a;
    return {.side = side,
            .packets = packets(),
            .packets_of_side = halves[side].packets,
            .udp_length = datagram.seq,
            .ip_payload_length = datagram.ack,
            .payload = datagram.payload(),
            .source_port = from_a ? tuple.a_port : tuple.b_port,
            .destination_port = from_a ? tuple.b_port : tuple.a_port,
            .ttl = datagram.ttl,
            .time = datagram.time,
            .is_multicast = is_multicast};
  }

  [[nodiscard]] uint32_t packets() const { return halves[0].packets + halves[1].packets; }
  /// Time of the latest datagram of either side.
  [[nodiscard]] Timestamp last() const {
    return halves[0].last > halves[1].last ? halves[0].last : halves[1].last;
  }
  [[nodiscard]] bool is_internal() const { return internal[0] || internal[1]; }
  [[nodiscard]] bool expired(Timestamp last_heard, Timestamp now,
                             const FlowTimeouts& timeouts) const {
    const Duration idle = elapsed(last_heard, now);
    return idle > timeouts.udp_idle || (packets() == 1 && idle > timeouts.udp_singleton);
  }

  [[nodiscard]] Ends ends() const;
};

}  // namespace tapstat::flowstats
