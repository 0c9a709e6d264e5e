/// Measures what classification adds: to a packet of the worker path, to a flow for its name, and
/// the messages that flows open with, each through its inspector.
///
/// `past_ten/MIX/N` is a packet past the first ten of its flow, of N flows drawn at random, with
/// inspection and without, on the same frames: the price that every long flow pays, which has to
/// stay below 15 % (scripts/bench_instructions.py counts its instructions). `whole/MIX` is whole
/// flows of 70 packets with their handshakes, requests and records. `learn/N` and `find/N` are the
/// writer's name cache with N answers in it: what a DNS answer and a new flow cost. The rest is one
/// message each in the first-level cache.
#include <string>
#include <string_view>
#include <vector>

#include <benchmark/benchmark.h>

#include "bench/cpu_timer.h"
#include "bench/layer7_traffic.h"
#include "exporters/name_cache.h"
#include "flowstats/layer7/dns_answers.h"
#include "flowstats/layer7/tcp_inspector.h"
#include "flowstats/layer7/udp_inspector.h"
#include "tests/support/dns_builder.h"
#include "tests/support/tcp_views.h"
#include "tests/support/udp_conversation.h"

namespace tapstat::bench {
namespace {

using flowstats::IpAddress;
using flowstats::IpVersion;
using flowstats::Measurement;
using flowstats::Mode;
namespace layer7 = flowstats::layer7;

enum class Inspected : uint8_t { no, yes };

Measurement with_room_for(uint32_t flows, Mode mode, Inspected inspected) {
  Measurement measurement;
  measurement.mode = mode;
  measurement.limits.tcp_flows_max = measurement.limits.udp_flows_max = flows + flows / 4;
  measurement.limits.segment_records_max = 8 * flows + 1'000'000;
  measurement.inspection.enabled = inspected == Inspected::yes;
  measurement.inspection.tcp_flows_max = measurement.limits.tcp_flows_max;
  return measurement;
}

void report(benchmark::State& state, uint64_t packets) {
  state.SetItemsProcessed(static_cast<int64_t>(packets));
  state.counters["packet"] = benchmark::Counter(
      static_cast<double>(packets), benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

void past_ten(benchmark::State& state, Layer7Mix mix, Mode mode, Inspected inspected) {
  const auto flows = static_cast<uint32_t>(state.range(0));
  Layer7Traffic traffic(mix, flows);
  PacketPath path(with_room_for(flows, mode, inspected));
  for (auto frames = traffic.open(); !frames.empty(); frames = traffic.open()) path.process(frames);
  uint64_t packets = 0;
  for (auto _ : state) {
    const auto frames = traffic.fill();
    const CpuTimer timer;
    path.process(frames);
    state.SetIterationTime(timer.seconds());
    packets += frames.size();
  }
  if (path.counters().get(flowstats::Counter::segments_without_flow) != 0)
    state.SkipWithError("packets without a flow");
  report(state, packets);
}

void whole(benchmark::State& state, Layer7Mix mix, Mode mode, Inspected inspected) {
  constexpr uint32_t kPacketsOfFlow = 70;
  const auto flows = static_cast<uint32_t>(state.range(0));
  const auto concurrency = static_cast<uint32_t>(state.range(1));
  const FrameStore capture = Layer7Traffic(mix, flows).whole(concurrency, kPacketsOfFlow);
  PacketPath path(with_room_for(flows, mode, inspected));
  uint64_t packets = 0;
  for (auto _ : state) {
    const CpuTimer timer;
    path.process(capture.frames());
    path.finish();
    state.SetIterationTime(timer.seconds());
    packets += capture.frames().size();
  }
  if (mix == Layer7Mix::tls &&
      path.records() != uint64_t{flows} * static_cast<uint64_t>(state.iterations()))
    state.SkipWithError("not the right number of records");
  report(state, packets);
}

/// Answers for one client after another, for a cache of state.range(0) answers.
class Answers {
 public:
  explicit Answers(const benchmark::State& state)
      : message_(message::dns_answer()),
        record_({message_.data(), message_.size()}),
        clients_(static_cast<uint32_t>(state.range(0))),
        cache_(options(clients_)) {
    record_->for_names = true;
    record_->resolver = IpAddress::v4(0xcb007135);
    for (uint32_t i = 0; i < clients_; ++i) learn();
  }

  void learn() {
    const IpAddress client = client_at(learnt_++);
    record_->client = client;
    record_->ends.address = {record_->resolver, client};
    record_->time = record_->query_time = record_->answer_time = flowstats::Timestamp{now()};
    cache_.learn(*record_);
  }
  [[nodiscard]] bool find(uint32_t i) const {
    return cache_.find(IpVersion::v4, client_at(i), kServer, flowstats::Timestamp{now()})
        .has_value();
  }
  [[nodiscard]] uint32_t clients() const { return clients_; }
  [[nodiscard]] exporters::NameStore::Counts counts() const { return cache_.counts(); }

 private:
  static constexpr IpAddress kServer = IpAddress::v4(0xc6336401);  // of message::dns_answer()

  static exporters::NameCache::Options options(uint32_t answers) {
    exporters::NameCache::Options options;
    options.entries_v4 = answers;
    return options;
  }
  [[nodiscard]] int64_t now() const { return 1'600'000'000'000'000 + int64_t{learnt_}; }
  /// Those of the latest answers are there.
  [[nodiscard]] static IpAddress client_at(uint32_t i) { return IpAddress::v4(0x0a000000 + i); }

  std::vector<uint8_t> message_;
  tests::OwnedDnsRecord record_;
  uint32_t clients_, learnt_ = 0;
  exporters::NameCache cache_;
};

void learn(benchmark::State& state) {
  Answers answers(state);
  for (auto _ : state) answers.learn();
  if (answers.counts().evicted != static_cast<uint64_t>(state.iterations()))
    state.SkipWithError("the cache was not full");
  state.SetItemsProcessed(state.iterations());
}

void find(benchmark::State& state, bool known) {
  const Answers answers(state);
  const uint32_t first = known ? 0 : answers.clients();
  Random random(42);
  int64_t found = 0;
  for (auto _ : state) found += answers.find(first + random.below(answers.clients())) ? 1 : 0;
  if (found != (known ? state.iterations() : 0)) state.SkipWithError("wrong answers");
  state.SetItemsProcessed(state.iterations());
}

/// A flow whose only payload is `text`: its place, the inspection, the place given back.
void tcp_message(benchmark::State& state, Mode mode, std::vector<uint8_t> (*make)()) {
  const std::vector<uint8_t> bytes = make();
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  const layer7::TcpSegmentView view = test::TcpViews().client(text);
  layer7::TcpInspector inspector(with_room_for(100, mode, Inspected::yes));
  for (auto _ : state) {
    const uint32_t flow = inspector.begin();
    benchmark::DoNotOptimize(inspector.on_segment(flow, view));
    inspector.end(flow);
  }
  const uint32_t flow = inspector.begin();
  inspector.on_segment(flow, view);
  layer7::TcpFindings findings;
  inspector.fill(flow, findings);
  if (findings.server_name.empty() && findings.http_host.empty())
    state.SkipWithError("no name found");
}

/// The same of a datagram; of DNS also the question whether it goes to the writer.
void udp_message(benchmark::State& state, uint16_t server_port, size_t side,
                 std::vector<uint8_t> (*make)()) {
  test::UdpConversation conversation(40001, server_port);
  layer7::UdpDatagramView view = conversation.datagram(side, make());
  layer7::UdpInspector inspector(with_room_for(100, Mode::tstat, Inspected::yes));
  bool is_known = true;
  for (auto _ : state) {
    layer7::UdpInspection flow;
    // The time that passes decides how many handshakes are opened.
    view.time = view.time + flowstats::milliseconds(1);
    inspector.on_datagram(flow, view, false);
    if (server_port == layer7::kDnsPort)
      is_known &= layer7::may_name_flows(view.payload, view.source_port, view.destination_port,
                                         Mode::tstat);
    is_known &= flow.type[side] != layer7::UdpType::unknown ||
                inspector.quic().hello(flow.handshakes[0]) != nullptr;
    inspector.end(flow);
  }
  if (!is_known) state.SkipWithError("not classified");
}

struct Traffic {
  const char* name;
  Layer7Mix mix;
};

/// Each with inspection and without, in both modes.
const bool kRegistered = [] {
  constexpr Traffic kTraffic[] = {{"tls", Layer7Mix::tls}, {"mixed", Layer7Mix::mixed}};
  for (const Traffic& traffic : kTraffic) {
    for (const Mode mode : {Mode::tstat, Mode::corrected}) {
      for (const Inspected inspected : {Inspected::yes, Inspected::no}) {
        const std::string name = std::string("/") + traffic.name +
                                 (mode == Mode::tstat ? "/tstat/" : "/corrected/") +
                                 (inspected == Inspected::yes ? "with" : "without");
        // Packets 11 to 92 of a flow.
        for (const int64_t flows : {10'000, 200'000}) {
          benchmark::RegisterBenchmark(("past_ten" + name).c_str(), past_ten, traffic.mix, mode,
                                       inspected)
              ->Arg(flows)
              ->Iterations(flows / 25)
              ->UseManualTime();
        }
        benchmark::RegisterBenchmark(("whole" + name).c_str(), whole, traffic.mix, mode, inspected)
            ->Args({1'000, 1'000})
            ->Args({20'000, 10'000})
            ->UseManualTime();
      }
    }
  }
  return true;
}();

BENCHMARK(learn)->Arg(1)->Arg(10'000)->Arg(100'000);
BENCHMARK_CAPTURE(find, known, true)->Arg(1)->Arg(10'000)->Arg(100'000);
BENCHMARK_CAPTURE(find, unknown, false)->Arg(1)->Arg(10'000)->Arg(100'000);
BENCHMARK_CAPTURE(tcp_message, client_hello / tstat, Mode::tstat, message::client_hello);
BENCHMARK_CAPTURE(tcp_message, client_hello / corrected, Mode::corrected, message::client_hello);
BENCHMARK_CAPTURE(tcp_message, http_request / tstat, Mode::tstat, message::http_request);
BENCHMARK_CAPTURE(tcp_message, http_request / corrected, Mode::corrected, message::http_request);
BENCHMARK_CAPTURE(udp_message, quic_initial, 443, layer7::kClient, message::quic_initial);
BENCHMARK_CAPTURE(udp_message, dns_answer, 53, layer7::kServer, message::dns_answer);

}  // namespace
}  // namespace tapstat::bench
