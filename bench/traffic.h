/// Deterministic traffic with exact ground truth: many TCP and UDP flows at once, with loss and
/// reordering.
///
/// A profile and a seed give the same packets on every machine: integers only, own random numbers.
/// Memory grows with the number of flows that are open at the same time, not with the number of
/// packets. What the probe must find is counted while the packets are made, by the rules of
/// docs/differences_from_tstat.md; connections keep clear of the sequence numbers where Tstat
/// miscounts.
#pragma once

#include <cstdint>
#include <queue>
#include <string>
#include <string_view>
#include <vector>

#include "bench/random.h"
#include "bench/traffic_flow.h"
#include "bench/traffic_frame.h"

namespace tapstat::bench {

/// What kind of traffic. Shares and probabilities in millionths.
struct TrafficProfile {
  std::string_view name, help;
  uint64_t flows = 0;          // TCP and UDP
  uint32_t concurrency = 0;    // flows open at the same time
  uint64_t packets_max = 0;    // the capture ends there; 0 = when all flows have ended
  uint32_t snap_length = 128;  // bytes; 0 = whole frames
  uint32_t odd_frames = 0;     // frames that are not TCP or UDP, per flow packet
  uint64_t seed = 1;
  FlowShape shape;
};

/// The named profiles; nullptr when there is no such name.
[[nodiscard]] const TrafficProfile* find_profile(std::string_view name);
[[nodiscard]] const std::vector<TrafficProfile>& profiles();

/// What a right probe counts. Names as in the product's counters and columns where there is one.
struct TrafficTruth {
  uint64_t packets = 0, bytes_on_wire = 0, bytes_captured = 0;
  uint64_t analysed_packets = 0, dropped_not_ip = 0, dropped_not_tcp_udp = 0, dropped_bad_ip = 0,
           dropped_fragment_incomplete = 0;
  uint64_t tcp_segments = 0, udp_datagrams = 0;
  uint64_t tcp_flows = 0, udp_flows = 0, rows_complete = 0, rows_nocomplete = 0;
  uint64_t payload_bytes = 0, unique_bytes = 0;  // TCP
  uint64_t retransmitted_packets = 0, retransmitted_bytes = 0, out_of_order_packets = 0;
  int64_t first_us = 0, last_us = 0;
};
[[nodiscard]] std::string to_json(const TrafficProfile& profile, const TrafficTruth& truth);

/// One packet of the capture. `frame` is valid until the next call of next().
struct TrafficPacket {
  int64_t time_us = 0;
  const uint8_t* frame = nullptr;
  uint32_t captured_length = 0, wire_length = 0;
};

class TrafficGenerator {
 public:
  explicit TrafficGenerator(const TrafficProfile& profile);

  /// The next packet in time order; false at the end, when truth() is final.
  [[nodiscard]] bool next(TrafficPacket& packet);
  [[nodiscard]] const TrafficTruth& truth() const { return truth_; }

 private:
  struct Turn {  // of a slot: when its flow sends next
    int64_t time_us;
    uint32_t slot;
    bool operator>(const Turn& other) const {
      return time_us != other.time_us ? time_us > other.time_us : slot > other.slot;
    }
  };
  void open_flow(uint32_t slot, int64_t time_us);
  void finish();
  void count(const TrafficFlow& flow, const PlannedPacket& packet);
  void emit(TrafficPacket& packet, int64_t time_us, size_t wire_length);
  [[nodiscard]] bool emit_odd_frame(TrafficPacket& packet, int64_t time_us);

  TrafficProfile profile_;
  TrafficTruth truth_;
  Random random_;
  uint64_t flows_opened_ = 0;
  std::vector<TrafficFlow> slots_;
  std::priority_queue<Turn, std::vector<Turn>, std::greater<>> turns_;
  FrameBuffer frame_{};
  bool finished_ = false;
};

}  // namespace tapstat::bench
