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

struct Half {
  std::array<uint32_t, kSegmentClasses> classified{};  // by SegmentClass; in_sequence stays 0
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

}  // namespace tapstat::flowstats::options
