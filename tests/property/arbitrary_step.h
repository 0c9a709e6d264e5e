/// How rapidcheck makes the steps of random conversations, and shows them when a law fails.
#pragma once

#include <ostream>

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "flowstats/measurement.h"
#include "tests/property/random_talks.h"

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

/// Inside a law only.
inline flowstats::Mode any_mode() {
  return *rc::gen::arbitrary<bool>() ? flowstats::Mode::corrected : flowstats::Mode::tstat;
}

}  // namespace tapstat::tests

namespace tapstat::tests {

inline void showValue(const Step& step, std::ostream& out) {
  out << "{talk " << int{step.talk} << " side " << int{step.side} << " kind "
      << static_cast<int>(step.kind) << " fate " << static_cast<int>(step.fate) << " size "
      << step.size << " back " << step.back << " pause " << step.pause_us
      << (step.push ? " push}" : "}");
}

}  // namespace tapstat::tests
