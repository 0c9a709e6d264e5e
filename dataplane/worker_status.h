/// What the thread of a worker or dispatcher tells the others; written by that thread only.
#pragma once

#include <atomic>
#include <cstdint>

#include "dataplane/packet_source.h"
#include "flowstats/base/units.h"

namespace tapstat::dataplane {

/// Read by control, and by the dispatcher to know that everything it handed over is processed.
struct alignas(128) WorkerStatus {
  std::atomic<uint64_t> packets_done =
      0;  // received from source or dispatcher and completely processed
  /// Turns of its loop, with packets or without: it is alive.
  std::atomic<uint64_t> rounds = 0;
  std::atomic<int64_t> clock_us = flowstats::kNever.us;
  /// The hold_at at which the source waits with everything before it processed.
  std::atomic<uint64_t> held_at = SourceControl::kNoHold;
  std::atomic<bool> finished = false;
};

}  // namespace tapstat::dataplane
