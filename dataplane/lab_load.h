/// An endless load made of copies of one capture: a wanted number of flows at the same time, from
/// as many packets as there are.
///
/// Replicas of the capture run in lock step: packet k of every replica, then packet k + 1. Each has
/// addresses of its own (both directions alike; replica 0 keeps the captured ones), and the order
/// of the replicas changes from packet to packet, so that neighbours belong to flows far apart in
/// memory. Frames are written anew for every block, as a port would deliver them: no header stays
/// in the first-level cache. A pass is the capture from its first packet to the end of its busy
/// part; the next one starts with later times. Owner thread only; allocates at construction only.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "dataplane/frame_path.h"
#include "dataplane/lab_capture.h"

namespace tapstat::dataplane {

class LabLoad {
 public:
  static constexpr size_t kBlock = 2048;  // packets

  /// Replicas [first_replica, first_replica + replicas), at least one. `capture` outlives the load.
  LabLoad(const LabCapture& capture, uint32_t first_replica, uint32_t replicas);

  /// The next packets, at most kBlock, valid until the next call; empty at the end of a pass. The
  /// call after that starts the next pass.
  [[nodiscard]] std::span<const FrameInMemory> fill();
  /// The same with one time for all packets.
  [[nodiscard]] std::span<const FrameInMemory> fill_at(flowstats::Timestamp time);
  /// Starts again with the first packet, as after the end of a pass.
  void restart();

  /// Of packet `i` of the block.
  [[nodiscard]] const LabPacket& source(size_t i) const { return *sources_[i]; }
  [[nodiscard]] uint64_t wire_bytes() const { return wire_bytes_; }  // of the block
  /// Enough flows are open for a measurement: the next packet lies in the busy part.
  [[nodiscard]] bool is_busy() const { return step_ >= capture_.facts().busy_begin; }
  /// How much of the way to the busy part is done, 0 to 1.
  [[nodiscard]] double warmed() const;
  [[nodiscard]] size_t bytes() const { return bytes_.size(); }

 private:
  void start_step();
  void write(size_t i, const LabPacket& packet, uint32_t replica);

  const LabCapture& capture_;
  uint32_t first_replica_, replicas_;
  size_t stride_bytes_;
  std::vector<uint8_t> bytes_;
  std::vector<FrameInMemory> block_;
  std::vector<const LabPacket*> sources_;
  uint64_t step_ = 0;                             // packet of the capture
  uint32_t turn_ = 0, replica_ = 0, stride_ = 1;  // within the step
  uint64_t random_;
  int64_t shift_us_ = 0;
  uint64_t wire_bytes_ = 0;
};

}  // namespace tapstat::dataplane
