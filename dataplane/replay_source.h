/// The packets of one or several captures in order, as one trace: rounds, pacing and the exact end.
///
/// Opens one reader at a time. Owned by the thread that receives (the worker, or the dispatcher
/// when there are several workers).
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "dataplane/burst.h"
#include "dataplane/capture_file.h"
#include "dataplane/capture_readers.h"
#include "dataplane/packet_source.h"
#include "flowstats/base/units.h"

namespace tapstat::dataplane {

class ReplaySource final : public PacketSource {
 public:
  /// `readers` are of `captures`, which outlive the source. `speed` 0 = as fast as possible, 1 =
  /// packet times. `loops` 0 = until stopped.
  ReplaySource(const std::vector<CaptureFile>& captures, CaptureReaders readers,
               PacketTimeField time_field, uint64_t loops, double speed,
               const SourceControl& control);

  /// Waits when nothing is due now (paced, held), and when the pool is short of buffers.
  [[nodiscard]] State receive(Burst& burst) override;
  [[nodiscard]] uint64_t holding_at() const override { return holding_at_; }
  [[nodiscard]] flowstats::Timestamp last_frame() const override { return last_frame_; }
  [[nodiscard]] flowstats::Timestamp clock() const override { return clock_; }
  [[nodiscard]] size_t bytes() const override { return readers_.bytes(); }
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
  const SourceControl& control_;
  uint64_t loops_;
  double speed_;
  flowstats::Duration round_length_;
  flowstats::Duration shift_;  // added to the packet times of this round

  PacketReader* reader_ = nullptr;  // of the capture at hand
  size_t next_capture_ = 0;
  LinkType link_type_ = LinkType::ethernet;
  uint64_t rounds_done_ = 0;
  bool finished_ = false;
  uint64_t holding_at_ = SourceControl::kNoHold;

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
