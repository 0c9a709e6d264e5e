#include "flowstats/layer7/obfuscated_kad.h"

#include <algorithm>

namespace tapstat::flowstats::layer7 {
namespace {

constexpr uint32_t kShortRequest = 43, kLongRequest = 59;

/// The answer carries one contact of 25 bytes or more.
bool answers(uint32_t request, uint32_t length) {
  constexpr uint32_t kHead = 9, kContact = 25;
  return request != 0 && length >= request + kHead && (length - request - kHead) % kContact == 0;
}

/// Two datagrams that follow each other in opposite directions.
bool is_exchange(uint32_t before, uint32_t length) {
  const auto between = [](uint32_t value, uint32_t low, uint32_t high) {
    return value >= low && value <= high;
  };
  return (between(before, 36, 70) && length == 22) ||
         (between(before, 46, 57) && between(length, 46, 57));
}

}  // namespace

void ObfuscatedKad::on_datagram(const UdpDatagramView& datagram) {
  if (datagram.packets > kDatagramsMax || found) return;
  const size_t side = datagram.side, other = 1 - side;
  const uint32_t length = datagram.udp_length;
  if (length == kShortRequest || length == kLongRequest) {
    pending_request[side] = static_cast<uint8_t>(length);
  } else {
    found = answers(pending_request[other], length);
    pending_request = {};
  }
  found = found || is_exchange(latest[other], length);
  latest[side] = static_cast<uint8_t>(std::min<uint32_t>(length, UINT8_MAX));
}

}  // namespace tapstat::flowstats::layer7
