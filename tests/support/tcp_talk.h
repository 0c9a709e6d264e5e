/// Segments of one TCP connection as the parser gives them, told side by side with their texts.
///
/// Each side goes on where it stopped and acknowledges all that the other has sent. The client is
/// 192.0.2.10, the server 198.51.100.20. Times in microseconds, never backwards; payloads must
/// outlive their segments. One thread.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "flowstats/layer7/inspection.h"
#include "flowstats/measurement.h"
#include "flowstats/wire/five_tuple.h"
#include "flowstats/wire/segment.h"

namespace tapstat::tests {

class TcpTalk {
 public:
  explicit TcpTalk(uint16_t client_port = 40'000, uint16_t server_port = 9999)
      : ends_{flowstats::Endpoint{flowstats::IpAddress::v4(0xc000020a), client_port},
              flowstats::Endpoint{flowstats::IpAddress::v4(0xc6336414), server_port}} {}

  [[nodiscard]] flowstats::Segment client(int64_t at_us, std::string_view payload = {},
                                          uint8_t flags = flowstats::tcp_flag::kAck) {
    return says(flowstats::layer7::kClient, at_us, payload, flags);
  }
  [[nodiscard]] flowstats::Segment server(int64_t at_us, std::string_view payload = {},
                                          uint8_t flags = flowstats::tcp_flag::kAck) {
    return says(flowstats::layer7::kServer, at_us, payload, flags);
  }
  [[nodiscard]] flowstats::Segment syn(int64_t at_us) {
    return client(at_us, {}, flowstats::tcp_flag::kSyn);
  }
  /// SYN, SYN and ACK after 10 ms, ACK after 20 ms.
  [[nodiscard]] std::array<flowstats::Segment, 3> handshake(int64_t at_us) {
    const flowstats::Segment first = syn(at_us);
    const flowstats::Segment second =
        server(at_us + 10'000, {}, flowstats::tcp_flag::kSyn | flowstats::tcp_flag::kAck);
    return {first, second, client(at_us + 20'000)};
  }

 private:
  flowstats::Segment says(size_t side, int64_t at_us, std::string_view payload, uint8_t flags) {
    using namespace flowstats;
    const DirectedTuple directed =
        make_tuple(ends_[side], ends_[1 - side], kProtocolTcp, IpVersion::v4);
    Segment s;
    s.tuple = directed.tuple;
    s.direction = directed.direction;
    s.hash = hash_tuple(s.tuple, Measurement{}.hash_seed);
    s.time = s.clock = Timestamp{at_us};
    s.flags = flags;
    s.seq = next_[side];
    s.ack = s.has(tcp_flag::kAck) ? next_[1 - side] : 0;
    s.window = 8192;
    s.ttl = 64;
    s.ip_id = ++ip_id_;
    s.payload_length = static_cast<int32_t>(payload.size());
    s.payload_bytes = reinterpret_cast<const uint8_t*>(payload.data());
    s.payload_captured = static_cast<uint16_t>(payload.size());
    next_[side] += static_cast<uint32_t>(payload.size());
    if (s.has(tcp_flag::kSyn | tcp_flag::kFin)) ++next_[side];
    return s;
  }

  std::array<flowstats::Endpoint, 2> ends_;
  std::array<uint32_t, 2> next_ = {1000, 500'000};  // sequence numbers
  uint16_t ip_id_ = 0;
};

}  // namespace tapstat::tests
