/// The figures of the lab tool: from pieces to medians, prices, table and JSON.
#include <gtest/gtest.h>
#include <rapidjson/document.h>

#include "control/bench_figures.h"
#include "control/bench_report.h"
#include "control/hardware_counters.h"

namespace tapstat::tests {
namespace {

using control::BenchResult;
using control::Piece;

Piece piece(double ns, uint32_t items) {
  Piece p;
  p.ns = ns;
  p.items = items;
  p.wire_bytes = 100U * items;
  return p;
}

std::vector<Piece> pieces(double ns_per_item, int count = 21) {
  std::vector<Piece> all;
  for (int i = 0; i < count; ++i) all.push_back(piece(ns_per_item * 1000, 1000));
  return all;
}

TEST(BenchFigures, MedianAndTenthPercentile) {
  std::vector<double> values;
  for (int i = 100; i >= 0; --i) values.push_back(i);
  const auto spread = control::spread_of(values);
  ASSERT_TRUE(spread.has_value());
  EXPECT_EQ(spread->median, 50);
  EXPECT_EQ(spread->low, 10);
  EXPECT_FALSE(control::spread_of({}).has_value());
}

TEST(BenchFigures, OnePreemptionSpoilsOnePiece) {
  auto all = pieces(120);
  all[7] = piece(9e9, 1000);
  EXPECT_EQ(control::per_item(all, control::ns_of)->median, 120);
  EXPECT_FALSE(control::per_item(all, control::instructions_of).has_value());
  all[3].instructions = 480'000;
  EXPECT_EQ(control::per_item(all, control::instructions_of)->median, 480);
}

TEST(BenchFigures, AFlowIsWhatItsPacketsDoNotExplain) {
  control::ShortFlowPieces places;
  const double ns[] = {400, 150, 150, 200, 200, 600};
  for (size_t i = 0; i < places.size(); ++i) places[i] = pieces(ns[i]);
  const auto price = control::flow_price(places, 100, control::ns_of);
  ASSERT_TRUE(price.has_value());
  EXPECT_EQ(price->whole, 1700);
  EXPECT_EQ(price->extra, 1100);
  EXPECT_FALSE(control::flow_price(places, 100, control::cycles_of).has_value());
  places[2].clear();
  EXPECT_FALSE(control::flow_price(places, 100, control::ns_of).has_value());
}

BenchResult example() {
  BenchResult r;
  r.inputs.emplace_back();
  r.inputs[0].name = "first.pcap";
  r.inputs[0].format = "pcap";
  r.inputs[0].link_type = "Ethernet";
  r.inputs[0].packets = 15'000;
  r.capture.packets = 15'000;
  r.capture.tcp_segments = 14'000;
  r.capture.tcp_flows = 200;
  r.flows_wanted = 1'000'000;
  r.flows_capacity = 2'000'000;
  r.replicas = 100;
  r.rounds_wanted = r.rounds_done = 7;
  r.cpus = 2;
  r.pages_before = {100 << 20, 0, 0};
  r.pages = {1100 << 20, 900 << 20, 0};
  for (int i = 0; i < 2; ++i) {
    control::BenchWorkerResult w;
    w.path = pieces(200);
    w.floor = pieces(100);
    w.rows = pieces(500);
    for (auto& place : w.short_flows) place = pieces(300);
    w.flows_open.assign(21, 499'000);
    w.trackers.assign(21, 9'980);
    w.flow_bytes = 640'000'000;
    w.cpu = i;
    r.workers.push_back(std::move(w));
  }
  return r;
}

TEST(BenchReport, TableSaysWhatWasMeasured) {
  const std::string table = control::bench_table(example());
  for (const char* text :
       {"first.pcap: pcap, Ethernet, 15,000 packets", "100 x 15,000 packets side by side",
        "70.0 TCP segments a flow", "1,000,000 wanted, 998,000 open",
        "90 % in transparent pages of 2 MiB", "640 bytes a flow",
        "worker path / floor                           2.00", "10.0 Mpps, 8.00 Gb/s",
        "flow, beyond its packets                       600", "worker 1 (CPU 1): 200 ns",
        "instructions and cycles: not available here"})
    EXPECT_NE(table.find(text), std::string::npos) << text << "\n" << table;
  EXPECT_EQ(table.find("stopped after"), std::string::npos);
}

TEST(BenchReport, TableNamesCountersAndEarlyStops) {
  BenchResult r = example();
  for (Piece& p : r.workers[0].path) p.instructions = p.cycles = 412'000;
  r.interrupted = true;
  r.rounds_done = 2;
  const std::string table = control::bench_table(r);
  EXPECT_NE(table.find("412"), std::string::npos);
  EXPECT_EQ(table.find("not available here"), std::string::npos);
  EXPECT_NE(table.find("stopped after 2 of 7 rounds"), std::string::npos);
}

TEST(BenchReport, WorkersBeyondTheCoresShareThem) {
  BenchResult r = example();
  r.cpus = 1;
  EXPECT_NE(control::bench_table(r).find("rate    5.00 Mpps"), std::string::npos);
}

TEST(BenchReport, NamesOrdinaryAndReservedPages) {
  BenchResult r = example();
  r.pages = {1100 << 20, 100 << 20, 0};
  EXPECT_NE(control::bench_table(r).find("the rest in pages of 4 KiB"), std::string::npos);
  r.pages = {1100 << 20, 0, 800 << 20};
  EXPECT_NE(control::bench_table(r).find("80 % in reserved pages"), std::string::npos);
}

TEST(BenchReport, JsonHasTheSameFigures) {
  rapidjson::Document json;
  json.Parse(control::bench_json(example()).c_str());
  ASSERT_FALSE(json.HasParseError());
  EXPECT_EQ(json["packet"]["ns"]["median"].GetDouble(), 200);
  EXPECT_TRUE(json["packet"]["instructions"].IsNull());
  EXPECT_EQ(json["floor"]["ns"]["low_10_percent"].GetDouble(), 100);
  EXPECT_EQ(json["row"]["ns"]["median"].GetDouble(), 500);
  EXPECT_EQ(json["path_per_floor"].GetDouble(), 2);
  EXPECT_EQ(json["flow_ns"]["beyond_packets"].GetDouble(), 600);
  EXPECT_TRUE(json["flow_instructions"].IsNull());
  EXPECT_EQ(json["packets_per_s"].GetDouble(), 1e7);
  EXPECT_STREQ(json["memory"]["page_kind"].GetString(), "transparent");
  EXPECT_EQ(json["memory"]["bytes_per_flow"].GetUint64(), 640U);
  EXPECT_EQ(json["workers"].Size(), 2U);
  EXPECT_EQ(json["workers"][1]["cpu"].GetInt(), 1);
}

TEST(BenchReport, NothingMeasuredIsNothingToReport) {
  BenchResult r = example();
  EXPECT_TRUE(control::has_figures(r));
  for (auto& w : r.workers) w.path.clear();
  EXPECT_FALSE(control::has_figures(r));
}

/// Where the machine counts at all, it counts on; elsewhere the answer stays empty.
TEST(HardwareCounters, CountOrSayNothing) {
  const control::HardwareCounters counters;
  const auto before = counters.read();
  uint64_t sum = 0;
  for (uint64_t i = 0; i < 10'000; ++i) sum += i ^ (sum << 1);
  EXPECT_NE(sum, 1U);
  const auto after = counters.read();
  ASSERT_EQ(before.has_value(), after.has_value());
  if (before) {
    EXPECT_GT(after->instructions, before->instructions + 10'000);
  }
}

}  // namespace
}  // namespace tapstat::tests
