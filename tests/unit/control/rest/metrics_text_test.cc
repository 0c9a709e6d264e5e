#include "control/rest/metrics_text.h"

#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "control/build_info.h"
#include "tests/unit/control/rest/support.h"

namespace tapstat::tests {
namespace {

using namespace control::rest;

struct Family {
  std::string help, type;
  std::map<std::string, std::string> samples;  // by labels
};

/// Reads the exposition as a scraper does; a line that is none fails the test.
std::map<std::string, Family> read(const std::string& text) {
  std::map<std::string, Family> families;
  std::istringstream stream(text);
  std::string current;
  for (std::string line; std::getline(stream, line);) {
    if (line.starts_with("# HELP ")) {
      const size_t end = line.find(' ', 7);
      current = line.substr(7, end - 7);
      EXPECT_TRUE(families.emplace(current, Family{line.substr(end + 1), "", {}}).second)
          << current << " stands twice";
    } else if (line.starts_with("# TYPE ")) {
      EXPECT_TRUE(line.starts_with("# TYPE " + current + " ")) << line;
      families[current].type = line.substr(8 + current.size());
    } else {
      EXPECT_TRUE(line.starts_with(current)) << line;
      const size_t space = line.rfind(' ');
      const std::string labels = line.substr(current.size(), space - current.size());
      EXPECT_TRUE(labels.empty() || (labels.front() == '{' && labels.back() == '}')) << line;
      EXPECT_TRUE(families[current].samples.emplace(labels, line.substr(space + 1)).second) << line;
    }
  }
  return families;
}

class MetricsText : public testing::Test {
 protected:
  std::map<std::string, Family> families() {
    return read(metrics_text({.figures = figures,
                              .groups = groups,
                              .reload = reload,
                              .jobs = jobs,
                              .server = server,
                              .poller = poller,
                              .audit_failures = 6,
                              .start_time_s = 1'400'111'054.25,
                              .ready = false}));
  }
  std::string value(const std::string& name, const std::string& labels = "") {
    const auto all = families();
    const auto family = all.find(name);
    if (family == all.end()) return "no family";
    const auto sample = family->second.samples.find(labels);
    return sample == family->second.samples.end() ? "no sample" : sample->second;
  }

