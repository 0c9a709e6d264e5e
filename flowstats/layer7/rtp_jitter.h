/// Interarrival jitter of one RTP source (RFC 3550 section 6.4.1), with the clock of the payload
/// type and, beside it, with 8 kHz and 90 kHz.
///
/// All results are milliseconds. Time stamps are 32 bits of some clock and begin anywhere, so only
/// their differences to the first one count. In tstat mode a wrap of the stamp gives one huge
/// sample (case 47_rtp_duplicates), the estimate has the precision of a float, and its memory that
/// of whole milliseconds; corrected mode has none of these. Plain value in the source's record.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "flowstats/base/units.h"
#include "flowstats/measurement.h"

namespace tapstat::flowstats::layer7 {

/// Clock of a payload type in Hz (RFC 3551 section 6, with Tstat's choices); 0: not known.
[[nodiscard]] uint32_t rtp_clock_hz(uint8_t payload_type);

struct JitterClock {
  double value = 0, max = 0, min = 0;
  double transit = 0;  // of the latest sample
  bool has_sample = false;

  void add(double new_transit, Mode mode);
};

/// One packet's place on the sender's and on the receiver's time line.
struct StampedArrival {
  uint8_t payload_type = 0;
  uint32_t stamp = 0;
  Duration since_first;  // since the source's first packet
};

enum class RtpClock : uint8_t { of_type, khz_8, khz_90 };

class RtpJitter {
 public:
  void begin(uint32_t stamp);
  /// The stamp lies 1 to 65535 units before that of the latest packet that did not go back itself:
  /// a packet that was overtaken, not a new time line.
  [[nodiscard]] bool went_back(uint32_t stamp) const;
  void add_sample(const StampedArrival& arrival, Mode mode);
  /// The sender began anew: its time goes on where the latest packet was.
  void restart(const StampedArrival& arrival, Mode mode);
  /// For every packet, after the calls above.
  void remember(uint32_t stamp);

  [[nodiscard]] const JitterClock& operator[](RtpClock clock) const {
    return clocks_[static_cast<size_t>(clock)];
  }

 private:
  [[nodiscard]] JitterClock& at(RtpClock clock) { return clocks_[static_cast<size_t>(clock)]; }
  [[nodiscard]] double units_since_first(uint32_t stamp, Mode mode) const;
  /// Calls visit(clock, transit in milliseconds) for each clock that the payload type has.
  template <class Visit>
  void for_each_transit(const StampedArrival& arrival, Mode mode, Visit visit);

  uint32_t base_ = 0;            // tstat mode: stamp of the first packet
  uint32_t reference_ = 0;       // of the latest packet that did not go back
  int64_t reference_units_ = 0;  // corrected mode: the same, since the first packet
  std::array<JitterClock, 3> clocks_{};
};

}  // namespace tapstat::flowstats::layer7
