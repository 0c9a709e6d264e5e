#include "control/commands/mplane_text.h"

#include <gtest/gtest.h>

#include "tests/unit/control/commands/fake_component.h"

namespace tapstat::tests {
namespace {

using control::ComponentAnswer;
using control::mplane::Kind;
using control::mplane::Message;

Message result() {
  Message message = FakeComponent::capability(false, "core");
  message.kind = Kind::result;
  message.token = "81b1";
  message.when = "2014-05-14 23:44:14.199951 ... 2014-05-14 23:44:24.199951";
  return message;
}

TEST(MplaneText, CapabilitiesShowTheirSize) {
  EXPECT_EQ(control::capabilities_text({FakeComponent::capability(false, "core"),
                                        FakeComponent::capability(true, "end_to_end")}),
            "1  tstat-log_tcp_complete-core        p/m/r 0/0/2  core-2014\n"
            "2  tstat-log_tcp_complete-end_to_end  p/m/r 1/0/2  end_to_end-sdk\n");
}

TEST(MplaneText, CapabilitiesAsJson) {
  const std::string json = control::capabilities_json({FakeComponent::capability(true, "core")});
  EXPECT_EQ(json, R"([
  {
    "number": 1,
    "label": "tstat-log_tcp_complete-core",
    "token": "core-sdk",
    "when": "now ... future",
    "parameters": {
      "System_ID": "01"
    },
    "metadata": {},
    "results": [
      "rtt.samples",
      "ttl.min"
    ]
  }
])");
}

TEST(MplaneText, ResultsShowTheirIntervalEpochsAndRows) {
  EXPECT_EQ(control::answer_text({result(), "3-4", "12"}),
            "result 81b1 tstat-log_tcp_complete-core: 2014-05-14 23:44:14.199951 ... 2014-05-14 "
            "23:44:24.199951 (10.0 s), epochs 3-4, rows 12");
  Message receipt = result();
  receipt.kind = Kind::receipt;
  receipt.when = "now + 10s";
  receipt.label.reset();
  EXPECT_EQ(control::answer_text({receipt, "", ""}), "receipt 81b1: now + 10s");
  EXPECT_EQ(control::answer_text({control::mplane::exception("t", "Unknown job"), "", ""}),
            "exception t: Unknown job");
}

TEST(MplaneText, AnswersAsJsonLeaveOutWhatIsMissing) {
  EXPECT_EQ(control::answers_json({{control::mplane::exception("t", "Unknown job"), "", "5"}}), R"([
  {
    "kind": "exception",
    "token": "t",
    "message": "Unknown job",
    "rows": "5"
  }
])");
  EXPECT_EQ(control::answers_json({}), "[]");
}

TEST(MplaneText, MeasurementsShowTheirState) {
  control::Measurement m;
  m.number = 3;
  m.url = "http://h:1";
  m.token = "81b1";
  m.label = "tstat-log_tcp_complete-core";
  m.when = "now + 5m";
  EXPECT_EQ(control::measurements_text({{m, "running"}}),
            "3  tstat-log_tcp_complete-core  running  now + 5m  81b1  http://h:1\n");
  EXPECT_NE(control::measurements_json({{m, "running"}}).find("\"state\": \"running\""),
            std::string::npos);
}

TEST(MplaneText, StatesFollowFromAnswers) {
  const control::UtcMicroseconds now = 1'400'000'000'000'000;  // 2014-05-13 16:53:20
  const auto state = [&](Kind kind, const char* when) {
    Message message = result();
    message.kind = kind;
    message.when = when;
    return control::state_text(message, now);
  };
  EXPECT_EQ(state(Kind::receipt, "now + 5m"), "running");
  EXPECT_EQ(state(Kind::receipt, "2014-05-13 16:53:21 + 5m"), "pending");
  EXPECT_EQ(state(Kind::receipt, "2014-05-13 16:53:19 + 5m"), "running");
  EXPECT_EQ(state(Kind::result, "now"), "finished");
  EXPECT_EQ(control::state_text(control::mplane::exception("t", "Unknown job"), now), "unknown");
}

TEST(MplaneText, WordsOfOthersCannotMoveTheCursor) {
  EXPECT_EQ(control::printable("a\x1b[2J\nb\x7f\u00fc"), "a?[2J?b?\u00fc");
  Message evil = result();
  evil.label = "\x1b]0;x\x07";
  EXPECT_EQ(control::answer_text({evil, "", ""}).find('\x1b'), std::string::npos);
}

}  // namespace
}  // namespace tapstat::tests
