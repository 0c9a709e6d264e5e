#include "control/config.h"

#include <algorithm>
#include <fstream>

#include <gtest/gtest.h>

#include "control/config_keys.h"
#include "control/config_value.h"
#include "control/trace_plan.h"

namespace tapstat::tests {
namespace {

using Lines = std::vector<std::string>;

control::ConfigFile parse(std::string_view text) {
  return control::parse_config(text, "tapstat.toml");
}

TEST(Config, AnEmptyFileSetsNothing) {
  const auto file = parse("");
  EXPECT_TRUE(file.errors.empty());
  EXPECT_TRUE(file.config.settings.empty());
}

TEST(Config, ReadsWhatIsBuilt) {
  const auto file = parse(R"([flows]
capacity = 1_000
segments_per_quadrant = 50
tcp_idle = "2m"
[network]
internal = "net.internal"
[measurement]
mode = "corrected"
duplicate_window = "2ms"
[log]
schema = "tstat-3.3"
[replay]
source = "file"
[output.tstat]
directory = "/var/log/tapstat"
rotate = "1h"
compress = "gzip"
groups = ["core", "p2p"]
)");
  ASSERT_TRUE(file.errors.empty()) << file.errors[0];
  EXPECT_EQ(file.config.internal, "net.internal");
  EXPECT_EQ(file.config.directory, "/var/log/tapstat");
  EXPECT_EQ(file.config.rotate, flowstats::seconds(3600));
  EXPECT_EQ(file.config.gzip, true);
  EXPECT_EQ(file.config.groups->bits(), 4);
  EXPECT_EQ(file.config.schema, flowstats::Schema::tstat_3_3);
  EXPECT_TRUE(file.config.not_built.empty());
  EXPECT_EQ(file.config.source, dataplane::ReaderKind::file);
  EXPECT_EQ(file.config.settings.size(), 12U);
  const auto m = control::measurement_of(file.config, *file.config.mode);
  EXPECT_EQ(m.mode, flowstats::Mode::corrected);
  EXPECT_EQ(m.limits.tcp_flows_max, 1'000U);
  EXPECT_EQ(m.duplicate_window, flowstats::milliseconds(2));
  EXPECT_EQ(m.limits.segments_per_quadrant_max, 50U);
  EXPECT_EQ(m.timeouts.tcp_idle, flowstats::seconds(120));
}

TEST(Config, MemorySettings) {
  using control::HugePages;
  using control::TouchMemory;
  const auto none = parse("");
  EXPECT_FALSE(none.config.huge_pages || none.config.touch || none.config.record_ring);
  const struct {
    const char* pages;
    const char* touch;
    HugePages huge_pages;
    TouchMemory when;
  } kCases[] = {{"auto", "auto", HugePages::automatic, TouchMemory::automatic},
                {"required", "always", HugePages::required, TouchMemory::always},
                {"none", "never", HugePages::none, TouchMemory::never}};
  for (const auto& c : kCases) {
    const auto file = parse(std::string("[memory]\nhugepages = \"") + c.pages + "\"\ntouch = \"" +
                            c.touch + "\"\nrecord_ring = 1000\n");
    ASSERT_TRUE(file.errors.empty()) << file.errors[0];
    EXPECT_EQ(file.config.huge_pages, c.huge_pages);
    EXPECT_EQ(file.config.touch, c.when);
    EXPECT_EQ(file.config.record_ring, 1000U);
    EXPECT_TRUE(file.config.not_built.empty());
  }
}

TEST(Config, RelativeNamesStartAtTheFile) {
  const auto file = control::parse_config("[network]\ninternal = \"net.internal\"\n",
                                          "/etc/tapstat/tapstat.toml");
  EXPECT_EQ(file.config.internal, "/etc/tapstat/net.internal");
}

TEST(Config, DefaultsOfTheModes) {
  const auto tstat = control::measurement_of({}, flowstats::Mode::tstat);
  EXPECT_EQ(tstat.limits.tcp_flows_max, 180'000U);
  EXPECT_EQ(tstat.limits.segments_per_quadrant_max, 100U);
  const auto corrected = control::measurement_of({}, flowstats::Mode::corrected);
  EXPECT_EQ(corrected.limits.tcp_flows_max, 1'000'000U);
  EXPECT_EQ(corrected.limits.half_open_flows_max, 1'250'000U);
  control::Config small;
  small.flow_capacity = 100;
  EXPECT_EQ(measurement_of(small, flowstats::Mode::corrected).limits.half_open_flows_max, 125U);
  EXPECT_EQ(measurement_of(small, flowstats::Mode::tstat).limits.half_open_flows_max, 64U);
  small.half_open = 7;
  small.max_new_per_s = 9;
  EXPECT_EQ(measurement_of(small, flowstats::Mode::corrected).limits.half_open_flows_max, 7U);
  EXPECT_EQ(measurement_of(small, flowstats::Mode::tstat).limits.new_flows_per_s_max, 9U);
  EXPECT_EQ(corrected.limits.segments_per_quadrant_max, 1'000U);
}

TEST(Config, NamesWhatIsNotBuiltYet) {
  const auto file = parse(
      "[ports.\"0000:3b:00.0\"]\nqueues = 4\ncores = \"4-7\"\n[network]\ntunnel_depth = 3\n"
      "vlan_in_key = true\n[output.collector1]\nkind = \"ipfix\"\nspool_max = \"10GiB\"\n");
  ASSERT_TRUE(file.errors.empty()) << file.errors[0];
  EXPECT_EQ(file.config.not_built.size(), 3U);
  EXPECT_NE(std::ranges::find(file.config.not_built, "[network] tunnel_depth"),
            file.config.not_built.end());
}

TEST(Config, AMisspeltKeyIsLocated) {
  const auto file = parse("\n\n\n\n\n\n\n\n\n\n[ports.\"0000:3b:00.0\"]\nquues = 4\n");
  EXPECT_EQ(file.errors, (Lines{"tapstat.toml:12:1: unknown key \"quues\" in "
                                "[ports.\"0000:3b:00.0\"]. Did you mean \"queues\"?"}));
}

TEST(Config, AValueOutOfRangeIsLocated) {
  const auto file = parse(std::string(18, '\n') + "[output.tstat]\nrotate   = \"1x\"\n");
  EXPECT_EQ(file.errors, (Lines{"tapstat.toml:20:12: rotate = \"1x\": not a duration. Examples: "
                                "\"30s\", \"5m\", \"1h\"."}));
}

TEST(Config, ListsAllErrorsInTheOrderOfTheFile) {
  const auto file = parse(R"([network]
tunnels = ["gre", "mlps"]
internal = 5
[flows]
capacity = 0
udp_pairs = "many"
tcp_idle = "30"
[measurment]
mode = "tstat"
[memory]
hugepages = "atuo"
[output]
tstat = "x"
[control]
listen = "8888"
)");
  EXPECT_EQ(
      file.errors,
      (Lines{"tapstat.toml:2:11: tunnels = [ 'gre', 'mlps' ]: \"mlps\" must be \"gre\", \"ipip\", "
             "\"vxlan\", "
             "\"gtpu\", \"mpls\", \"qinq\" or \"pppoe\". Did you mean \"mpls\"?",
             "tapstat.toml:3:12: internal = 5: must be a text in quotes, not empty.",
             "tapstat.toml:5:12: capacity = 0: must be a whole number of 1 to 100000000.",
             "tapstat.toml:6:13: udp_pairs = \"many\": must be a whole number of 1 to 100000000.",
             "tapstat.toml:7:12: tcp_idle = \"30\": not a duration. Examples: \"30s\", \"5m\", "
             "\"1h\".",
             "tapstat.toml:8:2: unknown section [measurment]. Did you mean \"measurement\"?",
             "tapstat.toml:11:13: hugepages = \"atuo\": must be \"auto\", \"required\" or "
             "\"none\". Did you mean "
             "\"auto\"?",
             "tapstat.toml:13:1: \"tstat\" must be a section: [output.tstat].",
             "tapstat.toml:15:10: listen = \"8888\": not an address and port. Example: "
             "\"127.0.0.1:8888\"."}));
}

TEST(Config, BrokenTomlAndDuplicatesAreLocated) {
  EXPECT_TRUE(parse("[flows\n").errors.at(0).starts_with("tapstat.toml:1:"))
      << parse("[flows\n").errors.at(0);
  const auto twice = parse("[flows]\ncapacity = 1\ncapacity = 2\n");
  ASSERT_EQ(twice.errors.size(), 1U);
  EXPECT_TRUE(twice.errors[0].starts_with("tapstat.toml:3:")) << twice.errors[0];
}

TEST(Config, NeedsSections) {
  EXPECT_EQ(parse("capacity = 1\n").errors,
            (Lines{"tapstat.toml:1:1: unknown section [capacity]."}));
  EXPECT_EQ(parse("flows = 1\n").errors,
            (Lines{"tapstat.toml:1:1: \"flows\" must be a section: [flows]."}));
}

TEST(ConfigValue, Durations) {
  EXPECT_EQ(control::parse_duration("250ms"), flowstats::milliseconds(250));
  EXPECT_EQ(control::parse_duration("30s"), flowstats::seconds(30));
  EXPECT_EQ(control::parse_duration("5m"), flowstats::seconds(300));
  EXPECT_EQ(control::parse_duration("7d"), flowstats::seconds(604'800));
  for (const char* bad :
       {"", "s", "1", "1x", "-1s", "1.5h", " 1s", "99999999999999999d", "99999999999999999999s"})
    EXPECT_FALSE(control::parse_duration(bad)) << bad;
}

TEST(ConfigValue, SizesCoresAddresses) {
  EXPECT_EQ(control::parse_size("10GiB"), 10ULL << 30);
  EXPECT_EQ(control::parse_size("7B"), 7U);
  for (const char* bad : {"", "10", "10GB", "9999999999TiB"})
    EXPECT_FALSE(control::parse_size(bad)) << bad;
  for (const char* good : {"0", "4-7", "0,2,8-11"})
    EXPECT_TRUE(control::is_core_list(good)) << good;
  for (const char* bad : {"", "7-4", "1,", "a", "1-", "5000"})
    EXPECT_FALSE(control::is_core_list(bad)) << bad;
  for (const char* good : {"127.0.0.1:8888", "[::1]:80", "localhost:1", "127.0.0.1:0"})
    EXPECT_TRUE(control::is_host_and_port(good)) << good;
  for (const char* bad : {"", ":80", "a:", "a:65536", "::1:80", "a b:1"})
    EXPECT_FALSE(control::is_host_and_port(bad)) << bad;
}

/// The shipped file with every setting uncommented: it must be valid and show every key once.
TEST(Config, TheShippedFileShowsEveryKey) {
  std::ifstream stream(TAPSTAT_SOURCE_ROOT "/conf/tapstat.toml");
  ASSERT_TRUE(stream.is_open());
  std::string text, line;
  while (std::getline(stream, line)) {
    const bool setting = line.starts_with("#") && !line.starts_with("# ");
    text += (setting ? line.substr(1) : line) + "\n";
  }
  const auto file = parse(text);
  EXPECT_EQ(file.errors, Lines{});
  EXPECT_EQ(file.config.settings.size(), control::kConfigKeys.size());
  for (const auto& key : control::kConfigKeys)
    EXPECT_NE(text.find("\n" + std::string(key.name) + " = "), std::string::npos)
        << key.section << " " << key.name;
  for (const control::ConfigSetting& shown : file.config.settings) {
    for (const auto& key : control::kConfigKeys) {
      if (key.section != shown.section || key.name != shown.key || key.fallback.empty()) continue;
      const auto bare = [](std::string_view shown_text) {
        std::string value;
        for (const char c : shown_text)
          if (std::string_view("\"'[] ").find(c) == std::string_view::npos) value += c;
        return value;
      };
      EXPECT_EQ(bare(shown.value), bare(key.fallback)) << key.section << " " << key.name;
    }
  }
}

TEST(Config, TheRangeOfADurationIsToldInItsOwnUnits) {
  EXPECT_EQ(parse("[mplane]\ninline_wait = \"11s\"\n").errors,
            Lines{"tapstat.toml:2:15: inline_wait = \"11s\": must be 0s to 10s."});
  EXPECT_EQ(parse("[control]\nhead_timeout = \"1ms\"\n").errors,
            Lines{"tapstat.toml:2:16: head_timeout = \"1ms\": must be 10ms to 1d."});
  EXPECT_EQ(control::duration_text({90'000'000}), "90s");
}

TEST(Config, TheSectionOfTracesIsRead) {
  const auto file = parse(
      "[output.trace]\nenabled = true\ndirectory = \"t\"\nnode = \"n\"\nfilter = \"udp\"\n"
      "snaplen = 0\nsample = 8\nflow_limit = 9\npre = \"1m\"\npost = \"0s\"\nnsec = true\n"
      "size_max = \"1GiB\"\nring = \"2MiB\"\n");
  EXPECT_EQ(file.errors, Lines{});
  const auto plan = control::plan_trace({}, file.config.trace);
  ASSERT_TRUE(plan && *plan);
  const dataplane::TraceOptions& tap = (*plan)->tap;
  EXPECT_EQ(tap.filter->expression(), "udp");
  EXPECT_EQ(tap.snap_length, 0U);
  EXPECT_EQ(tap.sample, 8U);
  EXPECT_EQ(tap.flow_limit, 9U);
  EXPECT_EQ(tap.windows.pre, flowstats::seconds(60));
  EXPECT_EQ(tap.ring_bytes, size_t{2} << 20);
  const exporters::TraceDestination& to = (*plan)->writer.destination;
  EXPECT_EQ(to.root.filename(), "t");
  EXPECT_EQ(to.node, "n");
  EXPECT_EQ(to.windows.post, flowstats::seconds(0));
  EXPECT_TRUE(to.format.nanoseconds);
  EXPECT_EQ(to.format.bytes_max, uint64_t{1} << 30);
  const auto off = control::plan_trace({}, parse("[output.trace]\nsample = 8\n").config.trace);
  EXPECT_TRUE(off && !*off);
}

TEST(Config, TheControlSectionsAreRead) {
  const auto file = parse(
      "[control]\nlisten = \"[::1]:0\"\nkey = \"a/b.key\"\nhosts = [\"one\", \"two\"]\n"
      "connections = 5\nhead_timeout = \"20ms\"\n[mplane]\nunified = true\n"
      "inline_wait = \"2s\"\nprobe_id = \"7\"\nresult_hosts = [\"x:1\"]\n");
  ASSERT_EQ(file.errors, Lines{});
  const control::ControlConfig& c = file.config.control;
  EXPECT_EQ(c.listen, "[::1]:0");
  EXPECT_EQ(c.key, "a/b.key");
  EXPECT_EQ(c.hosts, (std::vector<std::string>{"one", "two"}));
  EXPECT_EQ(c.connections, 5U);
  EXPECT_EQ(c.head_timeout->us, 20'000);
  EXPECT_EQ(c.unified, true);
  EXPECT_EQ(c.inline_wait->us, 2'000'000);
  EXPECT_EQ(c.probe_id, "7");
  EXPECT_EQ(c.result_hosts, std::vector<std::string>{"x:1"});
  EXPECT_FALSE(c.certificate || c.supervisor || c.allow_indefinite);
}

TEST(Config, TheShippedFileChangesNothing) {
  const auto file = control::load_config(TAPSTAT_SOURCE_ROOT "/conf/tapstat.toml");
  EXPECT_EQ(file.errors, Lines{});
  EXPECT_TRUE(file.config.settings.empty());
}

}  // namespace
}  // namespace tapstat::tests
