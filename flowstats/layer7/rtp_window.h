/// Losses, duplicates and late packets of one RTP source, from sequence numbers alone.
///
/// A packet is lost when it has not come by the time the window of 16 sequence numbers has passed
/// it. tstat mode keeps the latest number of each residue modulo 16 and starts with zeros, so that
/// an early loss is often taken for a restart of the sender (case 46_rtp_loss); corrected mode
/// keeps which of the latest 16 numbers have come. Plain value of 42 bytes in the source's record.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "flowstats/measurement.h"

namespace tapstat::flowstats::layer7 {

/// How one packet continues the sequence.
struct SequenceVerdict {
  bool in_sequence = false;  // the number behind the largest one
  bool duplicate = false;
  bool late = false;     // behind the window
  bool restart = false;  // the sender began anew: the window was moved to this packet
  uint32_t losses = 0;   // that became certain with it
};

class RtpWindow {
 public:
  static constexpr size_t kSlots = 16;

  void begin(uint16_t seq);
  /// `stamp_went_back`: the packet's time stamp says that it was sent before the latest one, so
  /// that a jump of the sequence number is no restart.
  SequenceVerdict add(uint16_t seq, bool stamp_went_back, Mode mode);
  /// Corrected mode: numbers inside the window that have not come.
  [[nodiscard]] uint32_t pending() const;

 private:
  SequenceVerdict add_to_slots(uint16_t seq, bool stamp_went_back);
  SequenceVerdict add_to_bits(uint16_t seq, bool stamp_went_back);
  void rebase_slots(uint16_t seq);
  uint32_t advance_bits(uint32_t steps);

  uint16_t first_ = 0, largest_ = 0;
  bool is_filled_ = false;  // tstat mode: a number 16 or more behind the first one has come
  std::array<uint16_t, kSlots> latest_{};  // tstat mode: by (seq - first_) modulo 16
  uint16_t expected_ = 0, received_ = 0;   // corrected mode: bit k stands for largest_ - k
};

}  // namespace tapstat::flowstats::layer7
