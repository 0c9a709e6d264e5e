/// Five-tuple hash -> worker. Both directions alike, because the hash is symmetric; other bits than
/// the flow table takes.
#pragma once

#include <cstdint>

namespace tapstat::dataplane {

[[nodiscard]] constexpr uint32_t worker_of(uint64_t hash, uint32_t workers) {
  // The top 32 bits scaled to [0, workers): no division.
  return static_cast<uint32_t>(((hash >> 32) * workers) >> 32);
}

}  // namespace tapstat::dataplane
