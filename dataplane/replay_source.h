/// The packets of one or several captures in order, as one trace: rounds, pacing and the exact end.
///
/// Opens one reader at a time. Owned by the thread that receives (the worker, or the dispatcher
/// when there are several workers); ReplayControl is how the control thread talks to it.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <vector>

#include "dataplane/burst.h"
#include "dataplane/capture_file.h"
#include "dataplane/capture_readers.h"
#include "flowstats/base/units.h"

namespace tapstat::dataplane {

/// Written by control, read by the source once per burst.
struct ReplayControl {
  static constexpr uint64_t kNoHold = ~uint64_t{0};
  std::atomic<bool> stop = false;
  std::atomic<uint64_t> hold_at = kNoHold;  // packets of the run after which the source waits
};

class ReplaySource {
 public:
  enum class State : uint8_t { packets, waiting, round_ended, finished };

  /// `readers` are of `captures`, which outlive the source. `speed` 0 = as fast as possible, 1 =
  /// packet times. `loops` 0 = until stopped.
  ReplaySource(const std::vector<CaptureFile>& captures, CaptureReaders readers,
               PacketTimeField time_field, uint64_t loops, double speed,
               const ReplayControl& control);

  /// Fills `burst`. waiting: nothing is due now (paced, held, or the pool is short of buffers).
  /// round_ended: all captures were delivered once more (or stop was asked for); reported once for
  /// each round. finished: nothing will follow.
  [[nodiscard]] State receive(Burst& burst);

  /// The hold_at that makes it wait, or kNoHold.
  [[nodiscard]] uint64_t holding_at() const { return holding_at_; }
  [[nodiscard]] flowstats::Timestamp last_frame() const { return last_frame_; }
  [[nodiscard]] flowstats::Timestamp clock() const { return clock_; }
  [[nodiscard]] const CaptureReaders& readers() const { return readers_; }
  /// Why a capture could not be read to its counted end, if so.
  [[nodiscard]] const std::optional<flowstats::Error>& fault() const { return fault_; }

 private:
  [[nodiscard]] bool open_next();
  [[nodiscard]] bool refill();
  [[nodiscard]] uint16_t allowed(uint16_t count);
  [[nodiscard]] uint16_t due(uint16_t count);
  void release_pending();
  State end_round();
  [[nodiscard]] flowstats::Timestamp time_of(const rte_mbuf* packet) const {
    return time_field_.read(packet) + shift_;
  }

  const std::vector<CaptureFile>& captures_;
  CaptureReaders readers_;
  PacketTimeField time_field_;
  const ReplayControl& control_;
  uint64_t loops_;
  double speed_;
  flowstats::Duration round_length_;
  flowstats::Duration shift_;  // added to the packet times of this round

  PacketReader* reader_ = nullptr;  // of the capture at hand
  size_t next_capture_ = 0;
  LinkType link_type_ = LinkType::ethernet;
  uint64_t rounds_done_ = 0;
  bool finished_ = false;
  uint64_t holding_at_ = ReplayControl::kNoHold;

  std::array<rte_mbuf*, kBurst> pending_;
  uint16_t pending_first_ = 0, pending_count_ = 0;
  uint64_t delivered_ = 0;
  flowstats::Timestamp last_frame_ = flowstats::kNever;
  flowstats::Timestamp clock_ = flowstats::kNever;
  flowstats::Timestamp pace_packet_ =
      flowstats::kNever;  // packet time that was due at pace_wall_us_
  int64_t pace_wall_us_ = 0;
  std::optional<flowstats::Error> fault_;
};

}  // namespace tapstat::dataplane
