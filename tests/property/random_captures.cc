/// random_captures FROM TO DIR: for each seed a capture of random conversations and the rows that a
/// flow shard makes of it (tstat mode, all columns, "+" or "-" for complete or not), to be compared
/// with the reference model by compare_with_model.py.
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <fstream>
#include <string>

#include "bench/random.h"
#include "tests/property/random_talks.h"
#include "tests/property/shard_rig.h"

namespace tapstat::tests {
namespace {

/// One draw from a list in which likelier values stand more often.
template <class T, size_t N>
T draw(bench::Random& random, const T (&values)[N]) {
  return values[random.below(N)];
}

Step random_step(bench::Random& random, bool long_pauses) {
  using Kind = Step::Kind;
  using Fate = Step::Fate;
  constexpr Kind kKinds[] = {Kind::data, Kind::data,   Kind::data,    Kind::data,
                             Kind::data, Kind::repeat, Kind::repeat,  Kind::ack,
                             Kind::ack,  Kind::ack,    Kind::old_ack, Kind::old_ack};
  constexpr Kind kRareKinds[] = {Kind::fin, Kind::fin, Kind::rst, Kind::syn_again};
  constexpr Fate kFates[] = {Fate::captured, Fate::captured, Fate::captured,   Fate::captured,
                             Fate::captured, Fate::lost,     Fate::duplicated, Fate::delayed};
  Step step;
  step.talk = static_cast<uint8_t>(random.below(kTalks));
  step.side = static_cast<uint8_t>(random.below(2));
  step.kind = random.chance(60'000) ? draw(random, kRareKinds) : draw(random, kKinds);
  step.fate = random.chance(60'000) ? Fate::not_captured : draw(random, kFates);
  step.size = static_cast<uint16_t>(random.chance(100'000) ? 1 : random.between(1, 1400));
  step.back = static_cast<uint16_t>(
      random.chance(50'000) ? 0 : random.below(random.chance(500'000) ? 100 : 3000));
  constexpr uint32_t kPauses[] = {1'000, 1'000, 1'000, 150'000, 150'000, 2'000'000};
  step.pause_us = random.below(draw(random, kPauses));
  if (long_pauses && random.chance(30'000)) step.pause_us = random.between(9'000'000, 320'000'000);
  step.push = random.chance(300'000);
  return step;
}

void write_one(uint64_t seed, const std::filesystem::path& folder) {
  bench::Random random(seed);
  TalkWorld world;
  world.simultaneous_open = random.chance(200'000);
  const bool long_pauses = random.chance(300'000);
  std::vector<Step> steps(random.between(20, 200));
  for (Step& step : steps) step = random_step(random, long_pauses);
  auto frames = frames_of(steps, world);
  if (random.chance(200'000))  // times that go backwards
    for (TimedFrame& frame : frames)
      if (random.chance(30'000)) frame.time.us -= random.below(400'000);
  write_capture(folder / (std::to_string(seed) + ".pcap"), frames);
  const SegmentSource source(frames, {flowstats::Mode::tstat, dataplane::LinkType::ethernet, seed});
  ShardPlan plan{small_measurement(flowstats::Mode::tstat, 20'000)};
  plan.measurement.hash_seed = seed;
  const auto outcome = run_shards(source.segments(), plan);
  std::ofstream rows(folder / (std::to_string(seed) + ".rows"));
  for (const std::string& row : outcome.rows()) rows << row;
  if (!rows.flush()) throw std::runtime_error("cannot write into " + folder.string());
}

}  // namespace
}  // namespace tapstat::tests

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fputs("usage: random_captures FROM TO DIR\n", stderr);
    return 2;
  }
  try {
    const uint64_t to = std::strtoull(argv[2], nullptr, 10);
    for (uint64_t seed = std::strtoull(argv[1], nullptr, 10); seed < to; ++seed)
      tapstat::tests::write_one(seed, argv[3]);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "random_captures: %s\n", error.what());
    return 1;
  }
}
