/// Measures what it costs to get a packet from a kernel interface that has already put it into its
/// ring: to an mbuf with its time, and the mbuf given back.
///
/// It is the first step of `tapstat run` on such a port; what the kernel itself does for a packet
/// is not in it. `kernel` is our own reader, `poll_mode_driver` DPDK's, which knows no time stamps
/// and no losses. The argument is the length of the frames, sent over a pair of virtual interfaces
/// in a network namespace of this program: where that is not permitted, nothing is measured.
#include <chrono>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include <benchmark/benchmark.h>
#include <rte_mbuf.h>

#include "bench/cpu_timer.h"
#include "dataplane/burst.h"
#include "dataplane/eal.h"
#include "dataplane/live_ports.h"
#include "dataplane/packet_source.h"
#include "tests/support/veth_pair.h"

namespace tapstat::bench {
namespace {

constexpr size_t kFrames = 4'000;  // of one iteration; every ring holds them
constexpr uint32_t kSnap = 2'048;

/// Once for all sizes: DPDK starts once in a process.
void start_dpdk() { static const auto eal = dataplane::start_eal({.memory_mib = 256}); }

/// Frees what comes until there is nothing left; returns how many.
uint64_t empty(dataplane::PacketSource& source) {
  uint64_t packets = 0;
  dataplane::Burst burst;
  while (source.receive(burst) == dataplane::PacketSource::State::packets) {
    rte_pktmbuf_free_bulk(burst.packets.data(), burst.count);
    packets += burst.count;
  }
  return packets;
}

void live(benchmark::State& state, const dataplane::PortRequest& request) {
  if (!tests::can_make_networks())
    return state.SkipWithError("making a network namespace is not permitted here");
  start_dpdk();
  const tests::VethPair pair("blive0", "blive1");
  auto ports = dataplane::LivePorts::open({&request, 1}, 1, kSnap);
  if (!ports) return state.SkipWithError(ports.error().sentence.c_str());
  const dataplane::SourceControl control;
  const auto sources = (*ports)->sources(control);
  static_cast<void>(empty(*sources[0]));  // from now on it takes what comes
  const tests::FrameSender far("blive1");
  const tests::FrameBytes frame(static_cast<size_t>(state.range(0)), 0x45);
  uint64_t packets = 0;
  for (auto _ : state) {
    for (size_t i = 0; i < kFrames; ++i) far.send(frame);
    // Until the kernel has closed the last block.
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    const CpuTimer timer;
    packets += empty(*sources[0]);
    state.SetIterationTime(timer.seconds());
  }
  if (packets != kFrames * state.iterations()) state.SkipWithError("packets are lost");
  state.SetItemsProcessed(static_cast<int64_t>(packets));
  state.counters["packet"] = benchmark::Counter(
      static_cast<double>(packets), benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

const dataplane::PortRequest kKernel{
    .name = "kernel", .kind = dataplane::PortKind::kernel, .device = "blive0", .queues = 1};
const dataplane::PortRequest kDriver{
    .name = "driver",
    .kind = dataplane::PortKind::vdev,
    .device = "net_af_packet0,iface=blive0,blocksz=131072,framesz=2048,framecnt=8192",
    .queues = 1};

BENCHMARK_CAPTURE(live, kernel, kKernel)->Arg(128)->Arg(830)->Arg(1'500)->UseManualTime();
BENCHMARK_CAPTURE(live, poll_mode_driver, kDriver)->Arg(128)->Arg(830)->Arg(1'500)->UseManualTime();

}  // namespace
}  // namespace tapstat::bench
