/// make_traffic PROFILE -o FILE.pcap: writes a generated capture and FILE.truth.json with what a
/// right probe finds in it.
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "bench/traffic.h"
#include "tests/support/capture_writer.h"

namespace tapstat::bench {
namespace {

void write_all(const TrafficProfile& profile, const std::filesystem::path& file) {
  tests::CaptureOptions options;
  if (profile.snap_length != 0) options.snap_length = profile.snap_length;
  tests::CaptureWriter writer(file, options);
  TrafficGenerator traffic(profile);
  TrafficPacket packet;
  while (traffic.next(packet)) {
    tests::RecordExtras extras;
    extras.wire_length = packet.wire_length;
    writer.write({packet.time_us}, packet.frame, packet.captured_length, extras);
  }
  writer.close();
  const TrafficTruth& truth = traffic.truth();
  auto truth_file = file;
  truth_file.replace_extension(".truth.json");
  std::ofstream out(truth_file);
  out << to_json(profile, truth);
  if (!out.flush()) throw std::runtime_error("cannot write " + truth_file.string());
  fmt::print("{}: {} packets, {} bytes a frame, {} TCP flows\n", file.string(), truth.packets,
             truth.packets == 0 ? 0 : truth.bytes_on_wire / truth.packets, truth.tcp_flows);
}

int run(int argc, char** argv) {
  CLI::App app("Writes a deterministic capture and its ground truth (FILE.truth.json)");
  std::string name, file;
  TrafficProfile wanted;
  std::string names;
  for (const TrafficProfile& p : profiles()) names += fmt::format("\n  {:<14}{}", p.name, p.help);
  app.add_option("profile", name, "kind of traffic:" + names)->required();
  app.add_option("-o,--output", file, "capture to write")->required();
  auto* flows = app.add_option("--flows", wanted.flows, "TCP and UDP flows in all");
  auto* concurrency =
      app.add_option("--concurrency", wanted.concurrency, "flows open at the same time");
  auto* packets = app.add_option("--packets", wanted.packets_max,
                                 "stop after so many packets (0 = when all flows end)");
  auto* snap =
      app.add_option("--snap-length", wanted.snap_length, "bytes kept of a frame (0 = all)");
  auto* seed =
      app.add_option("--seed", wanted.seed, "another seed gives other traffic of the same kind");
  CLI11_PARSE(app, argc, argv);
  const TrafficProfile* found = find_profile(name);
  if (found == nullptr) {
    fmt::print(stderr, "make_traffic: no profile '{}'. Try one of:{}\n", name, names);
    return 2;
  }
  TrafficProfile profile = *found;
  if (flows->count() > 0) profile.flows = wanted.flows;
  if (concurrency->count() > 0) profile.concurrency = wanted.concurrency;
  if (packets->count() > 0) profile.packets_max = wanted.packets_max;
  if (snap->count() > 0) profile.snap_length = wanted.snap_length;
  if (seed->count() > 0) profile.seed = wanted.seed;
  write_all(profile, file);
  return 0;
}

}  // namespace
}  // namespace tapstat::bench

int main(int argc, char** argv) {
  try {
    return tapstat::bench::run(argc, argv);
  } catch (const std::exception& error) {
    fmt::print(stderr, "make_traffic: {}\n", error.what());
    return 1;
  }
}
