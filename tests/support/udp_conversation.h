/// Datagrams of one UDP flow as layer-7 inspection is shown them, counted as a flow counts them.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>
#include <vector>

#include "flowstats/layer7/inspection.h"

namespace tapstat::test {

class UdpConversation {
 public:
  UdpConversation(uint16_t client_port, uint16_t server_port) : ports_{client_port, server_port} {}

  /// Valid until the next one. `payload_bytes`: on the wire, when more than was captured.
  flowstats::layer7::UdpDatagramView datagram(size_t side, std::vector<uint8_t> payload,
                                              size_t payload_bytes = 0) {
    payload_ = std::move(payload);
    flowstats::layer7::UdpDatagramView view;
    view.side = side;
    view.packets = ++packets_;
    view.packets_of_side = ++of_side_[side];
    view.udp_length = static_cast<uint32_t>(8 + std::max(payload_bytes, payload_.size()));
    view.ip_payload_length = view.udp_length;
    view.payload = {payload_.data(), payload_.size()};
    view.source_port = ports_[side];
    view.destination_port = ports_[1 - side];
    view.ttl = 64;
    view.time = time_ = time_ + flowstats::milliseconds(1);
    return view;
  }
  /// Content that no signature knows; `udp_length` counts the header.
  flowstats::layer7::UdpDatagramView of_length(size_t side, size_t udp_length) {
    std::vector<uint8_t> payload(udp_length - 8);
    for (size_t i = 0; i < payload.size(); ++i) payload[i] = static_cast<uint8_t>(0xf0 - 7 * i);
    return datagram(side, payload);
  }

 private:
  std::array<uint16_t, 2> ports_;
  std::vector<uint8_t> payload_;
  uint32_t packets_ = 0;
  std::array<uint32_t, 2> of_side_{};
  flowstats::Timestamp time_{1'600'000'000'000'000};
};

}  // namespace tapstat::test
