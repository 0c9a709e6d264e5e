/// What layer-7 inspection is told: its settings, and the packet that it looks at.
///
/// Views are made by the worker for each packet after its flow has counted it, and die with the
/// packet buffer. Sides: 0 is the client (it sent the flow's first packet), 1 the server.
#pragma once

#include <cstddef>
#include <cstdint>

#include "flowstats/base/byte_range.h"
#include "flowstats/base/units.h"
#include "flowstats/measurement.h"

namespace tapstat::flowstats::layer7 {

inline constexpr size_t kClient = 0, kServer = 1;

inline constexpr uint32_t kUdpHeaderBytes = 8;

struct TcpSegmentView {
  size_t side = kClient;     // who sent it
  uint32_t packets = 0;      // of the flow, both directions, from 1; this one included
  uint8_t flags = 0;         // tcp_flag
  int32_t length = 0;        // of the payload on the wire; may exceed what was captured
  ByteRange payload;         // captured part
  uint32_t offset = 0;       // of the first payload byte: sequence number - (ISN + 1) of the side
  uint32_t messages = 0;     // closed by PSH or FIN by this side, this segment included
  uint32_t message_end = 0;  // offset behind the latest of them
  Duration since_start;      // since the flow's first packet
  Timestamp time;
};

struct UdpDatagramView {
  size_t side = kClient;
  uint32_t packets = 0;            // of the flow, both directions, from 1; this one included
  uint32_t packets_of_side = 0;    // the same, of this direction
  uint32_t udp_length = 0;         // length field of the UDP header, header included
  uint32_t ip_payload_length = 0;  // bytes behind the IP header, from the IP length field
  ByteRange payload;               // captured part
  uint16_t source_port = 0, destination_port = 0;
  uint8_t ttl = 0;
  Timestamp time;
  bool is_multicast = false;  // either address: 224.0.0.0/4, ff00::/8
};

}  // namespace tapstat::flowstats::layer7
