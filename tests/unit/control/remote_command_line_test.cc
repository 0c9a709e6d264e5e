#include "control/remote_command_line.h"

#include <gtest/gtest.h>

namespace tapstat::tests {
namespace {

using control::MplaneArguments;
using control::RemoteArguments;
using flowstats::ExitStatus;
using Action = MplaneArguments::Action;
using What = RemoteArguments::What;
using Words = std::vector<std::string>;

template <class Arguments>
Arguments accepted(Words words) {
  const auto line = control::parse_command_line(std::move(words), "v");
  if (!line) {
    ADD_FAILURE() << line.error().sentence;
    return {};
  }
  return std::get<Arguments>(*line);
}

std::string refused(Words words) {
  const auto line = control::parse_command_line(std::move(words), "v");
  if (line) return "accepted";
  EXPECT_EQ(line.error().status, ExitStatus::usage);
  return line.error().sentence;
}

std::string help(Words words) {
  words.emplace_back("--help");
  return accepted<control::TextAnswer>(std::move(words)).text;
}

TEST(RemoteCommandLine, EachCommandHasItsName) {
  EXPECT_EQ(accepted<RemoteArguments>({"status"}).what, What::status);
  EXPECT_EQ(accepted<RemoteArguments>({"groups"}).what, What::groups);
  EXPECT_EQ(accepted<RemoteArguments>({"rotate"}).what, What::rotate);
  EXPECT_EQ(accepted<RemoteArguments>({"reload"}).what, What::reload);
  EXPECT_EQ(accepted<RemoteArguments>({"stop"}).what, What::stop);
}

TEST(RemoteCommandLine, TakesFlags) {
  const auto a = accepted<RemoteArguments>(
      {"status", "--json", "--watch", "--socket", "/run/x.sock", "-q", "--color", "never"});
  EXPECT_TRUE(a.json && a.watch && a.out.quiet);
  EXPECT_EQ(a.socket, "/run/x.sock");
  EXPECT_EQ(a.out.colour, control::ColourWhen::never);
  EXPECT_FALSE(accepted<RemoteArguments>({"status"}).socket.has_value());
}

TEST(RemoteCommandLine, WordsOnGroups) {
  const auto a =
      accepted<RemoteArguments>({"groups", "p2p=off", "end_to_end=on", "options=default"});
  ASSERT_EQ(a.groups.size(), 3U);
  EXPECT_EQ(a.groups[0].name, "p2p");
  EXPECT_EQ(a.groups[0].on, false);
  EXPECT_EQ(a.groups[1].on, true);
  EXPECT_EQ(a.groups[2].on, std::nullopt);
}

TEST(RemoteCommandLine, WrongWordsOnGroupsNameTheRightOnes) {
  EXPECT_EQ(refused({"groups", "p2p"}),
            "groups \"p2p\": expected NAME=on, NAME=off or NAME=default.");
  EXPECT_NE(refused({"groups", "end_toend=on"}).find("Did you mean \"end_to_end\"?"),
            std::string::npos);
  EXPECT_NE(refused({"groups", "p2p=offf"}).find("Did you mean \"off\"?"), std::string::npos);
  EXPECT_EQ(refused({"groups", "p2p=on", "p2p=off"}), "groups: p2p stands twice.");
}

TEST(RemoteCommandLine, FlagsOfOthersAreRefused) {
  EXPECT_NE(refused({"rotate", "--watch"}).find("unknown flag \"--watch\""), std::string::npos);
  EXPECT_NE(refused({"status", "--sockt", "x"}).find("Did you mean \"--socket\"?"),
            std::string::npos);
  EXPECT_NE(refused({"stop", "now"}).find("unexpected argument \"now\""), std::string::npos);
  EXPECT_NE(refused({"statsu"}).find("Did you mean \"status\"?"), std::string::npos);
  EXPECT_NE(refused({"status", "--socket", ""}).find("empty file name"), std::string::npos);
  EXPECT_NE(refused({"status", "--color", "nevr"}).find("Did you mean \"never\"?"),
            std::string::npos);
}

TEST(RemoteCommandLine, DefaultsOfMplane) {
  const auto a = accepted<MplaneArguments>({"mplane", "listcap"});
  EXPECT_EQ(a.action, Action::listcap);
  EXPECT_EQ(a.url, "http://127.0.0.1:8888");
  EXPECT_EQ(a.when, "now + 5m");
  EXPECT_FALSE(a.wait || a.json || a.ca || a.generation);
}

TEST(RemoteCommandLine, TakesEveryFlagOfMplane) {
  const auto a = accepted<MplaneArguments>(
      {"mplane", "runcap", "2", "--when", "now + 10s", "--wait", "--json", "--url", "https://h:1",
       "--ca", "ca", "--cert", "c", "--key", "k", "--generation", "sdk"});
  EXPECT_EQ(a.action, Action::runcap);
  EXPECT_EQ(a.operand, "2");
  EXPECT_EQ(a.when, "now + 10s");
  EXPECT_EQ(a.url, "https://h:1");
  EXPECT_EQ(a.ca, "ca");
  EXPECT_EQ(a.certificate, "c");
  EXPECT_EQ(a.key, "k");
  EXPECT_EQ(a.generation, control::mplane::Generation::sdk);
  EXPECT_TRUE(a.wait && a.json);
}

TEST(RemoteCommandLine, MplaneActionsHaveTheirOperands) {
  EXPECT_EQ(accepted<MplaneArguments>({"mplane", "listmeas"}).action, Action::listmeas);
  EXPECT_EQ(accepted<MplaneArguments>({"mplane", "redeem", "all"}).action, Action::redeem);
  EXPECT_EQ(accepted<MplaneArguments>({"mplane", "interrupt", "1"}).action, Action::interrupt);
  EXPECT_EQ(refused({"mplane"}), "mplane what? listcap, runcap, listmeas, redeem or interrupt.");
  EXPECT_NE(refused({"mplane", "listcaps"}).find("Did you mean \"listcap\"?"), std::string::npos);
  EXPECT_EQ(refused({"mplane", "listcap", "1"}), "mplane listcap: unexpected argument \"1\".");
  EXPECT_EQ(refused({"mplane", "runcap"}),
            "mplane runcap needs the number or label of a capability.");
  EXPECT_EQ(refused({"mplane", "redeem", "1", "--wait"}), "--wait belongs to mplane runcap.");
}

TEST(RemoteCommandLine, CertificatesOfMplaneGoTogether) {
  EXPECT_EQ(refused({"mplane", "listcap", "--ca", "a", "--cert", "c"}),
            "--cert and --key go together.");
  EXPECT_NE(refused({"mplane", "listcap", "--cert", "c", "--key", "k"}).find("needs --ca"),
            std::string::npos);
  EXPECT_NE(refused({"mplane", "listcap", "--generation", "sdl"}).find("Did you mean \"sdk\"?"),
            std::string::npos);
}

TEST(RemoteCommandLine, HelpShowsUsageAndExamples) {
  EXPECT_NE(help({}).find("  mplane                          Speak mPlane to a probe"),
            std::string::npos)
      << help({});
  EXPECT_NE(help({"groups"}).find("tapstat groups [WORD...] [FLAGS]"), std::string::npos);
  EXPECT_NE(help({"groups"}).find("tapstat groups p2p=off"), std::string::npos);
  EXPECT_NE(help({"mplane"}).find("tapstat mplane ACTION [WHAT] [FLAGS]"), std::string::npos);
  EXPECT_NE(help({"stop"}).find("tapstat stop [FLAGS]"), std::string::npos);
}

}  // namespace
}  // namespace tapstat::tests
