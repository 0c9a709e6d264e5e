/// One queue of a live port: what a live source polls.
///
/// receive(), refuse_more() and is_drained() belong to the one thread that receives and are called
/// once for each burst; the port that owns the queue belongs to the control thread.
#pragma once

#include <cstddef>
#include <cstdint>

#include <rte_mbuf.h>

#include "dataplane/parse.h"
#include "flowstats/base/units.h"

namespace tapstat::dataplane {

/// Packets that may be on their way to one worker when a dispatcher hands them over, its lot and
/// the worker's burst included.
inline constexpr uint32_t kInFlightPerWorker = 8'192;

class PortQueue {
 public:
  PortQueue() = default;
  PortQueue(const PortQueue&) = delete;
  PortQueue& operator=(const PortQueue&) = delete;
  virtual ~PortQueue() = default;

  /// Control, before the receiving thread runs: until begin() nothing that comes is for us, where
  /// the port can tell it to go away; making tables ready may take longer than its ring lasts.
  virtual void hold() {}
  /// Once, before the first receive().
  virtual void begin() {}

  /// Fills at most `count` (up to kBurstMax) entries of `packets` and `times` and returns how many.
  /// `now`: the packet clock, read for this burst. The caller frees the packets.
  [[nodiscard]] virtual uint16_t receive(rte_mbuf** packets, flowstats::Timestamp* times,
                                         uint16_t count, flowstats::Timestamp now) = 0;
  /// After a receive() at `now` that brought nothing: no packet before this time will follow.
  [[nodiscard]] virtual flowstats::Timestamp silent_until(flowstats::Timestamp now) const = 0;

  /// Once: what comes in from now on is not for us. receive() goes on until is_drained().
  virtual void refuse_more(flowstats::Timestamp now) = 0;
  /// After refuse_more() and a receive() at `now` that brought nothing.
  [[nodiscard]] virtual bool is_drained(flowstats::Timestamp now) = 0;

  [[nodiscard]] virtual LinkType link_type() const = 0;
  /// Whether it can wait for the length of a nap (idle.h) without losing packets.
  [[nodiscard]] virtual bool may_nap() const = 0;
  /// Of its ring and buffers.
  [[nodiscard]] virtual size_t bytes() const = 0;
};

}  // namespace tapstat::dataplane
