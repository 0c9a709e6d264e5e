/// Records of what happens while flows live: HTTP messages, DNS messages and intervals of flows.
///
/// The messages carry the packet's payload as it was, because taking it apart is work for the
/// writer's threads. Made by workers, read by the writer.
#pragma once

#include <array>
#include <cstdint>

#include "flowstats/layer7/http_part.h"
#include "flowstats/record.h"

namespace tapstat::flowstats {

/// One segment that begins or continues a request or a response (log_http_complete).
struct HttpRecord : RecordHead {
  Ends ends;
  Timestamp time;        // of the segment
  Timestamp flow_first;  // of the flow's first packet: names are looked up for it
  layer7::HttpPart part = layer7::HttpPart::none;
  layer7::HttpField continued = layer7::HttpField::none;  // that the segment before was cut in
  TextRef segment;                                        // the captured payload
  const Resolution* resolution = nullptr;                 // set by the writer
};

/// One DNS message (names of flows, log_dns_complete). `ends` are the packet's sender and receiver.
struct DnsRecord : RecordHead {
  Ends ends;
  Timestamp time;              // of the packet
  Timestamp query_time;        // latest packet of the conversation's client; kNever: none
  Timestamp answer_time;       // latest packet of its server; kNever: none
  IpAddress client, resolver;  // of the conversation: who opened it, and its peer
  bool for_names = false;      // an answer whose names flows may have
  bool for_log = false;
  TextRef message;  // the DNS message, without the length field of TCP
};

/// What a TCP flow did since its last interval (log_tcp_periodic).
struct TcpIntervalRecord : RecordHead {
  struct Half {
    uint64_t packets = 0, rsts = 0, acks = 0, pure_acks = 0, bytes_unique = 0, data_packets = 0,
             bytes = 0, packets_retransmitted = 0, bytes_retransmitted = 0,
             packets_out_of_order = 0, syns = 0, fins = 0;
    double rtt_average_ms = 0;
    uint64_t rtt_samples = 0;
    uint64_t in_flight_min = 0, in_flight_max = 0;  // bytes; 0: no sample
    uint64_t sacks = 0;
  };
  Ends ends;
  Timestamp flow_first;
  Timestamp start, end;  // of the interval: the packet that began it, the last one counted
  std::array<Half, 2> halves;
};

/// What a UDP flow did since its last interval (log_udp_periodic).
struct UdpIntervalRecord : RecordHead {
  struct Half {
    uint64_t packets = 0, bytes = 0;
  };
  Ends ends;
  Timestamp flow_first;
  Timestamp start, end;
  std::array<Half, 2> halves;
};

}  // namespace tapstat::flowstats
