/// Payloads as layer-7 inspection is shown them. Any thread; the view lives as long as the bytes.
#pragma once

#include <cstdint>
#include <vector>

#include "flowstats/layer7/inspection.h"

namespace tapstat::tests {

struct TcpViewPlace {
  size_t side = 0;      // 0 client, 1 server
  uint32_t offset = 0;  // of the first payload byte in the side's stream
  int64_t at_ms = 0;    // since the flow's start
};

[[nodiscard]] inline flowstats::layer7::TcpSegmentView tcp_view(
    TcpViewPlace place, const std::vector<uint8_t>& payload) {
  flowstats::layer7::TcpSegmentView view;
  view.side = place.side;
  view.length = static_cast<int32_t>(payload.size());
  view.payload = {payload.data(), payload.size()};
  view.offset = place.offset;
  view.since_start = flowstats::milliseconds(place.at_ms);
  return view;
}

}  // namespace tapstat::tests
