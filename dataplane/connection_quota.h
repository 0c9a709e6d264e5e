/// Counts packets of connections up to a limit each, in bounded memory.
///
/// A set-associative table: a line of cache has room for four connections, and a fifth that meets
/// them takes the place of the one that was silent longest, which then starts at zero again. A SYN
/// without ACK begins a new connection. Worker thread only.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>

#include "flowstats/base/arena.h"
#include "flowstats/wire/segment.h"

namespace tapstat::dataplane {

class ConnectionQuota {
 public:
  /// `limit`: packets; 0 = no limit and no memory. `connections`: at the same time, about.
  ConnectionQuota(uint32_t limit, uint32_t connections)
      : limit_(limit),
        sets_(limit == 0 ? 1 : std::bit_ceil(std::max(connections, kWays) / kWays)) {}

  /// True when this packet of its connection is within the limit.
  [[nodiscard]] bool admits(const flowstats::Segment& segment) {
    if (limit_ == 0) return true;
    using namespace flowstats::tcp_flag;
    Entry& entry = find(segment.hash);
    if (segment.has(kSyn) && !segment.has(kAck)) entry.packets = 0;
    entry.used = ++clock_;
    if (entry.packets == limit_) return false;
    ++entry.packets;
    return true;
  }
  [[nodiscard]] size_t bytes() const { return sets_.bytes(); }
  void touch() { sets_.touch(); }

 private:
  static constexpr uint32_t kWays = 4;
  struct Entry {
    uint64_t hash;
    uint32_t packets;
    uint32_t used;  // a turn of the clock; it wraps, and then an older one may stay longer
  };
  using Set = std::array<Entry, kWays>;
  static_assert(sizeof(Set) == 64);

  [[nodiscard]] Entry& find(uint64_t hash) {
    Set& set = sets_[static_cast<uint32_t>(hash) & (sets_.capacity() - 1)];
    Entry* oldest = set.data();
    for (Entry& entry : set) {
      if (entry.hash == hash) return entry;
      if (clock_ - entry.used > clock_ - oldest->used) oldest = &entry;
    }
    *oldest = {hash, 0, 0};
    return *oldest;
  }

  uint32_t limit_;
  uint32_t clock_ = 0;
  flowstats::Arena<Set> sets_;
};

}  // namespace tapstat::dataplane
