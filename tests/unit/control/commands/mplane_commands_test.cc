#include "control/commands/mplane_commands.h"

#include <gtest/gtest.h>

#include "tests/support/temp_dir.h"
#include "tests/unit/control/commands/fake_component.h"

namespace tapstat::tests {
namespace {

using control::MeasurementFile;
using control::MplaneArguments;
using control::MplaneCommands;
using control::mplane::Kind;
using control::mplane::Message;
using flowstats::ExitStatus;
using Action = MplaneArguments::Action;

/// A user with a file of measurements, and a component.
class MplaneCommandsTest : public testing::Test {
 protected:
  flowstats::Result<MplaneCommands::Outcome> run(Action action, const std::string& operand = "",
                                                 bool wait = false, bool json = false) {
    arguments_.action = action;
    arguments_.operand = operand;
    arguments_.wait = wait;
    arguments_.json = json;
    MplaneCommands commands({arguments_, *control::http::parse_url(arguments_.url),
                             component_.send(), measurements_, [this] { ++pauses_; },
                             [this](const std::string& text) { said_ = text; },
                             [] { return control::UtcMicroseconds{1'400'000'000'000'000}; }});
    return commands.run();
  }
  std::string text(Action action, const std::string& operand = "", bool wait = false,
                   bool json = false) {
    const auto outcome = run(action, operand, wait, json);
    if (!outcome) return "error: " + outcome.error().sentence;
    EXPECT_EQ(outcome->status, ExitStatus::done);
    return outcome->text;
  }
  static Message result_of(const Message& asked) {
    Message message = FakeComponent::receipt(asked, Kind::result);
    message.when = "2014-05-14 23:44:14.199951 ... 2014-05-14 23:44:24.199951";
    return message;
  }

  TempDir base_;
  MeasurementFile measurements_ = *MeasurementFile::load(base_ / "m.json");
  MplaneArguments arguments_;
  FakeComponent component_;
  int pauses_ = 0;
  std::string said_;
};

TEST_F(MplaneCommandsTest, ListsTheGenerationThatTheFlagOrTheUrlSays) {
  EXPECT_NE(text(Action::listcap).find("p/m/r 0/0/2  core-2014"), std::string::npos);
  arguments_.url = "http://127.0.0.1:8888/v1/capability";
  EXPECT_NE(text(Action::listcap).find("p/m/r 1/0/2  core-sdk"), std::string::npos);
  arguments_.generation = control::mplane::Generation::proxy_2014;
  EXPECT_NE(text(Action::listcap).find("core-2014"), std::string::npos);
  EXPECT_TRUE(text(Action::listcap, "", false, true).starts_with("[\n"));
}

TEST_F(MplaneCommandsTest, RunsACapabilityByNumberAndRemembersIt) {
  const std::string out = text(Action::runcap, "2");
  ASSERT_EQ(component_.posted.size(), 1U);
  EXPECT_EQ(component_.posted[0].label, "tstat-log_tcp_complete-end_to_end");
  EXPECT_EQ(component_.posted[0].when, "now + 5m");
  ASSERT_EQ(measurements_.list().size(), 1U);
  const control::Measurement& m = measurements_.list()[0];
  EXPECT_EQ(m.token, *component_.posted[0].token);
  EXPECT_EQ(m.url, "http://127.0.0.1:8888");
  EXPECT_TRUE(out.starts_with("receipt " + m.token)) << out;
  EXPECT_NE(out.find("tapstat mplane redeem 1\n"), std::string::npos);
}

TEST_F(MplaneCommandsTest, RunsACapabilityByLabel) {
  text(Action::runcap, "tstat-log_tcp_complete-core");
  EXPECT_EQ(component_.posted.at(0).label, "tstat-log_tcp_complete-core");
}

TEST_F(MplaneCommandsTest, ACapabilityThatIsNotThereIsAUsageError) {
  for (const char* operand : {"0", "3", "tstat-log_tcp_complete-cor"}) {
    const auto outcome = run(Action::runcap, operand);
    ASSERT_FALSE(outcome.has_value()) << operand;
    EXPECT_EQ(outcome.error().status, ExitStatus::usage);
  }
  EXPECT_NE(run(Action::runcap, "tstat-log_tcp_complete-cor")
                .error()
                .sentence.find("Did you mean \"tstat-log_tcp_complete-core\"?"),
            std::string::npos);
  EXPECT_TRUE(component_.posted.empty());
}

TEST_F(MplaneCommandsTest, AResultAtOnceIsNotRemembered) {
  component_.answer = result_of;
  component_.headers = {{"Tapstat-Epochs", "3-4"}, {"Tapstat-Rows", "12"}};
  const std::string out = text(Action::runcap, "1");
  EXPECT_TRUE(out.starts_with("result ")) << out;
  EXPECT_TRUE(out.ends_with("(10.0 s), epochs 3-4, rows 12\n")) << out;
  EXPECT_TRUE(measurements_.list().empty());
}

TEST_F(MplaneCommandsTest, WaitsForTheResult) {
  int asked = 0;
  component_.answer = [&asked](const Message& message) {
    return ++asked < 4 ? FakeComponent::receipt(message, Kind::receipt) : result_of(message);
  };
  const std::string out = text(Action::runcap, "1", true);
  EXPECT_TRUE(said_.starts_with("receipt "));
  EXPECT_TRUE(out.starts_with("result ")) << out;
  EXPECT_EQ(pauses_, 3);
  EXPECT_EQ(component_.posted.back().kind, Kind::redemption);
  EXPECT_TRUE(measurements_.list().empty());
}

TEST_F(MplaneCommandsTest, AnExceptionHasAStatusOfItsOwn) {
  component_.answer = [](const Message& asked) {
    return control::mplane::exception(*asked.token, "Temporal scope too long");
  };
  const auto outcome = run(Action::runcap, "1");
  ASSERT_TRUE(outcome.has_value());
  EXPECT_EQ(outcome->status, ExitStatus::records_lost);
  ASSERT_EQ(outcome->errors.size(), 1U);
  EXPECT_TRUE(
      outcome->errors[0].starts_with("http://127.0.0.1:8888 answers: Temporal scope too long ("));
  EXPECT_TRUE(measurements_.list().empty());
}

TEST_F(MplaneCommandsTest, RedeemsByNumberUntilItIsOver) {
  text(Action::runcap, "1");
  component_.answer = [](const Message& asked) {
    return FakeComponent::receipt(asked, Kind::receipt);
  };
  EXPECT_TRUE(text(Action::redeem, "1").starts_with("receipt "));
  EXPECT_EQ(measurements_.list().size(), 1U) << "still runs";
  component_.answer = result_of;
  EXPECT_TRUE(text(Action::redeem, "1").starts_with("result "));
  EXPECT_TRUE(measurements_.list().empty());
}

TEST_F(MplaneCommandsTest, RedeemsAllOfThemEachAtItsOwnAddress) {
  text(Action::runcap, "1");
  arguments_.url = "http://other:9/v1/capability";
  text(Action::runcap, "2");
  component_.answer = result_of;
  component_.origins.clear();
  EXPECT_TRUE(text(Action::redeem, "all", false, true).starts_with("[\n"));
  EXPECT_EQ(component_.origins,
            (std::vector<std::string>{"http://127.0.0.1:8888", "http://other:9"}));
  EXPECT_EQ(component_.posted.back().version, 1);
  EXPECT_TRUE(measurements_.list().empty());
  EXPECT_EQ(text(Action::redeem, "all"), "");
}

TEST_F(MplaneCommandsTest, InterruptsAllOfThem) {
  text(Action::runcap, "1");
  arguments_.url = "http://other:9/v1/capability";
  text(Action::runcap, "2");
  component_.answer = result_of;
  component_.posted.clear();
  text(Action::interrupt, "all");
  ASSERT_EQ(component_.posted.size(), 2U);
  EXPECT_EQ(component_.posted.back().kind, Kind::interrupt);
  EXPECT_TRUE(measurements_.list().empty());
}

TEST_F(MplaneCommandsTest, AComponentThatIsGoneKeepsItsMeasurements) {
  text(Action::runcap, "1");
  component_.down = true;
  const auto outcome = run(Action::redeem, "all");
  ASSERT_TRUE(outcome.has_value());
  EXPECT_EQ(outcome->status, ExitStatus::environment);
  EXPECT_EQ(outcome->errors.size(), 1U);
  EXPECT_EQ(run(Action::redeem, "1").error().status, ExitStatus::environment);
  EXPECT_NE(text(Action::listmeas).find("no answer"), std::string::npos);
  EXPECT_EQ(measurements_.list().size(), 1U);
}

TEST_F(MplaneCommandsTest, InterruptsAndForgets) {
  text(Action::runcap, "1");
  component_.answer = result_of;
  EXPECT_TRUE(text(Action::interrupt, "1").starts_with("result "));
  EXPECT_EQ(component_.posted.back().kind, Kind::interrupt);
  EXPECT_TRUE(measurements_.list().empty());
}

TEST_F(MplaneCommandsTest, TokensOfOthersAreAskedAtTheUrl) {
  arguments_.url = "http://h:1";
  const auto outcome = run(Action::redeem, "81b1a75cba1060170a35ebdeb82b9e14");
  ASSERT_TRUE(outcome.has_value());
  EXPECT_EQ(outcome->status, ExitStatus::records_lost);
  EXPECT_EQ(component_.origins.back(), "http://h:1");
  EXPECT_EQ(component_.posted.back().token, "81b1a75cba1060170a35ebdeb82b9e14");
}

TEST_F(MplaneCommandsTest, ListsMeasurementsWithTheStateThatTheComponentTells) {
  EXPECT_EQ(text(Action::listmeas), "You started no measurement that was not fetched.\n");
  text(Action::runcap, "1");
  EXPECT_NE(text(Action::listmeas).find("unknown"), std::string::npos);
  component_.answer = result_of;
  EXPECT_NE(text(Action::listmeas).find("finished"), std::string::npos);
  EXPECT_EQ(measurements_.list().size(), 1U) << "listing fetches nothing";
  EXPECT_NE(text(Action::listmeas, "", false, true).find("\"state\": \"finished\""),
            std::string::npos);
}

}  // namespace
}  // namespace tapstat::tests
