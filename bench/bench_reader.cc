/// Measures what it costs to get a packet from a capture: from the file in the page cache to an
/// mbuf with its time, and the mbuf given back.
///
/// It is the first step of every replay, and where packets come from a file it decides how much of
/// a replay's time is ours. `pcap_driver` is DPDK's port, `file` our own reader, `preloaded` the
/// same from memory; `touched` reads the first line of each packet as a parser would, so that the
/// price of fetching it is seen where it belongs. `mmap` is the floor that a reader is compared
/// with: the records of a mapped file walked over and touched, no mbufs. The argument is the number
/// of captured bytes of each packet.
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include "bench/cpu_timer.h"
#include "dataplane/capture_readers.h"
#include "dataplane/eal.h"
#include "tests/support/capture_writer.h"

namespace tapstat::bench {
namespace {

using dataplane::CaptureReaders;
using dataplane::ReaderKind;

constexpr size_t kFileBytes = size_t{64} << 20;  // beyond the last cache of most machines

/// An unlinked capture of packets that all have `bytes` captured bytes.
dataplane::CaptureFile make_capture(size_t bytes) {
  const auto path = std::filesystem::temp_directory_path() /
                    ("tapstat_bench_reader_" + std::to_string(getpid()) + ".pcap");
  tests::CaptureWriter writer(path);
  const tests::FrameBytes frame(bytes, 0x45);
  for (size_t i = 0; i < kFileBytes / (bytes + 16); ++i)
    writer.write(flowstats::Timestamp{1'600'000'000'000'000 + static_cast<int64_t>(i)}, frame);
  writer.close();
  auto opened = dataplane::open_capture(path, {});
  std::filesystem::remove(path);
  return std::move(opened.value());
}

/// Once for all sizes: DPDK starts once in a process.
void start_dpdk() { static const auto eal = dataplane::start_eal({.memory_mib = 256}); }

void report(benchmark::State& state, uint64_t packets) {
  state.SetItemsProcessed(static_cast<int64_t>(packets));
  state.counters["packet"] = benchmark::Counter(
      static_cast<double>(packets), benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

/// One iteration is the whole file.
void reader(benchmark::State& state, ReaderKind kind, bool is_touched) {
  start_dpdk();
  std::vector<dataplane::CaptureFile> captures;
  captures.push_back(make_capture(static_cast<size_t>(state.range(0))));
  auto readers = CaptureReaders::create(kind, captures, *dataplane::PacketTimeField::find(), 2, 1);
  if (!readers) return state.SkipWithError(readers.error().sentence.c_str());
  std::array<rte_mbuf*, dataplane::kBurstMax> burst;
  uint64_t packets = 0, sum = 0;
  for (auto _ : state) {
    auto source = readers->open(0);
    if (!source) return state.SkipWithError(source.error().sentence.c_str());
    const CpuTimer timer;
    while (const uint16_t n = (*source)->receive(burst.data(), dataplane::kBurstMax)) {
      if (is_touched)
        for (uint16_t i = 0; i < n; ++i) sum += dataplane::first_buffer(burst[i]).u32(12);
      rte_pktmbuf_free_bulk(burst.data(), n);
      packets += n;
    }
    state.SetIterationTime(timer.seconds());
  }
  benchmark::DoNotOptimize(sum);
  if (packets != captures[0].packets * state.iterations()) state.SkipWithError("packets are lost");
  report(state, packets);
}

void mapped(benchmark::State& state) {
  const dataplane::CaptureFile capture = make_capture(static_cast<size_t>(state.range(0)));
  uint64_t packets = 0, sum = 0;
  for (auto _ : state) {
    const CpuTimer timer;
    void* const map = mmap(nullptr, capture.bytes, PROT_READ, MAP_SHARED, capture.file.get(), 0);
    if (map == MAP_FAILED) return state.SkipWithError("cannot map the file");
    dataplane::CaptureRecords records;
    const dataplane::FileWindow window{static_cast<const uint8_t*>(map), 0, capture.bytes};
    while (records.next(window) == dataplane::CaptureRecords::Step::packet) {
      ++packets;
      sum += records.packet().data[12];
    }
    munmap(map, capture.bytes);
    state.SetIterationTime(timer.seconds());
  }
  benchmark::DoNotOptimize(sum);
  if (packets != capture.packets * state.iterations()) state.SkipWithError("packets are lost");
  report(state, packets);
}

BENCHMARK_CAPTURE(reader, pcap_driver, ReaderKind::dpdk, false)
    ->Arg(128)
    ->Arg(830)
    ->UseManualTime();
BENCHMARK_CAPTURE(reader, file, ReaderKind::file, false)->Arg(128)->Arg(830)->UseManualTime();
BENCHMARK_CAPTURE(reader, preloaded, ReaderKind::preloaded, false)
    ->Arg(128)
    ->Arg(830)
    ->UseManualTime();
BENCHMARK_CAPTURE(reader, pcap_driver_touched, ReaderKind::dpdk, true)
    ->Arg(128)
    ->Arg(830)
    ->UseManualTime();
BENCHMARK_CAPTURE(reader, file_touched, ReaderKind::file, true)
    ->Arg(128)
    ->Arg(830)
    ->UseManualTime();
BENCHMARK_CAPTURE(reader, preloaded_touched, ReaderKind::preloaded, true)
    ->Arg(128)
    ->Arg(830)
    ->UseManualTime();
BENCHMARK(mapped)->Name("reader/mmap")->Arg(128)->Arg(830)->UseManualTime();

}  // namespace
}  // namespace tapstat::bench
