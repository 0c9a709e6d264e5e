/// run_pipeline: one load through the packet path once, for instruction counters
/// (scripts/bench_instructions.py).
///
///     run_pipeline MODE steady FLOWS PACKETS          packets of FLOWS open connections
///     run_pipeline MODE PROFILE FLOWS CONCURRENCY     a whole generated capture, openings and all
///     run_pipeline MODE floor FLOWS PACKETS           the floor with the packets of steady
///     run_pipeline MODE tls|mixed FLOWS PACKETS       packets past the first ten of flows of
///                                                     bench/layer7_traffic.h
///     run_pipeline MODE flood-KIND FLOWS PACKETS      one packet each microsecond of a flood of
///                                                     bench/flood_traffic.h, into tables of FLOWS
///
/// A last word `off` leaves the inspection of payload out; `exit` does too, and has exit records.
/// Everything that counts happens inside measured_*(), so that a counter that is switched on there
/// sees neither the generator nor the program's start; measured_follow() has what the thread for
/// exit records does, measured_process() the worker. Prints packets and TCP flows.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <vector>

#include "bench/flood_traffic.h"
#include "bench/layer7_traffic.h"
#include "bench/preloaded_traffic.h"
#include "bench/steady_traffic.h"
#include "dataplane/floor.h"

namespace tapstat::bench {

[[gnu::noinline]] void measured_process(PacketPath& path, std::span<const FrameInMemory> frames) {
  path.process(frames);
}
/// What the thread for exit records does with these packets.
[[gnu::noinline]] void measured_follow(PacketPath& path) {
  while (path.follow()) {
  }
}
[[gnu::noinline]] void measured_floor(dataplane::Floor& floor,
                                      std::span<const FrameInMemory> frames) {
  floor.process(frames);
}

namespace {

struct Load {
  flowstats::Measurement measurement;
  const char* name = "";
  uint32_t flows = 0;
  uint64_t size = 0;  // packets, or flows at the same time
};

void print(uint64_t packets, uint64_t flows) {
  std::printf("%llu packets %llu flows\n", static_cast<unsigned long long>(packets),
              static_cast<unsigned long long>(flows));
}

template <class Traffic>
int steady(const Load& load, Traffic traffic) {
  PacketPath path(load.measurement);
  for (auto frames = traffic.open(); !frames.empty(); frames = traffic.open()) {
    path.process(frames);
    while (path.follow()) {
    }
  }
  uint64_t done = 0;
  for (; done < load.size; done += Traffic::kBlock) {
    measured_process(path, traffic.fill());
    measured_follow(path);
  }
  print(done, 0);
  return 0;
}

int floor(const Load& load) {
  dataplane::Floor floor({load.measurement.mode, dataplane::LinkType::ethernet, 0}, load.flows);
  SteadyTraffic traffic(load.flows);
  for (auto frames = traffic.open(); !frames.empty(); frames = traffic.open())
    for (const FrameInMemory& frame : frames) floor.add(frame);
  uint64_t done = 0;
  for (; done < load.size; done += SteadyTraffic::kBlock) measured_floor(floor, traffic.fill());
  print(done, 0);
  return floor.missed() == 0 ? 0 : 1;
}

int whole_capture(const Load& load) {
  const TrafficProfile* const found = find_profile(load.name);
  if (found == nullptr) return 2;
  TrafficProfile profile = *found;
  profile.flows = load.flows;
  profile.concurrency = static_cast<uint32_t>(load.size);
  const PreloadedTraffic traffic(profile);
  PacketPath path(load.measurement);
  const auto frames = traffic.frames();
  for (size_t at = 0; at < frames.size(); at += PacketPath::kFramesBetweenTurns) {
    measured_process(
        path, frames.subspan(at, std::min(PacketPath::kFramesBetweenTurns, frames.size() - at)));
    measured_follow(path);
  }
  print(traffic.truth().packets, traffic.truth().tcp_flows);
  return 0;
}

int flood(const Load& load, std::string_view kind) {
  constexpr size_t kBlock = 2'048, kFrameBytes = 64;
  constexpr int64_t kStartUs = 1'600'000'000'000'000;
  const auto found = std::ranges::find(flood_kinds(), kind, &FloodKindName::name);
  if (found == flood_kinds().end()) return 2;
  FloodTraffic traffic(found->kind, 1);
  PacketPath path(load.measurement);
  FrameBuffer frame{};
  std::vector<uint8_t> bytes(kBlock * kFrameBytes);
  std::vector<FrameInMemory> frames(kBlock);
  uint64_t done = 0;
  while (done < load.size) {
    for (size_t i = 0; i < kBlock; ++i, ++done) {
      const size_t size = std::min(traffic.next(frame), kFrameBytes);
      std::copy_n(frame.data(), size, &bytes[i * kFrameBytes]);
      frames[i] = {&bytes[i * kFrameBytes], static_cast<uint32_t>(size),
                   kStartUs + static_cast<int64_t>(done)};
    }
    measured_process(path, frames);
  }
  print(done, path.records());
  return 0;
}

int run(int argc, char** argv) {
  const bool has_exits = argc == 6 && std::strcmp(argv[5], "exit") == 0;
  const bool is_off = has_exits || (argc == 6 && std::strcmp(argv[5], "off") == 0);
  if (argc != 5 && !is_off) {
    std::fputs(
        "usage: run_pipeline tstat|corrected steady|floor|tls|mixed|flood-KIND|PROFILE FLOWS SIZE "
        "[off|exit]\n",
        stderr);
    return 2;
  }
  Load load;
  load.measurement.mode =
      std::strcmp(argv[1], "tstat") == 0 ? flowstats::Mode::tstat : flowstats::Mode::corrected;
  load.name = argv[2];
  load.flows = static_cast<uint32_t>(std::strtoul(argv[3], nullptr, 10));
  load.size = std::strtoull(argv[4], nullptr, 10);
  load.measurement.limits.tcp_flows_max = load.flows + load.flows / 4;
  load.measurement.limits.udp_flows_max = load.measurement.limits.tcp_flows_max;
  load.measurement.inspection.enabled = !is_off;
  load.measurement.exit_records.enabled = has_exits;
  if (std::strcmp(load.name, "steady") == 0) return steady(load, SteadyTraffic(load.flows));
  if (std::strcmp(load.name, "tls") == 0)
    return steady(load, Layer7Traffic(Layer7Mix::tls, load.flows));
  if (std::strcmp(load.name, "mixed") == 0)
    return steady(load, Layer7Traffic(Layer7Mix::mixed, load.flows));
  if (std::strcmp(load.name, "floor") == 0) return floor(load);
  constexpr std::string_view kFlood = "flood-";
  if (std::string_view(load.name).starts_with(kFlood))
    return flood(load, std::string_view(load.name).substr(kFlood.size()));
  return whole_capture(load);
}

}  // namespace
}  // namespace tapstat::bench

int main(int argc, char** argv) { return tapstat::bench::run(argc, argv); }
