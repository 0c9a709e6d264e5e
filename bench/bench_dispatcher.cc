/// Measures the dispatcher: packets of a burst -> hashes -> lots -> the workers' rings, and out of
/// the rings again.
///
/// With several workers one thread does this for all packets, so it bounds the whole probe: 45 ns a
/// packet are 22 million packets per second. The argument is the number of workers. The rings are
/// drained by the same thread, which is part of the time; packets are of 10,000 connections and
/// freshly written; buffers are headers in plain memory, since nothing here allocates or frees any.
#include <algorithm>
#include <array>
#include <memory>
#include <vector>

#include <benchmark/benchmark.h>

#include "bench/cpu_timer.h"
#include "bench/steady_traffic.h"
#include "dataplane/dispatcher.h"

namespace tapstat::bench {
namespace {

using dataplane::HandedPacket;
using dataplane::kBurst;
using dataplane::PacketHandoff;

/// A block of traffic as buffers.
class Buffers {
 public:
  Buffers() : buffers_(SteadyTraffic::kBlock) {}

  void take(std::span<const FrameInMemory> frames) {
    for (size_t i = 0; i < frames.size(); ++i) {
      rte_mbuf& b = buffers_[i];
      b.buf_addr = const_cast<uint8_t*>(frames[i].bytes);
      b.data_off = 0;
      b.data_len = static_cast<uint16_t>(frames[i].captured_length);
      b.pkt_len = frames[i].captured_length;
      times_[i] = {frames[i].time_us};
    }
  }
  void fill(dataplane::Burst& burst, size_t at) {
    burst.count = static_cast<uint16_t>(std::min<size_t>(kBurst, buffers_.size() - at));
    for (uint16_t i = 0; i < burst.count; ++i) {
      burst.packets[i] = &buffers_[at + i];
      burst.times[i] = burst.clocks[i] = times_[at + i];
    }
  }

 private:
  std::vector<rte_mbuf> buffers_;
  std::array<flowstats::Timestamp, SteadyTraffic::kBlock> times_;
};

void dispatch(benchmark::State& state) {
  const auto workers = static_cast<size_t>(state.range(0));
  const flowstats::Measurement measurement;
  flowstats::CounterBlock counters;
  dataplane::WorkerStatus status;
  std::vector<std::unique_ptr<PacketHandoff>> rings;
  std::vector<PacketHandoff*> ends;
  for (size_t w = 0; w < workers; ++w)
    ends.push_back(
        rings.emplace_back(std::make_unique<PacketHandoff>(1024, PacketHandoff::WhenFull::wait))
            .get());
  const std::vector<dataplane::WorkerStatus*> nobody;
  dataplane::Dispatcher dispatcher(measurement, counters, ends, nobody, status);

  SteadyTraffic traffic(10'000);
  Buffers buffers;
  dataplane::Burst burst;
  std::array<HandedPacket, kBurst> out;
  uint64_t received = 0, sent = 0;
  const auto drain = [&] {
    for (const auto& ring : rings)
      while (const size_t count = ring->pop(out)) {
        for (size_t i = 0; i < count; ++i) received += out[i].packet != nullptr ? 1 : 0;
      }
  };
  for (auto _ : state) {
    buffers.take(traffic.fill());
    const CpuTimer timer;
    for (size_t at = 0; at < SteadyTraffic::kBlock; at += kBurst) {
      buffers.fill(burst, at);
      dispatcher.dispatch(burst);
      if (at / kBurst % 4 == 3) drain();
    }
    dispatcher.hand_over();
    drain();
    state.SetIterationTime(timer.seconds());
    sent += SteadyTraffic::kBlock;
  }
  if (received != sent) state.SkipWithError("packets were lost");
  state.SetItemsProcessed(static_cast<int64_t>(sent));
}

BENCHMARK(dispatch)->Arg(2)->Arg(4)->Arg(8)->UseManualTime();

}  // namespace
}  // namespace tapstat::bench
