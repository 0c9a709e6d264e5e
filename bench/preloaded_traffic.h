/// A whole generated capture in memory, as a source of frames that costs nothing.
#pragma once

#include <span>
#include <vector>

#include "bench/packet_path.h"
#include "bench/traffic.h"

namespace tapstat::bench {

class PreloadedTraffic {
 public:
  explicit PreloadedTraffic(const TrafficProfile& profile) {
    TrafficGenerator generator(profile);
    TrafficPacket packet;
    std::vector<size_t> offsets;
    while (generator.next(packet)) {
      offsets.push_back(bytes_.size());
      bytes_.insert(bytes_.end(), packet.frame, packet.frame + packet.captured_length);
      frames_.push_back({nullptr, packet.captured_length, packet.time_us});
    }
    for (size_t i = 0; i < frames_.size(); ++i) frames_[i].bytes = bytes_.data() + offsets[i];
    truth_ = generator.truth();
  }

  [[nodiscard]] std::span<const FrameInMemory> frames() const { return frames_; }
  [[nodiscard]] const TrafficTruth& truth() const { return truth_; }

 private:
  std::vector<uint8_t> bytes_;
  std::vector<FrameInMemory> frames_;
  TrafficTruth truth_;
};

}  // namespace tapstat::bench
