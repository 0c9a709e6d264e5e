#include "flowstats/layer7/rtp_window.h"

#include <vector>

#include <gtest/gtest.h>

namespace tapstat::flowstats::layer7 {
namespace {

struct Totals {
  uint32_t losses = 0, out_of_sequence = 0, duplicates = 0, late = 0, restarts = 0;
  bool operator==(const Totals&) const = default;
};

std::ostream& operator<<(std::ostream& out, const Totals& t) {
  return out << "losses " << t.losses << " oos " << t.out_of_sequence << " dup " << t.duplicates
             << " late " << t.late << " restarts " << t.restarts;
}

Totals play(const std::vector<uint16_t>& numbers, Mode mode, bool stamps_go_back = false) {
  RtpWindow window;
  window.begin(numbers.front());
  Totals totals;
  for (size_t i = 1; i < numbers.size(); ++i) {
    const SequenceVerdict verdict = window.add(numbers[i], stamps_go_back, mode);
    totals.losses += verdict.losses;
    totals.out_of_sequence += verdict.in_sequence ? 0 : 1;
    totals.duplicates += verdict.duplicate ? 1 : 0;
    totals.late += verdict.late ? 1 : 0;
    totals.restarts += verdict.restart ? 1 : 0;
  }
  if (mode == Mode::corrected) totals.losses += window.pending();
  return totals;
}

/// `count` numbers from `first` on without those at `missing`.
std::vector<uint16_t> numbers(uint16_t first, size_t count, const std::vector<size_t>& missing) {
  std::vector<uint16_t> kept;
  for (size_t i = 0; i < count; ++i)
    if (std::find(missing.begin(), missing.end(), i) == missing.end())
      kept.push_back(static_cast<uint16_t>(first + i));
  return kept;
}

TEST(RtpWindow, EarlyLossIsTakenForARestartInTstatMode) {
  EXPECT_EQ(play(numbers(0, 30, {8}), Mode::tstat), (Totals{.losses = 1, .out_of_sequence = 1}));
  EXPECT_EQ(play(numbers(81, 30, {8}), Mode::tstat), (Totals{.out_of_sequence = 2, .restarts = 1}));
  for (const uint16_t first : {0, 81, 1000, 65530})
    EXPECT_EQ(play(numbers(first, 30, {8}), Mode::corrected),
              (Totals{.losses = 1, .out_of_sequence = 1}))
        << first;
}

TEST(RtpWindow, LossIsCountedOnceTheWindowHasPassed) {
  const auto burst = numbers(1000, 60, {20, 21, 22, 23, 24});
  const auto at_the_end = numbers(1000, 60, {50});
  EXPECT_EQ(play(burst, Mode::tstat), (Totals{.losses = 5, .out_of_sequence = 1}));
  EXPECT_EQ(play(burst, Mode::corrected), (Totals{.losses = 5, .out_of_sequence = 1}));
  EXPECT_EQ(play(at_the_end, Mode::tstat), (Totals{.out_of_sequence = 1}));
  EXPECT_EQ(play(at_the_end, Mode::corrected), (Totals{.losses = 1, .out_of_sequence = 1}));
}

TEST(RtpWindow, JumpsAreMeasuredInSlots) {
  auto jump_by = [](uint16_t step) {
    auto sent = numbers(100, 30, {});
    for (int i = 0; i < 30; ++i)
      sent.push_back(static_cast<uint16_t>(sent.back() + (i == 0 ? step : 1)));
    return sent;
  };
  EXPECT_EQ(play(jump_by(51), Mode::tstat), (Totals{.losses = 16, .out_of_sequence = 1}));
  EXPECT_EQ(play(jump_by(51), Mode::corrected), (Totals{.losses = 50, .out_of_sequence = 1}));
  for (const uint16_t step : {100, 3000, 40000, 65436})
    for (const Mode mode : {Mode::tstat, Mode::corrected})
      EXPECT_EQ(play(jump_by(step), mode), (Totals{.out_of_sequence = 1, .restarts = 1})) << step;
}

TEST(RtpWindow, PacketsThatWereOvertakenAreLateWhenTheirStampSaysSo) {
  auto sent = numbers(100, 40, {});
  for (int i = 0; i < 5; ++i) sent.push_back(static_cast<uint16_t>(110 + i));
  for (const Mode mode : {Mode::tstat, Mode::corrected})
    EXPECT_EQ(play(sent, mode, true), (Totals{.out_of_sequence = 5, .late = 5}));
}

TEST(RtpWindow, ReorderedAndRepeatedPacketsAreNoLosses) {
  for (const Mode mode : {Mode::tstat, Mode::corrected}) {
    std::vector<uint16_t> sent = numbers(100, 60, {30});
    sent.insert(sent.begin() + 35, 130);
    sent.insert(sent.begin() + 40, sent[38]);
    EXPECT_EQ(play(sent, mode), (Totals{.out_of_sequence = 3, .duplicates = 1}));
  }
}

TEST(RtpWindow, OvertakenWithinTheWindowIsNoRestart) {
  std::vector<uint16_t> sent = numbers(100, 60, {30});
  sent.insert(sent.begin() + 45, 130);  // when number 145 has come
  for (const Mode mode : {Mode::tstat, Mode::corrected})
    EXPECT_EQ(play(sent, mode), (Totals{.out_of_sequence = 2}));
}

TEST(RtpWindow, RestartKeepsTheLossesThatWereOpenInCorrectedMode) {
  std::vector<uint16_t> sent = numbers(100, 40, {30});
  for (uint16_t i = 0; i < 20; ++i) sent.push_back(static_cast<uint16_t>(5000 + i));
  EXPECT_EQ(play(sent, Mode::tstat), (Totals{.out_of_sequence = 2, .restarts = 1}));
  EXPECT_EQ(play(sent, Mode::corrected),
            (Totals{.losses = 1, .out_of_sequence = 2, .restarts = 1}));
}

TEST(RtpWindow, CorrectedModeKnowsNothingBeforeTheFirstPacket) {
  EXPECT_EQ(play({100, 98, 98, 101}, Mode::corrected),
            (Totals{.out_of_sequence = 2, .duplicates = 1}));
}

}  // namespace
}  // namespace tapstat::flowstats::layer7
