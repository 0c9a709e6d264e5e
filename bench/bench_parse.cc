/// Measures the parser: frames -> segments, hash included, and the hash alone.
///
/// Every packet pays it, and it is the first touch of the packet's memory. `parse/v4` and the
/// others parse bursts of one frame that stays in the cache: the pure work per kind of header;
/// `qinq` stands for all frames that are not plain. `parse/burst` parses freshly written packets of
/// 10,000 connections behind a prefetch, as a worker does. `hash/toeplitz` is what a network card
/// computes, done by DPDK's software: why the hash here is another one.
#include <algorithm>
#include <array>
#include <vector>

#include <benchmark/benchmark.h>
#include <rte_thash.h>

#include "bench/cpu_timer.h"
#include "bench/steady_traffic.h"
#include "dataplane/parse_burst.h"
#include "tests/support/packet_builder.h"

namespace tapstat::bench {
namespace {

using dataplane::Frame;
using flowstats::Timestamp;
using tests::FrameBytes;
using tests::PacketBuilder;
namespace opt = tests::tcp_option;

FrameBytes timestamps() {
  return opt::join({opt::no_operation(), opt::no_operation(), opt::timestamps(1, 2)});
}
tests::TcpFields usual_tcp() { return {.flags = tests::kAck, .options = timestamps()}; }

FrameBytes v4_frame() {
  return PacketBuilder().ethernet().ipv4().tcp(usual_tcp()).payload(64).build();
}
FrameBytes v6_frame() {
  return PacketBuilder().ethernet().ipv6().tcp(usual_tcp()).payload(64).build();
}
FrameBytes vlan_frame() {
  return PacketBuilder().ethernet().vlan(7).ipv4().tcp(usual_tcp()).build();
}
FrameBytes qinq_frame() {
  return PacketBuilder().ethernet().vlan(7).vlan(8).ipv4().tcp(usual_tcp()).build();
}
FrameBytes udp_frame() { return PacketBuilder().ethernet().ipv4().udp().payload(64).build(); }
FrameBytes arp_frame() { return tests::arp_request(); }
FrameBytes options_frame() {
  const FrameBytes options =
      opt::join({timestamps(), opt::no_operation(), opt::no_operation(), opt::sack({{1, 2}})});
  return PacketBuilder().ethernet().ipv4().tcp({.flags = tests::kAck, .options = options}).build();
}

/// A burst of frames with their times.
class Burst {
 public:
  Burst() : times_{}, clocks_{} {}
  void set(size_t i, const uint8_t* bytes, uint32_t size) { frames_[i] = {bytes, size, size}; }
  [[nodiscard]] size_t parse(const dataplane::ParseRules& rules, size_t count) {
    return parse_burst(rules, {{frames_.data(), count}, times_.data(), clocks_.data(), nullptr},
                       segments_.data(), counters_)
        .segments;
  }

 private:
  std::array<Frame, PacketPath::kBurst> frames_;
  std::array<Timestamp, PacketPath::kBurst> times_, clocks_;
  std::array<flowstats::Segment, PacketPath::kBurst> segments_;
  flowstats::CounterBlock counters_;
};

void one_kind(benchmark::State& state, FrameBytes (*make)()) {
  const FrameBytes frame = make();
  const dataplane::ParseRules rules{.mode = flowstats::Mode::corrected};
  Burst burst;
  for (size_t i = 0; i < PacketPath::kBurst; ++i)
    burst.set(i, frame.data(), static_cast<uint32_t>(frame.size()));
  for (auto _ : state) {
    benchmark::DoNotOptimize(burst.parse(rules, PacketPath::kBurst));
    benchmark::ClobberMemory();
  }
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(PacketPath::kBurst));
}

void fresh_bursts(benchmark::State& state) {
  SteadyTraffic traffic(10'000);
  const dataplane::ParseRules rules;
  Burst burst;
  for (auto _ : state) {
    const auto frames = traffic.fill();
    const CpuTimer timer;
    for (size_t at = 0; at < frames.size(); at += PacketPath::kBurst) {
      const auto part = frames.subspan(at, std::min(PacketPath::kBurst, frames.size() - at));
      for (size_t i = 0; i < part.size(); ++i) {
        __builtin_prefetch(part[i].bytes);
        burst.set(i, part[i].bytes, part[i].captured_length);
      }
      benchmark::DoNotOptimize(burst.parse(rules, part.size()));
    }
    state.SetIterationTime(timer.seconds());
  }
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(SteadyTraffic::kBlock));
}

/// Keys that stay in the cache, different ones in turn.
constexpr uint32_t kKeys = 1024;

void hash(benchmark::State& state, flowstats::IpVersion version) {
  std::vector<flowstats::FiveTuple> tuples(kKeys);
  Random random(42);
  for (auto& t : tuples) {
    const bool is_v4 = version == flowstats::IpVersion::v4;
    const auto address = [&]() -> flowstats::IpAddress {
      if (is_v4) return flowstats::IpAddress::v4(random.below(1U << 31));
      return {0x20010db800000000ULL | random.below(1U << 31), random.below(1U << 31)};
    };
    t = make_tuple({address(), static_cast<uint16_t>(random.below(65'536))}, {address(), 443},
                   flowstats::kProtocolTcp, version)
            .tuple;
  }
  const flowstats::HashKey key(1);
  for (auto _ : state)
    for (const auto& t : tuples) benchmark::DoNotOptimize(hash_tuple(t, key));
  state.SetItemsProcessed(state.iterations() * int64_t{kKeys});
}

void hash_toeplitz(benchmark::State& state) {
  std::array<uint8_t, 40> key;  // symmetric: both directions alike
  for (size_t i = 0; i < key.size(); ++i) key[i] = i % 2 == 0 ? 0x6d : 0x5a;
  std::vector<std::array<uint32_t, 3>> tuples(kKeys);  // two addresses, two ports
  Random random(42);
  for (auto& t : tuples)
    for (uint32_t& word : t) word = random.below(1U << 31);
  for (auto _ : state)
    for (auto& t : tuples)
      benchmark::DoNotOptimize(rte_softrss(t.data(), static_cast<uint32_t>(t.size()), key.data()));
  state.SetItemsProcessed(state.iterations() * int64_t{kKeys});
}

BENCHMARK_CAPTURE(one_kind, v4, v4_frame)->Name("parse/v4");
BENCHMARK_CAPTURE(one_kind, v6, v6_frame)->Name("parse/v6");
BENCHMARK_CAPTURE(one_kind, vlan, vlan_frame)->Name("parse/vlan");
BENCHMARK_CAPTURE(one_kind, qinq, qinq_frame)->Name("parse/qinq");
BENCHMARK_CAPTURE(one_kind, options, options_frame)->Name("parse/options");
BENCHMARK_CAPTURE(one_kind, udp, udp_frame)->Name("parse/udp");
BENCHMARK_CAPTURE(one_kind, arp, arp_frame)->Name("parse/arp");
BENCHMARK(fresh_bursts)->Name("parse/burst")->UseManualTime();
BENCHMARK_CAPTURE(hash, v4, flowstats::IpVersion::v4)->Name("hash/v4");
BENCHMARK_CAPTURE(hash, v6, flowstats::IpVersion::v6)->Name("hash/v6");
BENCHMARK(hash_toeplitz)->Name("hash/toeplitz");

}  // namespace
}  // namespace tapstat::bench
