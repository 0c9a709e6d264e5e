/// synflood_gen KIND -o FILE.pcap: writes known flows within a flood, and FILE.known.pcap with the
/// same flows alone, whose rows are those that the flood must not change.
///
/// The known flows are connections and UDP conversations of bench/traffic.h, spread over the time
/// of the flood and a little beyond; their packets have the same times in both files.
#include <algorithm>
#include <filesystem>
#include <stdexcept>
#include <string>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "bench/flood_traffic.h"
#include "bench/traffic.h"
#include "tests/support/capture_writer.h"

namespace tapstat::bench {
namespace {

struct Plan {
  FloodKind kind{};
  uint64_t rate = 1'000'000;  // flood packets in a second of packet time
  double seconds = 30;
  uint64_t known = 10'000;  // flows
  uint64_t seed = 1;
};

TrafficProfile known_flows(const Plan& plan) {
  constexpr double kMeanLifeS = 4.5;  // of a flow with pauses of up to four seconds
  TrafficProfile profile = *find_profile("isp_mix");
  profile.flows = plan.known;
  profile.concurrency = static_cast<uint32_t>(
      std::max(1.0, static_cast<double>(plan.known) * std::min(1.0, kMeanLifeS / plan.seconds)));
  profile.shape.think_us_max = 4'000'000;
  profile.seed = plan.seed;
  return profile;
}

/// Packets of one file, padded on the wire as Ethernet does.
class Output {
 public:
  explicit Output(const std::filesystem::path& file) : writer_(file) {}
  void write(int64_t time_us, const uint8_t* frame, size_t captured, size_t on_wire) {
    constexpr size_t kShortestFrame = 60;
    tests::RecordExtras extras;
    extras.wire_length = static_cast<uint32_t>(std::max(on_wire, kShortestFrame));
    writer_.write({time_us}, frame, captured, extras);
  }
  void close() { writer_.close(); }

 private:
  tests::CaptureWriter writer_;
};

uint64_t write_files(const Plan& plan, const std::filesystem::path& file) {
  auto known_file = file;
  known_file.replace_extension(".known.pcap");
  Output all(file), alone(known_file);
  TrafficGenerator known(known_flows(plan));
  FloodTraffic flood(plan.kind, plan.seed);
  const auto flood_packets = static_cast<uint64_t>(plan.seconds * static_cast<double>(plan.rate));
  FrameBuffer frame{};
  TrafficPacket packet;
  bool has_known = known.next(packet);
  const int64_t start_us = packet.time_us;
  uint64_t sent = 0;
  while (has_known || sent < flood_packets) {
    const int64_t flood_us = start_us + static_cast<int64_t>(sent * 1'000'000 / plan.rate);
    if (sent < flood_packets && !(has_known && packet.time_us <= flood_us)) {
      const size_t size = flood.next(frame);
      all.write(flood_us, frame.data(), size, size);
      ++sent;
      continue;
    }
    for (Output* out : {&all, &alone})
      out->write(packet.time_us, packet.frame, packet.captured_length, packet.wire_length);
    has_known = known.next(packet);
  }
  all.close();
  alone.close();
  return sent + known.truth().packets;
}

int run(int argc, char** argv) {
  CLI::App app("Writes a capture of known flows within a flood, and FILE.known.pcap without it");
  Plan plan;
  std::string kind, file, names;
  for (const FloodKindName& k : flood_kinds()) names += fmt::format("\n  {:<13}{}", k.name, k.help);
  app.add_option("kind", kind, "of flood:" + names)->required();
  app.add_option("-o,--output", file, "capture to write")->required();
  app.add_option("--rate", plan.rate, "flood packets in a second of packet time")
      ->check(CLI::Range(1, 100'000'000));
  app.add_option("--seconds", plan.seconds, "of flood, from the first packet on")
      ->check(CLI::Range(0.001, 3600.0));
  app.add_option("--known", plan.known, "flows beside the flood")->check(CLI::Range(1, 10'000'000));
  app.add_option("--seed", plan.seed, "another seed gives other packets of the same kind");
  CLI11_PARSE(app, argc, argv);
  const auto found = std::ranges::find(flood_kinds(), kind, &FloodKindName::name);
  if (found == flood_kinds().end()) {
    fmt::print(stderr, "synflood_gen: no kind '{}'. Try one of:{}\n", kind, names);
    return 2;
  }
  plan.kind = found->kind;
  const uint64_t packets = write_files(plan, file);
  fmt::print("{}: {} packets, {} known flows\n", file, packets, plan.known);
  return 0;
}

}  // namespace
}  // namespace tapstat::bench

int main(int argc, char** argv) {
  try {
    return tapstat::bench::run(argc, argv);
  } catch (const std::exception& error) {
    fmt::print(stderr, "synflood_gen: {}\n", error.what());
    return 1;
  }
}
