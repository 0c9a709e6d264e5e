#include "control/tstat_command_line.h"

#include <gtest/gtest.h>

#include "control/command_line.h"

namespace tapstat {
namespace {

using control::translate_tstat;
using Words = std::vector<std::string>;

std::string refusal(const Words& words) {
  const auto line = translate_tstat(words);
  EXPECT_FALSE(line.has_value());
  if (line) return "";
  EXPECT_EQ(line.error().status, flowstats::ExitStatus::usage);
  return line.error().sentence;
}

TEST(TstatCommandLine, BecomesOurs) {
  const struct {
    Words tstat, ours;
  } cases[] = {
      {{"-l", "-i", "eth1", "-s", "out", "-T", "runtime.conf", "-N", "nets"},
       {"run", "-i", "eth1", "-s", "out", "-T", "runtime.conf", "-N", "nets"}},
      {{"-l", "-i", "eth1"}, {"run", "-i", "eth1", "-s", "stdin"}},
      {{"-lSi", "eth1", "-sout", "-E", "96"},
       {"run", "-i", "eth1", "-s", "out", "--snaplen", "96"}},
      {{"-s", "out", "-Z", "-c", "a.pcap", "b.pcap"},
       {"replay", "-s", "out", "--gzip", "a.pcap", "b.pcap"}},
      {{"--keyfile=k", "-Y", "nets", "-0", "-L", "a.pcap"},
       {"replay", "--keyfile", "k", "-Y", "nets", "-0", "--logs=none", "a.pcap"}},
      {{"-l", "1-4", "-a", "0000:3b:00.0", "--", "-s", "out"},
       {"run", "-i", "0000:3b:00.0", "--cores", "1-4", "-s", "out"}},
  };
  for (const auto& [tstat, ours] : cases) {
    const auto line = translate_tstat(tstat);
    ASSERT_TRUE(line.has_value()) << line.error().sentence;
    EXPECT_EQ(line->words, ours);
    EXPECT_EQ(line->notes, Words{});
    const auto parsed = control::parse_command_line(line->words, "v");
    EXPECT_TRUE(parsed.has_value()) << parsed.error().sentence;
  }
}

TEST(TstatCommandLine, WhatHasNoEffectIsSaid) {
  const auto line = translate_tstat({"-H", "all", "-g", "-R", "r.conf", "-r", "db", "x.pcap"});
  ASSERT_TRUE(line.has_value());
  EXPECT_EQ(line->words, (Words{"replay", "x.pcap"}));
  ASSERT_EQ(line->notes.size(), 4U);
  EXPECT_EQ(line->notes[0], "-H: histograms are not written.");
}

TEST(TstatCommandLine, MessagesGoToAFile) {
  const auto line = translate_tstat({"-z", "all.txt", "x.pcap"});
  ASSERT_TRUE(line.has_value());
  EXPECT_EQ(line->messages, "all.txt");
}

TEST(TstatCommandLine, WhatWouldChangeTheNumbersIsRefused) {
  EXPECT_EQ(refusal({"--dag", "x"}), "--dag: DAG cards are not supported; see -i.");
  for (const char* flag : {"-6", "-u"}) EXPECT_TRUE(refusal({flag, "x.pcap"}).starts_with(flag));
  EXPECT_TRUE(refusal({"-f", "filter", "x.pcap"}).starts_with("-f: packets are not filtered"));
  EXPECT_TRUE(refusal({"-M", "macs", "x.pcap"}).starts_with("-M: "));
}

TEST(TstatCommandLine, MistakesAreSentences) {
  EXPECT_EQ(refusal({"-i", "eth1"}), "-i needs -l: live capture.");
  EXPECT_EQ(refusal({"x.pcap", "-s"}), "flag -s of Tstat needs a value.");
  EXPECT_TRUE(refusal({"-l", "-i", "eth1", "x.pcap"}).starts_with("\"x.pcap\": -l measures live"));
  EXPECT_NE(refusal({"--keyvalu", "x"}).find("Did you mean \"--keyvalue\"?"), std::string::npos);
  EXPECT_TRUE(refusal({"--proc-type", "x", "--", "-s", "o"}).starts_with("\"--proc-type\" before"));
  EXPECT_EQ(refusal({"-l", "--"}), "\"-l\" before \"--\" needs a value.");
}

TEST(TstatCommandLine, OptionsOfTheFile) {
  EXPECT_EQ(control::words_of_tstat_conf("-l -i eth1 # the tap\n\n\t-s out\r\n# nothing\n"),
            (Words{"-l", "-i", "eth1", "-s", "out"}));
}

}  // namespace
}  // namespace tapstat
