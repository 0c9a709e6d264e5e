/// Where workers and the trace writer meet: what a worker's packet ring holds, and the writer's end
/// of it.
///
/// A slot is a head and, for a packet, its bytes right behind it. TraceSource is an interface so
/// that files know no packet rings; one source has one worker and one trace writer.
#pragma once

#include <cstddef>
#include <cstdint>

#include "flowstats/base/units.h"
#include "flowstats/trace_windows.h"

namespace tapstat::flowstats {

struct TraceSlot {
  enum class Kind : uint16_t {
    filler,  // the end of the memory; never given out
    packet,
    tally,
  };
  uint32_t bytes = 0;  // of the whole slot, padding included
  Kind kind = Kind::filler;
  uint16_t link_type = 0;  // of a packet: LINKTYPE number, https://www.tcpdump.org/linktypes.html
};

struct TracedPacket : TraceSlot {
  Timestamp time{};
  uint32_t wire_length = 0;  // bytes
  uint32_t captured = 0;     // bytes that follow

  [[nodiscard]] const std::byte* data() const {
    return reinterpret_cast<const std::byte*>(this + 1);
  }
};
static_assert(sizeof(TracedPacket) == 24);

/// Packets of some hours that the filter took and that are not in the ring.
struct TraceTally : TraceSlot {
  TraceHours hours;
  uint64_t sampled_out = 0, dropped_ring = 0;
};

/// Trace writer's thread.
class TraceSource {
 public:
  virtual ~TraceSource() = default;

  /// The oldest slot, valid until pop(); nullptr when there is none. Never waits.
  [[nodiscard]] virtual const TraceSlot* front() = 0;
  /// Gives the place of front() back.
  virtual void pop() = 0;
  /// More than half of the ring is taken: its worker will soon wait or drop.
  [[nodiscard]] virtual bool is_filling() const = 0;
  /// The capture clock up to which no slot is missing. What front() shows after this call includes
  /// everything made before that moment.
  [[nodiscard]] virtual Timestamp frontier() const = 0;
};

}  // namespace tapstat::flowstats