  control::ProbeFigures figures = busy_figures();
  std::vector<control::GroupView> groups = three_groups();
  control::LastReload reload;
  JobCounts jobs{1, 2, 3, 4, 5};
  control::http::ServerCounters server;
  const control::mplane::PollerCounters* poller = nullptr;
};

TEST_F(MetricsText, EveryCounterOfTheTableForEveryThread) {
  const auto all = families();
  for (const flowstats::CounterSpec& spec : flowstats::kCounterTable) {
    const auto family = all.find("tapstat_" + std::string(spec.name) + "_total");
    ASSERT_NE(family, all.end()) << spec.name;
    EXPECT_EQ(family->second.type, "counter");
    EXPECT_EQ(family->second.help, std::string(spec.help) + " (" + std::string(spec.unit) + ")");
    EXPECT_EQ(family->second.samples.size(), 4U) << spec.name;
  }
  EXPECT_EQ(value("tapstat_analysed_packets_total", "{worker=\"1\"}"), "40");
  EXPECT_EQ(value("tapstat_rx_packets_total", "{worker=\"dispatcher\"}"), "90");
  EXPECT_EQ(value("tapstat_rows_complete_written_total", "{worker=\"writer\"}"), "4");
}

TEST_F(MetricsText, EveryFamilyHasHelpATypeAndSamples) {
  for (const auto& [name, family] : families()) {
    EXPECT_FALSE(family.help.empty()) << name;
    EXPECT_TRUE(family.type == "counter" || family.type == "gauge") << name;
    EXPECT_EQ(family.type == "counter", name.ends_with("_total")) << name;
    EXPECT_FALSE(family.samples.empty()) << name;
    EXPECT_EQ(name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_"), name.npos) << name;
  }
}

TEST_F(MetricsText, PacketsThatWereNotAnalysedByReason) {
  EXPECT_EQ(value("tapstat_rejected_packets_total", "{reason=\"not_ip\"}"), "7");
  EXPECT_EQ(value("tapstat_filtered_packets_total", "{reason=\"filter\"}"), "0");
  EXPECT_EQ(value("tapstat_untracked_packets_total", "{reason=\"table_full\"}"), "0");
}

TEST_F(MetricsText, RecordsMadeAreTheSumOfTheOtherStates) {
  for (const std::string log : {"log_tcp_complete", "log_tcp_nocomplete"}) {
    const auto count = [&](const std::string& state) {
      return std::stoul(
          value("tapstat_records_total", "{log=\"" + log + "\",state=\"" + state + "\"}"));
    };
    EXPECT_GT(count("made"), 0U);
    EXPECT_EQ(count("made"), count("written") + count("output_dropped") + count("log_disabled"));
  }
}

TEST_F(MetricsText, TheLedgerCloses) {
  const auto all = families();
  EXPECT_EQ(all.at("tapstat_ledger_difference").samples.size(), 16U);
  for (const auto& [labels, difference] : all.at("tapstat_ledger_difference").samples)
    EXPECT_EQ(difference, "0") << labels;
  figures.workers[0].counters.value[static_cast<size_t>(flowstats::Counter::analysed_packets)] += 2;
  EXPECT_EQ(value("tapstat_ledger_difference", "{equation=\"packets\"}"), "-2");
}

TEST_F(MetricsText, GroupsEpochsAndReloads) {
  reload.failed = 3;
  reload.outcome.ok = false;
  figures.epoch_published = 5;
  EXPECT_EQ(value("tapstat_group_on", "{group=\"end_to_end\"}"), "1");
  EXPECT_EQ(value("tapstat_group_on", "{group=\"p2p\"}"), "0");
  EXPECT_EQ(value("tapstat_group_holders", "{group=\"core\"}"), "1");
  EXPECT_EQ(value("tapstat_reload_failed_total"), "3");
  EXPECT_EQ(value("tapstat_reload_last_ok"), "0");
  EXPECT_EQ(value("tapstat_epoch_published"), "5");
  EXPECT_EQ(value("tapstat_epoch_written"), "4");
}

TEST_F(MetricsText, FillOfTablesAndRings) {
  EXPECT_EQ(value("tapstat_flows_open", "{worker=\"0\"}"), "2");
  EXPECT_EQ(value("tapstat_flow_capacity"), "2000");
  EXPECT_EQ(value("tapstat_record_ring_records", "{worker=\"1\"}"), "1");
  EXPECT_EQ(value("tapstat_record_ring_capacity", "{worker=\"1\"}"), "1000");
}

TEST_F(MetricsText, RoomForTheLogs) {
  EXPECT_EQ(value("tapstat_output_nearly_full"), "no family") << "nobody has looked";
  figures.output = {60'000, 1'200, 7, 3, "out is 98 % full (1.2 kB free)"};
  EXPECT_EQ(value("tapstat_output_size_bytes"), "60000");
  EXPECT_EQ(value("tapstat_output_free_bytes"), "1200");
  EXPECT_EQ(value("tapstat_output_nearly_full"), "1");
  EXPECT_EQ(value("tapstat_output_shortages_total"), "3");
  EXPECT_EQ(value("tapstat_output_spool_bytes"), "7");
  figures.output.shortage.clear();
  EXPECT_EQ(value("tapstat_output_nearly_full"), "0");
}

TEST_F(MetricsText, ServerAndJobs) {
  server.failed_handshakes = 8;
  EXPECT_EQ(value("tapstat_http_failed_handshakes_total"), "8");
  EXPECT_EQ(value("tapstat_mplane_jobs", "{state=\"running\"}"), "2");
  EXPECT_EQ(value("tapstat_mplane_jobs", "{state=\"failed\"}"), "5");
  EXPECT_EQ(value("tapstat_audit_failures_total"), "6");
  EXPECT_EQ(value("tapstat_mplane_polls_total"), "no family");
  control::mplane::PollerCounters counters;
  counters.polls = 12;
  poller = &counters;
  EXPECT_EQ(value("tapstat_mplane_polls_total"), "12");
}

TEST_F(MetricsText, TheProcess) {
  EXPECT_EQ(
      value("tapstat_build_info", "{version=\"" + std::string(control::version()) + "\",commit=\"" +
                                      std::string(control::commit()) + "\"}"),
      "1");
  EXPECT_EQ(value("tapstat_start_time_seconds"), "1400111054.250000");
  EXPECT_EQ(value("tapstat_uptime_seconds"), "12.500000");
  EXPECT_EQ(value("tapstat_ready"), "0");
  EXPECT_EQ(value("tapstat_packet_clock_seconds"), "1400111054.199951");
  figures.clock = {};
  EXPECT_EQ(value("tapstat_packet_clock_seconds"), "no family");
}

/// docs/control.md names every family besides the counter table, some by "tapstat_http_*_total".
TEST_F(MetricsText, TheManualNamesEveryFamily) {
  std::ostringstream page;
  page << std::ifstream(TAPSTAT_SOURCE_ROOT "/docs/control.md").rdbuf();
  const std::string manual = page.str();
  std::set<std::string> table;
  for (const flowstats::CounterSpec& spec : flowstats::kCounterTable)
    table.insert("tapstat_" + std::string(spec.name) + "_total");
  const control::mplane::PollerCounters counters;
  poller = &counters;
  figures.ports.resize(1);
  figures.output.size_bytes = 1;
  for (const auto& [name, family] : families()) {
    if (table.contains(name)) continue;
    const std::string start = name.substr(0, name.find('_', sizeof "tapstat_"));
    const bool by_pattern =
        name.ends_with("_total") && manual.find("`" + start + "_*_total`") != std::string::npos;
    EXPECT_TRUE(by_pattern || manual.find("`" + name + "`") != std::string::npos) << name;
  }
}

TEST_F(MetricsText, PortsCountForThemselves) {
  figures.ports.resize(2);
  figures.ports[0].name = "eth1";
  figures.ports[0].is_up = true;
  figures.ports[0].packets = 70;
  figures.ports[0].missed = 7;
  figures.ports[1].name = "eth2";
  figures.ports[1].errors = 3;
  figures.ports[1].no_buffer = 4;
  EXPECT_EQ(value("tapstat_rx_port_packets_total", "{port=\"eth1\"}"), "70");
  EXPECT_EQ(value("tapstat_rx_missed_packets_total", "{port=\"eth1\"}"), "7");
  EXPECT_EQ(value("tapstat_rx_errors_packets_total", "{port=\"eth2\"}"), "3");
  EXPECT_EQ(value("tapstat_rx_nombuf_packets_total", "{port=\"eth2\"}"), "4");
  EXPECT_EQ(value("tapstat_port_up", "{port=\"eth1\"}"), "1");
  EXPECT_EQ(value("tapstat_port_up", "{port=\"eth2\"}"), "0");
}

TEST_F(MetricsText, LabelValuesAreEscaped) {
  groups[0].name = "a\"b\\c\nd";
  EXPECT_EQ(value("tapstat_group_on", R"({group="a\"b\\c\nd"})"), "1");
}

}  // namespace
}  // namespace tapstat::tests
