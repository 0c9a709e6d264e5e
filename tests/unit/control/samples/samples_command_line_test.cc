#include "control/samples/samples_command_line.h"

#include <gtest/gtest.h>

namespace tapstat::tests {
namespace {

using control::SamplesArguments;
using Words = std::vector<std::string>;

SamplesArguments accepted(const Words& words) {
  const auto line = control::parse_command_line(words, "v");
  if (line) return std::get<SamplesArguments>(*line);
  ADD_FAILURE() << line.error().sentence;
  return {};
}

std::string refused(const Words& words) {
  const auto line = control::parse_command_line(words, "v");
  if (line) return "accepted";
  EXPECT_EQ(line.error().status, flowstats::ExitStatus::usage);
  return line.error().sentence;
}

TEST(SamplesCommandLine, TakesFlags) {
  EXPECT_FALSE(accepted({"samples"}).listen || accepted({"samples"}).write);
  EXPECT_EQ(accepted({"samples", "--listen", "[::1]:0"}).listen, "[::1]:0");
  const auto a = accepted({"samples", "--write", "www", "--overwrite", "-q", "--color", "never"});
  EXPECT_EQ(a.write, "www");
  EXPECT_TRUE(a.overwrite && a.out.quiet);
  EXPECT_EQ(a.out.colour, control::ColourWhen::never);
}

TEST(SamplesCommandLine, SaysWhatIsWrong) {
  EXPECT_EQ(refused({"samples", "--listen", "8000"}),
            "--listen \"8000\": not an address and port. Examples: --listen 192.0.2.1:8000, "
            "--listen [::]:8080");
  EXPECT_EQ(refused({"samples", "--listen", "[::]:80", "--write", "d"}),
            "--listen and --write exclude each other.");
  EXPECT_EQ(refused({"samples", "--overwrite"}), "--overwrite needs --write.");
  EXPECT_EQ(refused({"samples", "--write", ""}), "--write needs the name of a directory.");
  EXPECT_EQ(refused({"samples", "--color", "blue"}),
            "--color \"blue\": must be auto, always or never.");
  EXPECT_EQ(refused({"samples", "--writ", "d"}),
            "unknown flag \"--writ\". Did you mean \"--write\"? Run \"tapstat samples --help\".");
}

TEST(SamplesCommandLine, HelpHasExamples) {
  const auto line = control::parse_command_line({"samples", "--help"}, "v");
  ASSERT_TRUE(line);
  const std::string text = std::get<control::TextAnswer>(*line).text;
  EXPECT_NE(text.find("tapstat samples --write"), std::string::npos);
  EXPECT_NE(text.find("Usage:\n  tapstat samples [FLAGS]"), std::string::npos);
}

}  // namespace
}  // namespace tapstat::tests
