/// TCP Options group: options, windows, in-flight estimate and the classes of anomalous segments of
/// one side.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace tapstat::flowstats::options {

/// Why a segment was sent again or out of order; in_sequence is not counted. The order is the
/// columns' order.
enum class SegmentClass : uint8_t {
  in_sequence,
  retransmission_rto,
  fast_retransmit,
  reordering,
  network_duplicate,
  unknown,
  flow_control,
  unnecessary_rto,
  unnecessary_fast_retransmit,
};
inline constexpr size_t kSegmentClasses = 9;

/// Segments by class; there is no counter for in_sequence.
class SegmentClassCounts {
 public:
  [[nodiscard]] constexpr uint32_t& operator[](SegmentClass c) { return counts_[index(c)]; }
  [[nodiscard]] constexpr uint32_t operator[](SegmentClass c) const { return counts_[index(c)]; }

 private:
  static constexpr size_t index(SegmentClass c) { return static_cast<size_t>(c) - 1; }
  std::array<uint32_t, kSegmentClasses - 1> counts_{};
};

struct Half {
  SegmentClassCounts classified;
  uint32_t sack_segments = 0;
  uint32_t window_max = 0,
           window_min = 0;  // effective (scaled) bytes; min over non-zero windows, 0 = none
  uint32_t zero_windows = 0;
  uint64_t in_flight_max = 0, in_flight_min = 0;  // bytes
  uint32_t initial_window = 0;                // bytes sent before the first acknowledgment of data
  uint32_t payload_max = 0, payload_min = 0;  // bytes; min over data segments, 0 = none
  int32_t mss = 0;  // bytes as printed: tstat mode keeps Tstat's signed 16-bit value
  bool window_scale_seen = false, timestamps_seen = false, sack_permitted = false;
  bool inconsistent_syn_or_fin = false;  // a later SYN or FIN with another sequence number
  uint8_t window_scale = 0;              // shift count; 0 unless both sides offered it
};

/// Largest and smallest value, smallest over those that are not 0; 0 = none yet.
struct Extremes {
  uint32_t max = 0, min = 0;

  void note(uint64_t value) {
    // One comparison for both ends; a value of 0 and the first one are outside, too.
    if (value - min > max - min) [[unlikely]]
      widen(value);
  }

 private:
  [[gnu::noinline]] void widen(uint64_t value) {
    if (value > max) max = static_cast<uint32_t>(value);
    if (value > 0 && (min == 0 || value < min)) min = static_cast<uint32_t>(value);
  }
};

/// Of a living flow: read by every segment, changed by few.
struct Hot {
  Extremes window, in_flight, payload;
};

/// Of a living flow: the handshake, and what few segments have.
struct Cold {
  SegmentClassCounts classified;
  uint32_t sack_segments = 0;
  uint32_t zero_windows = 0;
  uint32_t initial_window = 0;
  int32_t mss = 0;
  uint8_t window_scale = 0;
  bool window_scale_seen : 1 = false;
  bool sack_permitted : 1 = false;
  bool inconsistent_syn_or_fin : 1 = false;
};

/// All but timestamps_seen.
[[nodiscard]] inline Half join(const Hot& hot, const Cold& cold) {
  Half h;
  h.classified = cold.classified;
  h.sack_segments = cold.sack_segments;
  h.window_max = hot.window.max;
  h.window_min = hot.window.min;
  h.zero_windows = cold.zero_windows;
  h.in_flight_max = hot.in_flight.max;
  h.in_flight_min = hot.in_flight.min;
  h.initial_window = cold.initial_window;
  h.payload_max = hot.payload.max;
  h.payload_min = hot.payload.min;
  h.mss = cold.mss;
  h.window_scale_seen = cold.window_scale_seen;
  h.sack_permitted = cold.sack_permitted;
  h.inconsistent_syn_or_fin = cold.inconsistent_syn_or_fin;
  h.window_scale = cold.window_scale;
  return h;
}

}  // namespace tapstat::flowstats::options
