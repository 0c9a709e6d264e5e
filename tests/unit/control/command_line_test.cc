#include "control/command_line.h"

#include <gtest/gtest.h>

#include "control/option_values.h"

namespace tapstat::tests {
namespace {

using control::CommandLine;
using control::ReplayArguments;
using flowstats::ExitStatus;
using Words = std::vector<std::string>;

ReplayArguments replay(Words words) {
  words.insert(words.begin(), "replay");
  auto line = control::parse_command_line(std::move(words), "v");
  EXPECT_TRUE(line.has_value()) << line.error().sentence;
  return std::get<ReplayArguments>(*line);
}

std::string refusal(Words words) {
  const auto line = control::parse_command_line(std::move(words), "v");
  if (line) return "accepted";
  EXPECT_EQ(line.error().status, ExitStatus::usage);
  return line.error().sentence;
}

TEST(CommandLine, ServingHasItsFlags) {
  const auto a =
      replay({"x.pcap", "--serve", "--listen", "[::1]:0", "--mirror", "m", "--socket", "s"});
  EXPECT_TRUE(a.serve);
  EXPECT_EQ(a.listen, "[::1]:0");
  EXPECT_EQ(a.mirror, "m");
  EXPECT_EQ(a.socket, "s");
  EXPECT_FALSE(replay({"x.pcap"}).serve);
  EXPECT_EQ(refusal({"replay", "x.pcap", "--mirror", "m"}), "--mirror needs --serve.");
  EXPECT_EQ(refusal({"replay", "x.pcap", "--serve", "--listen", "8888"}),
            "--listen \"8888\": not an address and port. Example: --listen 127.0.0.1:8888");
}

TEST(CommandLine, DefaultsOfReplay) {
  const auto a = replay({"x.pcap"});
  EXPECT_EQ(a.files, (std::vector<std::filesystem::path>{"x.pcap"}));
  EXPECT_EQ(a.workers, std::nullopt);
  EXPECT_EQ(a.loops, 1U);
  EXPECT_EQ(a.speed, 0);
  EXPECT_FALSE(a.groups || a.schema || a.mode || a.output || a.fail_on_loss_percent ||
               a.flow_capacity || a.source);
  EXPECT_TRUE(a.unpack && a.progress);
  EXPECT_FALSE(a.no_huge_pages || a.discard_duplicates || a.gzip || a.json || a.dry_run ||
               a.out.quiet);
}

TEST(CommandLine, TakesEveryFlagOfReplay) {
  const auto a = replay({"-s",          "out",
                         "a.pcap",      "-N",
                         "nets",        "-T",
                         "rt",          "-g",
                         "core,p2p",    "--schema",
                         "tstat-3.3",   "--mode",
                         "corrected",   "--workers",
                         "3",           "--loop",
                         "0",           "--speed",
                         "x0.5",        "--fail-on-loss=0.5",
                         "--dry-run",   "--json",
                         "-q",          "-vv",
                         "-c",          "t.toml",
                         "--gzip",      "--discard-duplicates",
                         "--no-unpack", "--no-progress",
                         "--color",     "never",
                         "--flows",     "1000",
                         "--source",    "preloaded",
                         "b.pcap"});
  EXPECT_EQ(a.files.size(), 2U);
  EXPECT_EQ(a.groups->bits(), 4);
  EXPECT_EQ(*a.schema, flowstats::Schema::tstat_3_3);
  EXPECT_EQ(*a.mode, flowstats::Mode::corrected);
  EXPECT_EQ(a.workers, 3U);
  EXPECT_EQ(a.loops, 0U);
  EXPECT_EQ(a.speed, 0.5);
  EXPECT_EQ(a.fail_on_loss_percent, 0.5);
  EXPECT_EQ(a.out.verbose, 2);
  EXPECT_EQ(a.out.colour, control::ColourWhen::never);
  EXPECT_EQ(a.flow_capacity, 1000U);
  EXPECT_EQ(a.source, dataplane::ReaderKind::preloaded);
  EXPECT_TRUE(a.discard_duplicates && a.dry_run && a.json && a.out.quiet && a.gzip && !a.unpack &&
              !a.progress);
}

TEST(CommandLine, AnonymisingHasTstatsFlags) {
  const auto none = replay({"x.pcap"}).privacy;
  EXPECT_FALSE(none.networks || none.except || none.key_value || none.key_text || none.key_base64 ||
               none.encrypt_names);
  const auto a = replay({"-Y", "y", "-W", "w", "--keyvalue", "k", "--enc", "x.pcap"}).privacy;
  EXPECT_EQ(a.networks, "y");
  EXPECT_EQ(a.except, "w");
  EXPECT_EQ(a.key_value, "k");
  EXPECT_TRUE(a.encrypt_names);
  EXPECT_EQ(replay({"--keyfile", "f", "x.pcap"}).privacy.key_text, "f");
  EXPECT_EQ(replay({"--keybase64", "f", "x.pcap"}).privacy.key_base64, "f");
  EXPECT_EQ(refusal({"replay", "x", "--keyfile", "f", "--keyvalue", "k"}),
            "--keyvalue, --keyfile and --keybase64 exclude each other.");
  EXPECT_EQ(refusal({"replay", "x", "--keyvalue", ""}), "an empty key was given to --keyvalue.");
  EXPECT_EQ(refusal({"replay", "x", "-Y", ""}), "an empty file name was given to --anonymise.");
}

TEST(CommandLine, AnonymiseKeyNeedsAName) {
  const auto line = control::parse_command_line({"anonymise-key", "k", "-q"}, "v");
  ASSERT_TRUE(line);
  const auto a = std::get<control::AnonymiseKeyArguments>(*line);
  EXPECT_EQ(a.file, "k");
  EXPECT_TRUE(a.out.quiet);
  EXPECT_EQ(refusal({"anonymise-key"}),
            "anonymise-key needs the name of a file. Run \"tapstat anonymise-key --help\".");
  EXPECT_EQ(refusal({"anonymise-key", ""}), "anonymise-key needs the name of a file.");
}

TEST(CommandLine, DefaultsAndFlagsOfBench) {
  const auto defaults =
      std::get<control::BenchArguments>(*control::parse_command_line({"bench", "x.pcap"}, "v"));
  EXPECT_EQ(defaults.files, (std::vector<std::filesystem::path>{"x.pcap"}));
  EXPECT_EQ(defaults.flows, 10'000U);
  EXPECT_EQ(defaults.workers, 1U);
  EXPECT_EQ(defaults.seconds, 10);
  EXPECT_EQ(defaults.rounds, 7U);
  EXPECT_EQ(defaults.snap, 128U);
  EXPECT_EQ(defaults.mode, flowstats::Mode::tstat);
  EXPECT_TRUE(defaults.unpack && defaults.progress && !defaults.json);
  const Words words = {"bench",    "a.pcap",    "--flows",      "4000000", "--workers",   "2",
                       "--rounds", "9",         "--snap",       "256",     "--seconds",   "0.5",
                       "--mode",   "corrected", "--json",       "-q",      "--no-unpack", "--color",
                       "always",   "b.pcap",    "--no-progress"};
  const auto all = std::get<control::BenchArguments>(*control::parse_command_line(words, "v"));
  EXPECT_EQ(all.files.size(), 2U);
  EXPECT_EQ(all.flows, 4'000'000U);
  EXPECT_EQ(all.workers, 2U);
  EXPECT_EQ(all.rounds, 9U);
  EXPECT_EQ(all.snap, 256U);
  EXPECT_EQ(all.seconds, 0.5);
  EXPECT_EQ(all.mode, flowstats::Mode::corrected);
  EXPECT_EQ(all.out.colour, control::ColourWhen::always);
  EXPECT_TRUE(all.json && all.out.quiet && !all.unpack && !all.progress);
}

TEST(CommandLine, RefusesWhatBenchCannotDo) {
  EXPECT_EQ(refusal({"bench", "x", "--seconds", "0"}),
            "--seconds \"0\": not a number of seconds, 0.01 to 86400.");
  EXPECT_EQ(refusal({"bench", "x", "--snap", "32"}),
            "--snap \"32\": not a number of bytes, 64 to 2048.");
  EXPECT_EQ(refusal({"bench", "x", "--rounds", "0"}), "--rounds \"0\": not a number of 1 to 1000.");
  EXPECT_EQ(refusal({"bench", "x", "--flow", "5"}),
            "unknown flag \"--flow\". Did you mean \"--flows\"? Run \"tapstat bench --help\".");
  EXPECT_EQ(refusal({"bench"}), "bench needs a capture file. Run \"tapstat bench --help\".");
}

TEST(CommandLine, FailOnLossDoesNotEatTheNextFile) {
  const auto a = replay({"--fail-on-loss", "x.pcap"});
  EXPECT_EQ(a.files.size(), 1U);
  EXPECT_EQ(a.fail_on_loss_percent, 0.0);
}

TEST(CommandLine, UnknownThingsNameTheNearestValidOne) {
  EXPECT_EQ(
      refusal({"replay", "x", "--worker", "2"}),
      "unknown flag \"--worker\". Did you mean \"--workers\"? Run \"tapstat replay --help\".");
  EXPECT_EQ(refusal({"replay", "x", "--gropus=all"}),
            "unknown flag \"--gropus\". Did you mean \"--groups\"? Run \"tapstat replay --help\".");
  EXPECT_EQ(refusal({"replay", "x", "-x"}), "unknown flag \"-x\". Run \"tapstat replay --help\".");
  EXPECT_EQ(refusal({"repaly", "x"}),
            "unknown command \"repaly\". Did you mean \"replay\"? Run \"tapstat --help\".");
  EXPECT_EQ(refusal({"replay", "x", "-g", "core,ptp"}),
            "--groups \"core,ptp\": unknown column group \"ptp\". Did you mean \"p2p\"? Groups: "
            "core, end_to_end, p2p, "
            "options, layer7, advanced, fingerprint, all or none.");
  EXPECT_EQ(refusal({"replay", "x", "--mode", "tsat"}),
            "--mode \"tsat\": must be tstat or corrected. Did you mean \"tstat\"?");
  EXPECT_EQ(refusal({"replay", "x", "--schema", "tstat"}),
            "--schema \"tstat\": must be mplane or tstat-3.3.");
  EXPECT_EQ(refusal({"replay", "x", "--source", "flie"}),
            "--source \"flie\": must be dpdk, file or preloaded. Did you mean \"file\"?");
  EXPECT_EQ(refusal({"describe", "colunms"}),
            "describe \"colunms\": must be columns, counters or config. Did you mean \"columns\"?");
}

TEST(CommandLine, RefusesValuesOutOfRange) {
  for (const Words& bad : std::vector<Words>{{"--workers", "0"},
                                             {"--workers", "65"},
                                             {"--workers", "2x"},
                                             {"--loop", "-1"},
                                             {"--loop", ""},
                                             {"--speed", "0"},
                                             {"--speed", "x0"},
                                             {"--speed", "xinf"},
                                             {"--speed", "fast"},
                                             {"--fail-on-loss=101"},
                                             {"--fail-on-loss=x"},
                                             {"--flows", "0"},
                                             {"--color", "maybe"},
                                             {"-g", "none,p2p"},
                                             {"-g", ""},
                                             {"-s", ""}}) {
    Words words = {"replay", "x"};
    words.insert(words.end(), bad.begin(), bad.end());
    EXPECT_NE(refusal(words), "accepted") << bad[0] << " " << bad.back();
  }
}

TEST(CommandLine, RefusesMissingAndRepeatedThings) {
  EXPECT_EQ(refusal({}), "a command is missing. Run \"tapstat --help\".");
  EXPECT_EQ(refusal({"replay"}), "replay needs a capture file. Run \"tapstat replay --help\".");
  EXPECT_NE(refusal({"replay", "x", "-s"}), "accepted");
  EXPECT_NE(refusal({"replay", "x", "-s", "a", "-s", "b"}), "accepted");
  EXPECT_EQ(refusal({"describe", "counters", "--json", "--markdown"}),
            "--json and --markdown exclude each other.");
  EXPECT_EQ(refusal({"describe", "columns", "--origin"}),
            "--origin belongs to \"describe config\".");
  EXPECT_EQ(refusal({"describe", "config", "-c", "t.toml"}), "--config needs --origin.");
  EXPECT_EQ(refusal({"describe", "columns", "counters"}),
            "unexpected argument \"counters\". Run \"tapstat describe --help\".");
}

TEST(CommandLine, StrictPrivacyIsAFlagAndTheMaskIsRefused) {
  const auto line = control::parse_command_line({"replay", "x", "-0"}, "v");
  ASSERT_TRUE(line.has_value());
  EXPECT_TRUE(std::get<control::ReplayArguments>(*line).privacy.strict);
  for (const Words& words :
       std::vector<Words>{{"replay", "x", "-A", "0xff"}, {"replay", "x", "-A"}})
    EXPECT_EQ(refusal(words),
              "-A is not offered: an exclusive or is undone for all addresses by one that somebody "
              "knows. Use -Y with a list of networks and a key (docs/anonymisation.md).");
}

TEST(CommandLine, HelpShowsExamplesBeforeFlags) {
  for (const Words& words : std::vector<Words>{{"--help"}, {"replay", "--help"}}) {
    const auto line = control::parse_command_line(words, "v");
    ASSERT_TRUE(line.has_value());
    const std::string text = std::get<control::TextAnswer>(*line).text;
    EXPECT_LT(text.find("Examples:"), text.find("--help")) << text;
    EXPECT_NE(text.find("tapstat replay trace.pcap"), std::string::npos);
  }
}

TEST(CommandLine, VersionIsAnAnswer) {
  const auto line = control::parse_command_line({"--version"}, "tapstat 9");
  EXPECT_EQ(std::get<control::TextAnswer>(*line).text, "tapstat 9");
}

TEST(OptionValues, GroupsHaveTheNumberOfTheHeader) {
  const std::pair<const char*, int> cases[] = {
      {"all", 15}, {"none", 0},    {"core", 0},      {"end_to_end", 1},    {"layer7", 2},
      {"p2p", 4},  {"options", 8}, {"advanced", 16}, {"all,advanced", 31}, {" core , layer7 ", 2}};
  for (const auto& [text, bits] : cases) {
    const auto groups = control::parse_groups(text);
    ASSERT_TRUE(groups.has_value()) << text;
    EXPECT_EQ(groups->bits(), bits) << text;
  }
  EXPECT_EQ(control::group_names(flowstats::GroupMask{15}),
            (Words{"core", "end_to_end", "p2p", "options", "layer7"}));
}

}  // namespace
}  // namespace tapstat::tests
