/// Where a worker's or the dispatcher's packets come from, burst by burst: captures
/// (replay_source.h) or the queues of live ports (live_source.h).
///
/// receive() and what it tells belong to the one thread that receives; SourceControl is how the
/// control thread talks to it. Called once for each burst.
#pragma once

#include <atomic>
#include <cstdint>

#include "flowstats/base/units.h"

namespace tapstat::dataplane {

struct Burst;

/// Written by control, read by the sources once per burst.
struct SourceControl {
  static constexpr uint64_t kNoHold = ~uint64_t{0};
  std::atomic<bool> stop = false;
  std::atomic<uint64_t> hold_at = kNoHold;  // of captures: packets after which the source waits
};

class PacketSource {
 public:
  enum class State : uint8_t { packets, waiting, round_ended, finished };

  PacketSource() = default;
  PacketSource(const PacketSource&) = delete;
  PacketSource& operator=(const PacketSource&) = delete;
  virtual ~PacketSource() = default;

  /// Fills `burst`. waiting: nothing is there now. round_ended: the trace is over, because all
  /// captures were delivered once more or because control asked to stop; reported once for each
  /// round. finished: nothing will follow.
  [[nodiscard]] virtual State receive(Burst& burst) = 0;

  [[nodiscard]] virtual flowstats::Timestamp last_frame() const = 0;  // time of the latest packet
  [[nodiscard]] virtual flowstats::Timestamp clock() const = 0;       // the largest so far
  /// While waiting: no packet before this time will follow; kNever when that is not known.
  [[nodiscard]] virtual flowstats::Timestamp silent_until() const { return flowstats::kNever; }
  /// The hold_at that makes it wait, or SourceControl::kNoHold.
  [[nodiscard]] virtual uint64_t holding_at() const { return SourceControl::kNoHold; }
  /// Whether it can be left alone for the length of a nap (idle.h) while it waits: false for the
  /// queues of network cards, whose descriptors last for microseconds at line rate.
  [[nodiscard]] virtual bool may_nap() const { return true; }
  /// Of all buffers, and of what they point to.
  [[nodiscard]] virtual size_t bytes() const = 0;
};

}  // namespace tapstat::dataplane
