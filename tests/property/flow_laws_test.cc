/// Laws that hold for every traffic, tried on random conversations with loss, reordering,
/// duplication and repetition.
#include <algorithm>

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "tests/property/random_talks.h"
#include "tests/property/shard_rig.h"

namespace rc {

template <>
struct Arbitrary<tapstat::tests::Step> {
  static Gen<tapstat::tests::Step> arbitrary() {
    using tapstat::tests::Step;
    // Most steps are data and most packets are captured; pauses are short, with a few beyond the
    // time-outs.
    const auto kind = gen::weightedOneOf<Step::Kind>({{12, gen::just(Step::Kind::data)},
                                                      {6, gen::just(Step::Kind::repeat)},
                                                      {8, gen::just(Step::Kind::ack)},
                                                      {3, gen::just(Step::Kind::old_ack)},
                                                      {2, gen::just(Step::Kind::fin)},
                                                      {1, gen::just(Step::Kind::rst)},
                                                      {1, gen::just(Step::Kind::syn_again)}});
    const auto fate = gen::weightedOneOf<Step::Fate>({{10, gen::just(Step::Fate::captured)},
                                                      {2, gen::just(Step::Fate::lost)},
                                                      {1, gen::just(Step::Fate::not_captured)},
                                                      {1, gen::just(Step::Fate::duplicated)},
                                                      {2, gen::just(Step::Fate::delayed)}});
    const auto pause =
        gen::weightedOneOf<uint32_t>({{20, gen::inRange<uint32_t>(0, 1'000)},
                                      {10, gen::inRange<uint32_t>(1'000, 150'000)},
                                      {4, gen::inRange<uint32_t>(150'000, 5'000'000)},
                                      {1, gen::inRange<uint32_t>(9'000'000, 320'000'000)}});
    return gen::build<Step>(gen::set(&Step::talk, gen::inRange<uint8_t>(0, tapstat::tests::kTalks)),
                            gen::set(&Step::side, gen::inRange<uint8_t>(0, 2)),
                            gen::set(&Step::kind, kind), gen::set(&Step::fate, fate),
                            gen::set(&Step::size, gen::inRange<uint16_t>(1, 1400)),
                            gen::set(&Step::back, gen::inRange<uint16_t>(0, 3000)),
                            gen::set(&Step::pause_us, pause), gen::set(&Step::push));
  }
};

}  // namespace rc

namespace tapstat::tests {

void showValue(const Step& step, std::ostream& out) {
  out << "{talk " << int{step.talk} << " side " << int{step.side} << " kind "
      << static_cast<int>(step.kind) << " fate " << static_cast<int>(step.fate) << " size "
      << step.size << " back " << step.back << " pause " << step.pause_us
      << (step.push ? " push}" : "}");
}

namespace {

using flowstats::Counter;
using flowstats::Mode;
using Steps = std::vector<Step>;

Mode any_mode() { return *rc::gen::arbitrary<bool>() ? Mode::corrected : Mode::tstat; }

dataplane::ParseRules rules_of(Mode mode) {
  return {mode, dataplane::LinkType::ethernet, flowstats::Measurement{}.hash_seed};
}

ShardOutcome outcome_of(std::vector<TimedFrame> frames, Mode mode, unsigned shards = 1) {
  const SegmentSource source(std::move(frames), rules_of(mode));
  ShardPlan plan{small_measurement(mode)};
  plan.shards = shards;
  return run_shards(source.segments(), plan);
}

uint64_t total(const ShardOutcome& outcome, uint64_t flowstats::core::Half::*field) {
  uint64_t sum = 0;
  for (const auto& record : outcome.records)
    for (const auto& half : record.halves) sum += half.core.*field;
  return sum;
}

RC_GTEST_PROP(FlowLaws, AnyBurstSplitGivesTheSameRecords, (const Steps& steps, uint64_t seed)) {
  const Mode mode = any_mode();
  const SegmentSource source(frames_of(steps, {}), rules_of(mode));
  ShardPlan one{small_measurement(mode)};
  one.burst_size = [&] { return source.segments().size(); };
  ShardPlan split{small_measurement(mode)};
  split.burst_size = [state = seed]() mutable {
    state = state * 6364136223846793005ULL + 1442695040888963407ULL;
    return size_t{1} + (state >> 33) % 40;
  };
  const auto whole = run_shards(source.segments(), one),
             parts = run_shards(source.segments(), split);
  if (mode == Mode::tstat)
    RC_ASSERT(whole.rows() == parts.rows());
  else
    RC_ASSERT(whole.sorted_rows() == parts.sorted_rows());
}

RC_GTEST_PROP(FlowLaws, ShardingChangesNoRecordInCorrectedMode, (const Steps& steps)) {
  const auto frames = frames_of(steps, {});
  const auto shards = *rc::gen::inRange<unsigned>(2, 6);
  RC_ASSERT(outcome_of(frames, Mode::corrected).sorted_rows() ==
            outcome_of(frames, Mode::corrected, shards).sorted_rows());
}

/// Both SYNs at the same time; then the sides exchange what they do.
RC_GTEST_PROP(FlowLaws, ExchangingTheSidesExchangesTheirColumns, (const Steps& steps)) {
  const Mode mode = any_mode();
  TalkWorld world;
  world.simultaneous_open = true;
  const auto one = outcome_of(frames_of(steps, world), mode);
  world.exchange_sides = true;
  auto other = outcome_of(frames_of(steps, world), mode);
  for (auto& record : other.records) std::swap(record.halves[0], record.halves[1]);
  RC_ASSERT(one.sorted_rows() == other.sorted_rows());
}

/// Which endpoint comes first in the canonical key must not show.
RC_GTEST_PROP(FlowLaws, ExchangingTheAddressesChangesOnlyAddresses, (const Steps& steps)) {
  const Mode mode = any_mode();
  TalkWorld world;
  const auto one = outcome_of(frames_of(steps, world), mode);
  world.exchange_addresses = true;
  auto other = outcome_of(frames_of(steps, world), mode);
  for (auto& record : other.records) {
    std::swap(record.address[0], record.address[1]);
    std::swap(record.port[0], record.port[1]);
  }
  RC_ASSERT(one.sorted_rows() == other.sorted_rows());
}

/// Exact when no FIN or SYN is repeated and no segment lies across a quadrant boundary (tstat
/// mode).
RC_GTEST_PROP(FlowLaws, UniqueAndRetransmittedBytesAreAllBytes, (const Steps& steps)) {
  const Mode mode = any_mode();
  TalkWorld world;
  world.closings = false;
  world.far_from_boundaries = mode == Mode::tstat;
  for (const auto& record : outcome_of(frames_of(steps, world), mode).records)
    for (const auto& half : record.halves)
      RC_ASSERT(half.core.bytes_unique + half.core.bytes_retransmitted == half.core.bytes);
}

RC_GTEST_PROP(FlowLaws, SendingEverythingTwiceAddsNoUniqueByte, (const Steps& steps)) {
  const Mode mode = any_mode();
  TalkWorld world;
  world.closings = false;
  const auto frames = frames_of(steps, world);
  const auto once = outcome_of(frames, mode), twice = outcome_of(every_frame_twice(frames), mode);
  RC_ASSERT(once.records.size() == twice.records.size());
  RC_ASSERT(total(once, &flowstats::core::Half::bytes_unique) ==
            total(twice, &flowstats::core::Half::bytes_unique));
  RC_ASSERT(2 * total(once, &flowstats::core::Half::bytes) ==
            total(twice, &flowstats::core::Half::bytes));
}

/// A table of two entries: flows are refused, and still every flow and every packet is accounted
/// for.
RC_GTEST_PROP(FlowLaws, FlowsAndPacketsAddUp, (const Steps& steps)) {
  const Mode mode = any_mode();
  const SegmentSource source(frames_of(steps, {}), rules_of(mode));
  const auto outcome = run_shards(source.segments(), {small_measurement(mode, 2)});
  const auto& c = outcome.counters;
  RC_ASSERT(c[Counter::flows_exported] == outcome.records.size());
  RC_ASSERT(c[Counter::flows_created] ==
            c[Counter::flows_exported] + c[Counter::flows_dropped_not_local] +
                c[Counter::flows_dropped_queue_full] + c[Counter::flows_dropped_evicted]);
  RC_ASSERT(c[Counter::analysed_packets] + c[Counter::dropped_table_full] ==
            source.segments().size());
  uint64_t in_flows = 0;
  for (const auto& record : outcome.records)
    in_flows += record.halves[0].core.packets + record.halves[1].core.packets;
  // In tstat mode the packet that ends a half-seen flow is counted by no side (golden case
  // half_duplex).
  const uint64_t uncounted =
      c[Counter::analysed_packets] - c[Counter::segments_without_flow] - in_flows;
  const auto half_seen =
      std::count_if(outcome.records.begin(), outcome.records.end(),
                    [](const auto& record) { return record.halves[1].core.syns == 0; });
  RC_ASSERT(uncounted <= (mode == Mode::tstat ? static_cast<uint64_t>(half_seen) : 0));
}

}  // namespace
}  // namespace tapstat::tests
