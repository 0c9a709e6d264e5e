#include "flowstats/layer7/rtp_window.h"

#include <bit>

namespace tapstat::flowstats::layer7 {

namespace {

constexpr uint16_t kLateFrom = 2000;    // forward distance that means "behind", as in Tstat
constexpr uint16_t kRestartAbove = 80;  // distance to the same slot that means a new sequence
constexpr uint32_t kRestartAhead = kRestartAbove - RtpWindow::kSlots;  // the same, to the largest

constexpr uint16_t distance(uint16_t from, uint16_t to) { return static_cast<uint16_t>(to - from); }

}  // namespace

void RtpWindow::begin(uint16_t seq) {
  *this = {};
  first_ = largest_ = seq;
  latest_[0] = seq;
  expected_ = received_ = 1;
}

SequenceVerdict RtpWindow::add(uint16_t seq, bool stamp_went_back, Mode mode) {
  return mode == Mode::tstat ? add_to_slots(seq, stamp_went_back)
                             : add_to_bits(seq, stamp_went_back);
}

SequenceVerdict RtpWindow::add_to_slots(uint16_t seq, bool stamp_went_back) {
  SequenceVerdict verdict;
  const uint16_t since_first = distance(first_, seq);
  if (since_first >= kSlots) is_filled_ = true;
  uint16_t& slot = latest_[since_first % kSlots];
  const uint16_t step = distance(slot, seq);
  if (is_filled_ && step > kRestartAbove && !stamp_went_back) {
    verdict.restart = true;
    rebase_slots(seq);
    return verdict;
  }
  verdict.in_sequence = distance(largest_, seq) == 1;
  if (is_filled_ && step >= kLateFrom) {
    verdict.late = true;
  } else {
    verdict.duplicate = step == 0;
    if (is_filled_ && step > kSlots) verdict.losses = 1;
    slot = seq;
  }
  if (distance(largest_, seq) < kLateFrom) largest_ = seq;
  return verdict;
}

/// As if the numbers up to this one had all come.
void RtpWindow::rebase_slots(uint16_t seq) {
  first_ = largest_ = seq;
  for (size_t back = 0; back < kSlots; ++back)
    latest_[(kSlots - back) % kSlots] = static_cast<uint16_t>(seq - back);
}

SequenceVerdict RtpWindow::add_to_bits(uint16_t seq, bool stamp_went_back) {
  SequenceVerdict verdict;
  const uint16_t ahead = distance(largest_, seq), behind = distance(seq, largest_);
  const bool is_near = ahead <= kRestartAhead || behind < kSlots;
  if (!is_near && !stamp_went_back) {
    verdict.restart = true;
    verdict.losses = pending();
    begin(seq);
  } else if (behind < kSlots) {
    const auto bit = static_cast<uint16_t>(1U << behind);
    verdict.duplicate = (received_ & bit) != 0;
    expected_ |= bit;
    received_ |= bit;
  } else if (ahead < kLateFrom) {
    verdict.in_sequence = ahead == 1;
    verdict.losses = advance_bits(ahead);
    largest_ = seq;
  } else {
    verdict.late = true;
  }
  return verdict;
}

/// Moves the window and returns what is lost with certainty behind it.
uint32_t RtpWindow::advance_bits(uint32_t steps) {
  const uint32_t missing = expected_ & ~uint32_t{received_};
  uint32_t losses = 0;
  if (steps >= kSlots) {
    losses = static_cast<uint32_t>(std::popcount(missing)) + (steps - kSlots);
    expected_ = 0xffff;
    received_ = 1;
  } else {
    losses = static_cast<uint32_t>(std::popcount(missing >> (kSlots - steps)));
    expected_ = static_cast<uint16_t>(uint32_t{expected_} << steps | ((1U << steps) - 1));
    received_ = static_cast<uint16_t>(uint32_t{received_} << steps | 1U);
  }
  return losses;
}

uint32_t RtpWindow::pending() const {
  return static_cast<uint32_t>(std::popcount(expected_ & ~uint32_t{received_}));
}

}  // namespace tapstat::flowstats::layer7
