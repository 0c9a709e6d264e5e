#include <gtest/gtest.h>

#include "control/command_line.h"

namespace tapstat::tests {
namespace {

using control::SplitArguments;
using control::splitting::Grouping;

SplitArguments accepted_split(std::vector<std::string> words) {
  words.insert(words.begin(), "split");
  const auto line = control::parse_command_line(words, "1");
  EXPECT_TRUE(line) << (line ? "" : line.error().sentence);
  return line ? std::get<SplitArguments>(*line) : SplitArguments();
}

TEST(SplitCommandLine, Defaults) {
  const SplitArguments a = accepted_split({"x.pcap", "-o", "out"});
  EXPECT_EQ(a.options.output, "out");
  EXPECT_EQ(a.options.grouping, Grouping::connection);
  EXPECT_EQ(a.options.memory_bytes, size_t{512} << 20);
  EXPECT_EQ(a.options.buckets, 0U);
  EXPECT_FALSE(a.options.keep_other || a.options.follow_icmp || a.options.force);
  EXPECT_FALSE(a.options.filter || a.options.networks);
}

TEST(SplitCommandLine, Everything) {
  const SplitArguments a = accepted_split({"x",           "y",
                                           "-o",          "out",
                                           "-m",          "pair",
                                           "-N",          "nets",
                                           "--filter",    "tcp",
                                           "--icmp",      "--min-packets",
                                           "3",           "--dup-window",
                                           "250",         "--keep-other",
                                           "--force",     "--no-progress",
                                           "--no-unpack", "--memory",
                                           "2GiB",        "-q"});
  EXPECT_EQ(a.options.files.size(), 2U);
  EXPECT_EQ(a.options.grouping, Grouping::pair);
  EXPECT_EQ(a.options.networks, "nets");
  EXPECT_EQ(a.options.filter, "tcp");
  EXPECT_EQ(a.options.packets_min, 3U);
  EXPECT_EQ(a.options.duplicate_window_us, 250U);
  EXPECT_EQ(a.options.memory_bytes, size_t{2} << 30);
  EXPECT_TRUE(a.options.follow_icmp && a.options.keep_other && a.options.force);
  EXPECT_FALSE(a.options.progress || a.options.unpack);
  EXPECT_TRUE(a.out.quiet);
}

TEST(SplitCommandLine, Sizes) {
  EXPECT_EQ(accepted_split({"x", "-o", "o", "--memory", "64M"}).options.memory_bytes,
            size_t{64} << 20);
  EXPECT_EQ(accepted_split({"x", "-o", "o", "--memory", "16777216"}).options.memory_bytes,
            size_t{16} << 20);
  for (const char* size :
       {"M", "64X", "-1", "15M", "99999999999999999999G", "18446744073709551615K"})
    EXPECT_FALSE(control::parse_command_line({"split", "x", "-o", "o", "--memory", size}, "1"))
        << size;
}

}  // namespace
}  // namespace tapstat::tests
