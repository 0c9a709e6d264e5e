/// run_pipeline PACKETS FLOWS: the steady packet path once, for instruction counters
/// (scripts/bench_instructions.py).
///
/// Two runs that differ in PACKETS only give the instructions of one packet: opening, frame writing
/// per block and program start cancel out, except for the writing of the additional blocks, which
/// `--write-only` measures.
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "bench/steady_traffic.h"

int main(int argc, char** argv) {
  using namespace tapstat;
  if (argc < 3) {
    std::fputs("usage: run_pipeline PACKETS FLOWS [--write-only]\n", stderr);
    return 2;
  }
  const auto packets = std::strtoull(argv[1], nullptr, 10);
  const auto flows = static_cast<uint32_t>(std::strtoul(argv[2], nullptr, 10));
  const bool write_only = argc > 3 && std::strcmp(argv[3], "--write-only") == 0;
  flowstats::Measurement measurement;
  measurement.limits.tcp_flows_max = flows + flows / 4;
  bench::PacketPath path(measurement);
  bench::SteadyTraffic traffic(flows);
  for (auto frames = traffic.open(); !frames.empty(); frames = traffic.open()) path.process(frames);
  unsigned long long done = 0;
  while (done < packets) {
    const auto frames = traffic.fill();
    if (!write_only) path.process(frames);
    done += frames.size();
  }
  std::printf("%llu packets\n", done);
}
