#include "control/runtime_conf.h"

#include <algorithm>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "control/runtime_keys.h"

namespace tapstat::tests {
namespace {

using control::parse_runtime_conf;
using control::RuntimeState;
using Lines = std::vector<std::string>;

control::RuntimeConf parse(std::string_view text) {
  return parse_runtime_conf(text, "runtime.conf", RuntimeState{});
}

TEST(RuntimeConf, WithoutAFileTheFourGroupsAreOn) {
  EXPECT_EQ(RuntimeState{}.groups.bits(), 15);
  const auto config = control::active_config(RuntimeState{}, 3);
  EXPECT_EQ(config.epoch, 3U);
  EXPECT_EQ(config.logs, flowstats::LogMask::usual());
  EXPECT_EQ(config.http_privacy, 0);
}

TEST(RuntimeConf, AnEmptyFileChangesNothing) {
  const auto conf = parse("# nothing\n\n");
  EXPECT_EQ(conf.state, RuntimeState{});
  EXPECT_EQ(conf.announcements,
            (Lines{"TCP log level set to 15 (Core + End_to_end + Layer7 + P2P + Options)",
                   "Video log level set to 31 (Core + End_to_end + Layer7 + VideoInfo + YouTube + "
                   "Options)"}));
}

TEST(RuntimeConf, ReadsTheReferenceExample) {
  const auto conf = parse(
      "[log]\nhisto_engine = 0\nlog_tcp_complete = 1\nlog_udp_complete = 0\nlog_http_complete = 1\n"
      "[options]\ntcplog_end_to_end = 1\ntcplog_p2p=1\ntcplog_options "
      "1\ntcplog_layer7\ntcplog_advanced = 1 # all\n");
  EXPECT_TRUE(conf.errors.empty());
  EXPECT_EQ(conf.state.groups.bits(), 31);
  EXPECT_EQ(
      conf.announcements,
      (Lines{"Disabling histo engine logs", "Disabling log_udp_complete",
             "Enabling log_http_complete",
             "TCP log level set to 31 (Core + End_to_end + Layer7 + P2P + Options + Advanced)",
             "Video log level set to 31 (Core + End_to_end + Layer7 + VideoInfo + YouTube + "
             "Options)"}));
  EXPECT_TRUE(conf.not_built.empty());
}

TEST(RuntimeConf, EveryFormOfAValue) {
  for (const char* text : {"tcplog_p2p = 0", "tcplog_p2p=0", "tcplog_p2p 0", "tcplog_p2p\t=\t0x0",
                           "tcplog_p2p = 0.0", "  tcplog_p2p 0 # off", "tcplog_p2p =0\r"}) {
    const auto conf = parse(std::string("[OPTIONS]\n") + text);
    EXPECT_TRUE(conf.errors.empty()) << text;
    EXPECT_EQ(conf.state.groups.bits(), 11) << text;
  }
  EXPECT_EQ(parse("[Options]\ntcplog_advanced").state.groups.bits(), 31);
  EXPECT_EQ(parse("[options]\ntcplog_advanced 0x1").state.groups.bits(), 31);
}

TEST(RuntimeConf, AMissingSectionOrKeyKeepsThePreviousState) {
  RuntimeState before;
  before.groups = flowstats::GroupMask{5};
  before.logs = 0x1;
  const auto conf = parse_runtime_conf("[options]\ntcplog_options = 1\n", "f", before);
  EXPECT_EQ(conf.state.groups.bits(), 13);
  EXPECT_EQ(conf.state.logs, 0x1U);
}

TEST(RuntimeConf, LogSwitchesReachTheWriter) {
  const auto conf = parse("[log]\nlog_tcp_nocomplete = 0\n");
  const auto config = control::active_config(conf.state, 1);
  EXPECT_TRUE(config.logs.has(flowstats::Log::tcp_complete));
  EXPECT_FALSE(config.logs.has(flowstats::Log::tcp_nocomplete));
  EXPECT_EQ(conf.announcements[0], "Disabling log_tcp_nocomplete");
}

TEST(RuntimeConf, DumpStartsFromAllOff) {
  EXPECT_EQ(parse("[dump]\nudp_dns = 1\nsnap_len = 96\n").state.dump_engine, true);
  RuntimeState before;
  before.dump_engine = true;
  const auto conf = parse_runtime_conf("[dump]\nsnap_len 0\n", "f", before);
  EXPECT_FALSE(conf.state.dump_engine);
  EXPECT_EQ(conf.announcements.back(), "Disabling dump engine");
  EXPECT_TRUE(parse_runtime_conf("[log]\n", "f", before).state.dump_engine);
}

TEST(RuntimeConf, OpeningDumpForgetsWhatWasOn) {
  EXPECT_FALSE(parse("[dump]\nudp_dns = 1\n[DUMP]\nsnap_len = 96\n").state.dump_engine);
  EXPECT_TRUE(parse("[dump]\nudp_dns = 1\nudp_rtp = 0\n").state.dump_engine);
  EXPECT_FALSE(parse("[dump]\nsnap_len = 96\nslice_win 3600\n").state.dump_engine);
}

TEST(RuntimeConf, TheStartAnnouncesLevelsAndADumpSectionAlways) {
  const std::string tcp = "TCP log level set to 15 (Core + End_to_end + Layer7 + P2P + Options)",
                    video =
                        "Video log level set to 31 (Core + End_to_end + Layer7 + VideoInfo + "
                        "YouTube + Options)";
  EXPECT_EQ(parse("[log]\n").announcements, (Lines{tcp, video}));
  EXPECT_EQ(parse("[log]\n[dump]\n").announcements, (Lines{tcp, video, "Disabling dump engine"}));
  EXPECT_EQ(parse("[dump]\nudp_dns\n").announcements, (Lines{tcp, video, "Enabling dump engine"}));
}

TEST(RuntimeConf, AReloadAnnouncesChangesOnly) {
  const auto reload = [](std::string_view text, const RuntimeState& before) {
    return parse_runtime_conf(text, "f", before, control::RuntimeRead::reload).announcements;
  };
  const RuntimeState before;
  EXPECT_EQ(reload("[log]\nlog_tcp_complete = 1\n[options]\ntcplog_p2p = 1\n[dump]\n", before),
            Lines{});
  EXPECT_EQ(
      reload("[log]\nlog_chat_complete = 0\n[options]\ntcplog_p2p = 0\ntcplog_advanced\n", before),
      (Lines{"Disabling log_chat_complete",
             "TCP log level set to 27 (Core + End_to_end + Layer7 + Options + Advanced)"}));
  EXPECT_EQ(reload("[options]\nvideolog_layer7 = 0\nvideolog_end_to_end 0\nvideolog_options=0\n"
                   "videolog_videoinfo 0\nvideolog_youtube 0\n",
                   before),
            Lines{"Video log level set to 0 (Core)"});
  EXPECT_EQ(
      reload("[log]\nhisto_engine 0\nrrd_engine 1\n[dump]\ntcp_complete\n", before),
      (Lines{"Disabling histo engine logs", "Enabling rrd engine logs", "Enabling dump engine"}));
}

TEST(RuntimeConf, UrlLinesStandInRoundBrackets) {
  RuntimeState state;
  const std::pair<int, std::string_view> steps[] = {{1, "(-) Enabling partial HTTP URL log"},
                                                    {2, "(-) Enabling full HTTP URL log"},
                                                    {0, "(-) Disabling HTTP URL log"}};
  for (const auto& [value, line] : steps) {
    const auto conf =
        parse_runtime_conf("[options]\nhttplog_full_url = " + std::to_string(value) + "\n", "f",
                           state, control::RuntimeRead::reload);
    ASSERT_EQ(conf.announcements.size(), 1U);
    EXPECT_EQ(control::announcement_line("-", conf.announcements[0]), line);
    state = conf.state;
  }
  EXPECT_EQ(control::announcement_line("Wed May 14 23:44:14 2014", "TCP log level set to 0 (Core)"),
            "[Wed May 14 23:44:14 2014] TCP log level set to 0 (Core)");
}

TEST(RuntimeConf, StrictPrivacyKeepsTheUrlsOut) {
  RuntimeState strict;
  strict.strict_privacy = true;
  const auto conf = parse_runtime_conf("[options]\nhttplog_full_url = 2\n", "f", strict);
  EXPECT_EQ(conf.state, strict);
  EXPECT_EQ(control::notes_about(conf, "f"),
            Lines{"f: httplog_full_url has no effect: strict privacy (-0) keeps it at 0."});
  EXPECT_EQ(std::ranges::count(conf.announcements, "Enabling full HTTP URL log"), 0);
  const auto none = parse_runtime_conf("[options]\nhttplog_full_url = 0\n", "f", strict);
  EXPECT_EQ(control::notes_about(none, "f"), Lines{});
}

TEST(RuntimeConf, AKeyInTheWrongSectionIsToldItsOwn) {
  EXPECT_EQ(parse("[log]\ntcplog_p2p = 0\n").errors,
            Lines{"runtime.conf:2: unknown option \"tcplog_p2p\" in [log]. It belongs to "
                  "[options]."});
}

TEST(RuntimeConf, AMisspeltKeyNamesTheNearestOne) {
  const auto conf = parse("[log]\n\n\n\n\n\n\n[options]\ntcplog_end2end = 1\n");
  EXPECT_EQ(conf.errors, (Lines{"runtime.conf:9: unknown option \"tcplog_end2end\" in [options]. "
                                "Did you mean \"tcplog_end_to_end\"?"}));
  EXPECT_EQ(conf.state, RuntimeState{});
}

TEST(RuntimeConf, AllErrorsAreListedAndNothingIsApplied) {
  const auto conf = parse(
      "tcplog_p2p = 1\n"
      "[options]\n"
      "tcplog_p2p = 0 1\n"
      "tcplog_p2p = 2\n"
      "tcplog_p2p = maybe\n"
      "tcplog_p2p =\n"
      "Tcplog_p2p = 1\n"
      "[opt]\n"
      "anything = 1\n"
      "[log\n"
      "[options] tcplog_p2p = 1\n"
      "[options]\n"
      "httplog_full_url = 3\n"
      "tcplog_layer7 = 0\n");
  EXPECT_EQ(
      conf.errors,
      (Lines{
          "runtime.conf:1: \"tcplog_p2p\" stands before any section ([log], [options], [dump]).",
          "runtime.conf:3: second value \"1\" after tcplog_p2p; one assignment a line.",
          "runtime.conf:4: tcplog_p2p = 2: must be 0 or 1.",
          "runtime.conf:5: tcplog_p2p = maybe: not a number. Examples: 1, 0x1, 1.0.",
          "runtime.conf:6: tcplog_p2p = : the value is missing.",
          "runtime.conf:7: unknown option \"Tcplog_p2p\" in [options]. Did you mean "
          "\"tcplog_p2p\"?",
          "runtime.conf:8: unknown section [opt].",
          "runtime.conf:10: a section is a name in brackets on a line of its own, such as [log].",
          "runtime.conf:11: a section is a name in brackets on a line of its own, such as [log].",
          "runtime.conf:13: httplog_full_url = 3: must be 0, 1 or 2."}));
  EXPECT_EQ(conf.state, RuntimeState{});
  EXPECT_TRUE(conf.announcements.empty());
}

TEST(RuntimeConf, EveryKeyIsAcceptedInItsSection) {
  for (const auto& section : control::kRuntimeSections)
    for (const auto& key : section.keys) {
      const auto conf =
          parse("[" + std::string(section.name) + "]\n" + std::string(key.name) + " = 1\n");
      EXPECT_TRUE(conf.errors.empty()) << key.name;
      const bool notice = !key.built && key.target != control::RuntimeTarget::dump_number;
      EXPECT_EQ(conf.not_built.size(), notice ? 1U : 0U) << key.name;
    }
}

TEST(RuntimeConf, AllLogsOff) {
  std::string text = "[log]\n";
  for (const auto& key : control::kLogKeys)
    if (key.target == control::RuntimeTarget::log) text += std::string(key.name) + " = 0\n";
  RuntimeState before;
  before.logs &= ~0x100U;  // the obsolete streaming log has no key
  const auto conf = parse_runtime_conf(text, "f", before);
  EXPECT_EQ(conf.state.logs, 0U);
  EXPECT_NE(std::ranges::find(conf.announcements, "All logs disabled"), conf.announcements.end());
}

}  // namespace
}  // namespace tapstat::tests
