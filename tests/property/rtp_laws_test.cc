/// An RTP stream that loses, repeats and reorders its packets is measured as a plain model of it
/// says, wherever its sequence numbers and time stamps begin.
#include <algorithm>
#include <set>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "tests/support/rtp_packets.h"

namespace tapstat::tests {
namespace {

using flowstats::Mode;
using flowstats::layer7::RtpEngine;
using flowstats::layer7::RtpSummary;

constexpr uint32_t kDelayMax = 10;  // places; less than the window
constexpr uint32_t kBurstMax = 20;  // packets lost in a row

/// Numbers of the packets in the order in which they come; the first two come first.
using Arrivals = std::vector<uint32_t>;

/// Each fate is the life of one packet: lost, delayed, repeated.
Arrivals arrivals_of(const std::vector<uint32_t>& fates) {
  std::vector<std::pair<uint32_t, uint32_t>> places = {{0, 0}, {1, 1}};  // place, number
  uint32_t burst = 0;
  for (uint32_t i = 0; i < fates.size(); ++i) {
    const uint32_t number = i + 2, fate = fates[i];
    burst = fate % 5 == 0 && burst < kBurstMax ? burst + 1 : 0;
    if (burst > 0) continue;
    places.emplace_back(number + (fate >> 8) % 4 / 3 * ((fate >> 16) % (kDelayMax + 1)), number);
    if ((fate >> 4) % 7 == 0) places.emplace_back(number + (fate >> 20) % (kDelayMax + 1), number);
  }
  std::stable_sort(places.begin(), places.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  Arrivals arrivals;
  for (const auto& place : places) arrivals.push_back(place.second);
  return arrivals;
}

struct Origin {
  uint16_t seq = 0;
  uint32_t stamp = 0;
};

RtpSummary measured(const Arrivals& arrivals, const Origin& origin) {
  RtpEngine engine(measurement_of(Mode::corrected, 10));
  PlayedFlow flow;
  for (const uint32_t number : arrivals)
    flow.play(engine, rtp_datagram({.seq = static_cast<uint16_t>(origin.seq + number),
                                    .stamp = origin.stamp + 160 * number}));
  const std::vector<RtpSummary> lines = flow.lines(engine);
  RC_ASSERT(lines.size() == 1U);
  return lines.front();
}

RC_GTEST_PROP(RtpLaws, LossesAndDuplicatesAreThoseOfTheModel,
              (const std::vector<uint32_t>& fates, uint16_t seq, uint32_t stamp)) {
  const Arrivals arrivals = arrivals_of(fates);
  const std::set<uint32_t> distinct(arrivals.begin(), arrivals.end());
  const uint32_t expected = *distinct.rbegin() + 1;
  uint32_t largest = 0, out_of_sequence = 0;
  for (size_t i = 1; i < arrivals.size(); ++i) {
    if (arrivals[i] != largest + 1) ++out_of_sequence;
    largest = std::max(largest, arrivals[i]);
  }
  const RtpSummary line = measured(arrivals, {seq, stamp});
  RC_ASSERT(line.packets == arrivals.size());
  RC_ASSERT(line.losses == expected - distinct.size());
  RC_ASSERT(line.duplicates == arrivals.size() - distinct.size());
  RC_ASSERT(line.out_of_sequence == out_of_sequence);
  RC_ASSERT(line.late == 0U);
  RC_ASSERT(!line.was_restarted);
  RC_ASSERT(line.bytes == 160 * arrivals.size());
}

RC_GTEST_PROP(RtpLaws, WhereNumbersAndStampsBeginChangesNothing,
              (const std::vector<uint32_t>& fates, uint16_t seq, uint32_t stamp)) {
  const Arrivals arrivals = arrivals_of(fates);
  const RtpSummary from_zero = measured(arrivals, {}),
                   from_there = measured(arrivals, {seq, stamp});
  RC_ASSERT(from_zero.losses == from_there.losses);
  RC_ASSERT(from_zero.out_of_sequence == from_there.out_of_sequence);
  RC_ASSERT(from_zero.jitter.mean == from_there.jitter.mean);
  RC_ASSERT(from_zero.jitter.max == from_there.jitter.max);
  RC_ASSERT(from_zero.jitter_90khz.mean == from_there.jitter_90khz.mean);
  RC_ASSERT(from_zero.gap_ms == from_there.gap_ms);
}

}  // namespace
}  // namespace tapstat::tests
