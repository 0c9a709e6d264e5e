/// A burst of packets between a source and a worker: parallel arrays, filled and emptied by one
/// thread.
#pragma once

#include <array>
#include <cstdint>

#include "dataplane/mempool.h"
#include "dataplane/parse.h"
#include "flowstats/base/units.h"

namespace tapstat::dataplane {

inline constexpr uint16_t kBurst = kBurstMax;

struct Burst {
  std::array<rte_mbuf*, kBurst> packets;
  std::array<flowstats::Timestamp, kBurst> times;   // of each packet
  std::array<flowstats::Timestamp, kBurst> clocks;  // largest packet time of the capture up to it
  LinkType link_type = LinkType::ethernet;          // of all packets
  uint16_t count = 0;
  bool has_hashes = false;  // the packets carry their flow hash (burst_frames.h)
};

}  // namespace tapstat::dataplane
