/// End table, progress line, summary.json and the numbers in them.
#include <gtest/gtest.h>
#include <rapidjson/document.h>

#include "control/end_table.h"
#include "control/json_text.h"
#include "control/number_text.h"
#include "control/progress.h"
#include "control/summary.h"
#include "tests/support/log_reader.h"
#include "tests/support/temp_dir.h"

namespace tapstat::tests {
namespace {

using control::RunResult;
using flowstats::Counter;

void set(RunResult& r, Counter counter, uint64_t value) {
  r.counters.value[static_cast<size_t>(counter)] = value;
}

RunResult example() {
  RunResult r;
  r.inputs.push_back({.name = "first.pcap",
                      .format = "pcap",
                      .link_type = "Ethernet",
                      .packets = 41'210,
                      .bytes = 28'400'000,
                      .snapped_packets = 3,
                      .wire_bytes = 28'087'500,
                      .first = flowstats::Timestamp{1},
                      .last = flowstats::Timestamp{62'100'001},
                      .damage = "file ends inside a record",
                      .error = std::nullopt});
  set(r, Counter::rx_packets, 41'210);
  set(r, Counter::analysed_packets, 40'902);
  set(r, Counter::dropped_not_ip, 251);
  set(r, Counter::dropped_bad_ip, 57);
  set(r, Counter::flows_created, 1'985);
  set(r, Counter::flows_exported, 1'985);
  set(r, Counter::rows_complete_formatted, 1'873);
  set(r, Counter::rows_complete_written, 1'873);
  set(r, Counter::rows_nocomplete_formatted, 112);
  set(r, Counter::rows_nocomplete_written, 112);
  r.groups = flowstats::GroupMask{15};
  r.wall_s = 0.021;
  r.traffic_s = 62.1;
  r.writer = {{"out/2026_11_21_20_00.out"}, {}, 2, 1'300'000, {}, {}};
  r.dpdk_version = "22.11.11";
  return r;
}

TEST(EndTable, HasOneRowForEachCauseAndADifferenceOfZero) {
  const RunResult r = example();
  EXPECT_EQ(
      control::end_table(r, control::make_ledger(r.counters, {})),
      "packets                        records                        rate\n"
      "  received         41,210        tcp complete      1,873        packets  1.96 Mpps (mean)\n"
      "  = analysed       40,902        tcp not complete    112        bits     10.7 Gb/s (mean)\n"
      "  + not IP            251        still open            0        wall     0.021 s\n"
      "  + bad IP header      57        lost                  0        replay   2,957 x real time\n"
      "  + lost                0        difference            0\n"
      "  difference            0\n"
      "files   out/2026_11_21_20_00.out (2 files, 1.30 MB)   next: column -ts' ' "
      "out/2026_11_21_20_00.out/log_tcp_complete | less -S");
}

TEST(EndTable, MarksADifferenceAndNamesLosses) {
  RunResult r = example();
  set(r, Counter::analysed_packets, 40'900);
  set(r, Counter::dropped_ring_full, 1);
  set(r, Counter::flows_dropped_not_local, 4);
  set(r, Counter::flows_refused_table_full, 9);
  r.flows_open = 6;
  const std::string table = control::end_table(r, control::make_ledger(r.counters, {}));
  EXPECT_NE(table.find("  DIFFERENCE          1 (!)"), std::string::npos) << table;
  EXPECT_NE(table.find("DIFFERENCE             -4 (!)"), std::string::npos) << table;
  EXPECT_NE(table.find("+ lost: ring full"), std::string::npos);
  EXPECT_EQ(table.find("+ lost  "), std::string::npos);
  for (const char* label : {"neither side internal", "refused, table full", "still open"})
    EXPECT_NE(table.find(label), std::string::npos) << label;
}

TEST(EndTable, TheNextCommandFitsTheFiles) {
  RunResult r = example();
  r.gzip = true;
  r.writer.directories = {"it's/1.out", "it's/2.out"};
  const std::string table = control::end_table(r, control::make_ledger(r.counters, {}));
  EXPECT_NE(table.find("files   it's/2.out and 1 before it (2 files, 1.30 MB)   next: zcat "
                       "'it'\\''s/2.out/log_tcp_complete.gz' | column -ts' ' | less -S"),
            std::string::npos)
      << table;
}

TEST(EndTable, TheSpoolHasALineOfItsOwn) {
  RunResult r = example();
  r.writer.directories = {"out/1.out", "spool/1.out", "spool/2.out"};
  r.writer.spooled = {"spool/1.out", "spool/2.out"};
  set(r, Counter::rows_spooled, 1'200);
  set(r, Counter::bytes_spooled, 547'200);
  const std::string table = control::end_table(r, control::make_ledger(r.counters, {}));
  EXPECT_TRUE(table.ends_with("\nspool   spool/2.out and 1 before it (1,200 rows, 547 kB)"))
      << table;
}

TEST(Summary, IsReadBackByAnotherParser) {
  RunResult r = example();
  control::InputFacts unreadable;
  unreadable.name = "bad\xff\"name";
  unreadable.error = "cannot read";
  r.inputs.push_back(unreadable);
  const auto ledger = control::make_ledger(r.counters, {});
  rapidjson::Document d;
  d.Parse(control::summary_json(r, ledger, 4).c_str());
  ASSERT_FALSE(d.HasParseError());
  EXPECT_STREQ(d["mode"].GetString(), "tstat");
  EXPECT_STREQ(d["schema"].GetString(), "mplane");
  EXPECT_STREQ(d["dpdk"].GetString(), "22.11.11");
  EXPECT_EQ(d["groups"].Size(), 5U);
  EXPECT_EQ(d["exit_status"].GetInt(), 4);
  EXPECT_EQ(d["inputs"][0]["packets"].GetUint64(), 41'210U);
  EXPECT_EQ(d["inputs"][0]["last_us"].GetInt64(), 62'100'001);
  EXPECT_STREQ(d["inputs"][0]["damage"].GetString(), "file ends inside a record");
  EXPECT_TRUE(d["inputs"][0]["error"].IsNull());
  EXPECT_STREQ(d["inputs"][1]["file"].GetString(), "bad\xef\xbf\xbd\"name");
  EXPECT_TRUE(d["inputs"][1]["first_us"].IsNull());
  EXPECT_EQ(d["output"]["rows"]["log_tcp_complete"].GetUint64(), 1'873U);
  EXPECT_EQ(d["output"]["spooled"].Size(), 0U);
  EXPECT_TRUE(d["difference_is_zero"].GetBool());
  EXPECT_EQ(d["counters"].MemberCount(), flowstats::kCounterCount);
  for (const auto& equation : d["equations"].GetArray())
    EXPECT_EQ(equation["difference"].GetInt64(), 0);
}

TEST(Summary, SaysWhatMemoryWasTaken) {
  RunResult r = example();
  r.start_s = 0.25;
  r.memory.ceiling_bytes = 1000;
  r.memory.pages.bytes = {1, 2, 3, 4};
  r.memory.touched = true;
  r.memory.touch_s = 0.125;
  rapidjson::Document d;
  d.Parse(control::summary_json(r, control::make_ledger(r.counters, {}), 0).c_str());
  ASSERT_FALSE(d.HasParseError());
  EXPECT_EQ(d["start_ms"].GetDouble(), 250);
  EXPECT_EQ(d["memory_ceiling_bytes"].GetUint64(), 1000U);
  const auto& memory = d["memory"];
  EXPECT_EQ(memory["page_bytes"]["hugetlb_1g"].GetUint64(), 1U);
  EXPECT_EQ(memory["page_bytes"]["hugetlb_2m"].GetUint64(), 2U);
  EXPECT_EQ(memory["page_bytes"]["transparent"].GetUint64(), 3U);
  EXPECT_EQ(memory["page_bytes"]["ordinary"].GetUint64(), 4U);
  EXPECT_TRUE(memory["touched"].GetBool());
  EXPECT_EQ(memory["touch_ms"].GetDouble(), 125);
}

TEST(Summary, CountersAreThereByName) {
  const RunResult r = example();
  rapidjson::Document d;
  d.Parse(control::counters_json(r, control::make_ledger(r.counters, {})).c_str());
  ASSERT_FALSE(d.HasParseError());
  for (size_t i = 0; i < flowstats::kCounterCount; ++i) {
    const std::string name(flowstats::kCounterTable[i].name);
    ASSERT_TRUE(d["counters"].HasMember(name.c_str())) << name;
    EXPECT_EQ(d["counters"][name.c_str()].GetUint64(), r.counters.value[i]) << name;
  }
}

TEST(Summary, AFileIsWrittenWholeOrNotAtAll) {
  const TempDir directory;
  ASSERT_TRUE(control::write_file(directory / "a.json", "{}").has_value());
  EXPECT_EQ(read_text(directory / "a.json"), "{}\n");
  EXPECT_FALSE(std::filesystem::exists(directory / "a.json.part"));
  const auto failed = control::write_file(directory / "nothere/a.json", "{}");
  ASSERT_FALSE(failed.has_value());
  EXPECT_EQ(failed.error().status, flowstats::ExitStatus::records_lost);
  EXPECT_NE(failed.error().sentence.find("No such file or directory"), std::string::npos)
      << failed.error().sentence;
}

TEST(JsonText, BytesThatAreNotUtf8AreReplaced) {
  EXPECT_EQ(control::as_utf8("a\xc3\xa4z"), "a\xc3\xa4z");
  EXPECT_EQ(control::as_utf8("\xf0\x9f\x98\x80"), "\xf0\x9f\x98\x80");
  EXPECT_EQ(control::as_utf8("\xc3"), "\xef\xbf\xbd");
  EXPECT_EQ(control::as_utf8("\xc3(\x80"), "\xef\xbf\xbd(\xef\xbf\xbd");
}

TEST(ProgressLine, HasTheFieldsInOrder) {
  control::ProgressFigures f;
  f.packets = 26'374;
  f.packets_expected = 41'210;
  f.packets_per_s = 1.91e6;
  f.bits_per_s = 10.6e9;
  f.flows_open = 1'204;
  EXPECT_EQ(control::progress_line(f),
            " 64 % [============>        ]  26,374 pkt  1.91 Mpps  10.6 Gb/s  flows 1,204 open  "
            "lost 0  ETA 0 s");
  f.lost = 1'204;
  f.lost_reason = "ring-full";
  f.packets_expected = 0;
  EXPECT_EQ(control::progress_line(f),
            "26,374 pkt  1.91 Mpps  10.6 Gb/s  flows 1,204 open  LOST 1,204 (ring-full)");
}

TEST(ProgressLine, TheBarStaysInItsCells) {
  control::ProgressFigures f;
  f.packets_expected = 100;
  for (const uint64_t packets : {0, 1, 50, 99, 100, 101}) {
    f.packets = packets;
    const std::string line = control::progress_line(f);
    EXPECT_EQ(line.find(']') - line.find('['), 22U) << line;
  }
  EXPECT_TRUE(control::progress_line(f).starts_with("100 % [==================== ]"));
}

TEST(NumberText, ThousandsAndUnits) {
  EXPECT_EQ(control::grouped(0), "0");
  EXPECT_EQ(control::grouped(999), "999");
  EXPECT_EQ(control::grouped(1'000), "1,000");
  EXPECT_EQ(control::grouped(18'446'744'073'709'551'615ULL), "18,446,744,073,709,551,615");
  EXPECT_EQ(control::packet_rate_text(999), "999 pps");
  EXPECT_EQ(control::packet_rate_text(999'999), "1.00 Mpps");
  EXPECT_EQ(control::bit_rate_text(10.66e9), "10.7 Gb/s");
  EXPECT_EQ(control::file_size_text(28'400'000), "28.4 MB");
  EXPECT_EQ(control::rough_size_text(999), "999 B");
  EXPECT_EQ(control::rough_size_text(1'200'000'000), "1.2 GB");
  EXPECT_EQ(control::rough_size_text(84'400), "84 kB");
  EXPECT_EQ(control::rough_size_text(999'600'000), "1.0 GB");
  EXPECT_EQ(control::memory_text(327'155'712), "312 MiB");
  EXPECT_EQ(control::seconds_text(0.021), "0.021 s");
  EXPECT_EQ(control::seconds_text(62.14), "62.1 s");
  EXPECT_EQ(control::seconds_text(3600), "3,600 s");
  EXPECT_EQ(control::factor_text(2956.7), "2,957");
  EXPECT_EQ(control::factor_text(0.5), "0.50");
}

}  // namespace
}  // namespace tapstat::tests
