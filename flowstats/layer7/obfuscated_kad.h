/// KAD in its obfuscated form, told by the lengths of the first datagrams of a flow in both
/// directions alone.
///
/// A hit marks the flow; the logs print 18 for a direction that nothing else classified. Lengths
/// are the UDP header's. State of each flow, owned by its worker. Source: Tstat 3.3.
#pragma once

#include <array>
#include <cstdint>

#include "flowstats/layer7/inspection.h"

namespace tapstat::flowstats::layer7 {

struct ObfuscatedKad {
  static constexpr uint32_t kDatagramsMax = 9;

  std::array<uint8_t, 2> latest{};           // length of the side's latest datagram, at most 255
  std::array<uint8_t, 2> pending_request{};  // 43 or 59 when no other length came since; 0: none
  bool found = false;

  /// Datagrams 1 to kDatagramsMax of the flow, both directions together; later ones change nothing.
  void on_datagram(const UdpDatagramView& datagram);
};

}  // namespace tapstat::flowstats::layer7
