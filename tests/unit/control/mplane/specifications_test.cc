#include "control/mplane/specifications.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "tests/unit/control/mplane/job_world.h"

namespace tapstat::tests {
namespace {

using flowstats::Group;
using namespace control::mplane;  // NOLINT(google-build-using-namespace): every line uses it
using Texts = std::vector<std::string>;

TEST_F(SpecificationsTest, ARunIsOnForItsDurationAndTheResultTellsTheRealTimes) {
  const Reply accepted = specify("t", "now + 10s");
  EXPECT_EQ(accepted.message.kind, Kind::receipt);
  EXPECT_TRUE(accepted.accepted);
  EXPECT_FALSE(accepted.is_final);
  EXPECT_TRUE(holds_.holds(Group::end_to_end));
  EXPECT_EQ(holds_.held.at(accepted.job).until, kNoon + 10 * kSecond);
  EXPECT_EQ(jobs_->due_in(now_), 10 * kSecond);

  pass(10 * kSecond - 1);
  advance();
  EXPECT_EQ(redeem("t").message.kind, Kind::receipt);
  pass(1);
  advance();
  EXPECT_TRUE(holds_.held.empty());
  const Reply result = redeem("t");
  EXPECT_EQ(result.message.kind, Kind::result);
  EXPECT_TRUE(result.is_final);
  EXPECT_EQ(result.message.when,
            interval_text(kNoon + kPublishUs, kNoon + 10 * kSecond + kPublishUs));
  const Job& job = jobs_->jobs().front();
  EXPECT_EQ(job.first_epoch, 2U);
  EXPECT_EQ(job.end_epoch, 3U);
  EXPECT_EQ(changes_, (Texts{"t running", "t finished"}));
  EXPECT_EQ(jobs_->due_in(now_), std::nullopt);
}

TEST_F(SpecificationsTest, ReceiptAndResultOfVersion0) {
  Message asked = specification("t", "now + 90s");
  asked.label = "mine";
  asked.metadata = {{"a", "b"}};
  asked.registry = "http://192.0.2.1/r.json";
  std::reverse(asked.results->begin(), asked.results->end());
  const Message receipt = send(asked).message;
  EXPECT_EQ(receipt.version, 0);
  EXPECT_EQ(receipt.verb, "measure");
  EXPECT_EQ(receipt.when, "now + 1m30s");
  EXPECT_EQ(receipt.label, std::nullopt);
  EXPECT_EQ(receipt.registry, std::nullopt);
  EXPECT_TRUE(receipt.metadata.empty());
  EXPECT_EQ(receipt.results, asked.results) << "the order of the specification";
  const Message result = interrupt("t").message;
  EXPECT_EQ(result.label, "mine");
  EXPECT_EQ(result.results, asked.results);
  EXPECT_TRUE(result.metadata.empty());
}

TEST_F(SpecificationsTest, ReceiptAndResultOfVersion1RepeatWhatWasSent) {
  Message asked = sdk_specification("t", "now + 90s / 5s");
  asked.label = "tstat-log_tcp_complete-layer7-0";
  asked.link = "https://192.0.2.1:8889/";
  const Message receipt = send(asked).message;
  EXPECT_EQ(receipt.version, 1);
  EXPECT_EQ(receipt.label, asked.label);
  EXPECT_EQ(receipt.registry, asked.registry);
  EXPECT_EQ(receipt.parameters, asked.parameters);
  EXPECT_EQ(receipt.metadata, asked.metadata);
  EXPECT_EQ(receipt.link, std::nullopt);
  EXPECT_EQ(receipt.when, "now + 1m30s / 5s");
  const Reply result = send(token_only(Kind::interrupt, "t", 0));
  EXPECT_EQ(result.message.version, 1) << "that of the specification";
  EXPECT_EQ(result.message.label, asked.label);
  EXPECT_EQ(result.message.parameters, asked.parameters);
}

TEST_F(SpecificationsTest, TheSchemaSelectsTheGroupNotTheLabel) {
  Message asked = specification("t", "now + 10s");
  asked.label = "tstat-log_tcp_complete-layer7";
  (void)send(asked);
  EXPECT_TRUE(holds_.holds(Group::end_to_end));
  EXPECT_FALSE(holds_.holds(Group::layer7));
}

TEST_F(SpecificationsTest, WithoutLabelTheAnswerHasTheCapabilitys) {
  Message asked = specification("t", "now + 10s");
  asked.label.reset();
  (void)send(asked);
  EXPECT_EQ(interrupt("t").message.label, "tstat-log_tcp_complete-end_to_end");
}

TEST_F(SpecificationsTest, WithoutTokenTheComputedOneIsUsed) {
  Message asked = specification("", "now + 5m");
  asked.token.reset();
  EXPECT_EQ(send(asked).message.token, "81b1a75cba1060170a35ebdeb82b9e14");
  EXPECT_EQ(redeem("81b1a75cba1060170a35ebdeb82b9e14").message.kind, Kind::receipt);
  asked.when = "tomorrow";
  expect_exception(send(asked), std::string(kNoToken), "Invalid temporal scope");
}

struct RefusalCase {
  const char* name;
  void (*spoil)(Message&);
  const char* text;
};

const RefusalCase kRefusals[] = {
    {"no when", [](Message& m) { m.when.reset(); }, "Missing section: when"},
    {"no results", [](Message& m) { m.results.reset(); }, "Missing section: results"},
    {"empty results", [](Message& m) { m.results->clear(); }, "Missing section: results"},
    {"neither", [](Message& m) { m.when.reset(), m.results.reset(); }, "Missing section: when"},
    {"too few results", [](Message& m) { m.results->pop_back(); },
     "No service registered for specification"},
    {"capability before export",
     [](Message& m) { m.results->pop_back(), m.export_url = "ftp://192.0.2.1/"; },
     "No service registered for specification"},
    {"version 1 without registry", [](Message& m) { m.version = 1; },
     "No service registered for specification"},
    {"export", [](Message& m) { m.export_url = "ftp://192.0.2.1/"; },
     "Indirect export is not supported"},
    {"export before scope",
     [](Message& m) { m.export_url = "ftp://192.0.2.1/", m.when = "tomorrow"; },
     "Indirect export is not supported"},
    {"schedule", [](Message& m) { m.has_schedule = true; }, "Repeated scopes are not supported"},
    {"schedule before scope", [](Message& m) { m.has_schedule = true, m.when = "tomorrow"; },
     "Repeated scopes are not supported"},
    {"repeat", [](Message& m) { m.when = "repeat now + 6s / 3s"; },
     "Repeated scopes are not supported"},
    {"junk", [](Message& m) { m.when = "tomorrow"; }, "Invalid temporal scope"},
    {"past", [](Message& m) { m.when = "past ... now"; }, "Temporal scope not supported"},
    {"ended", [](Message& m) { m.when = "2014-01-01 ... 2014-01-02"; },
     "Temporal scope is in the past"},
    {"long", [](Message& m) { m.when = "now + 31d"; }, "Temporal scope too long"},
    {"far", [](Message& m) { m.when = "2099-01-01 + 1m"; }, "Temporal scope too far in the future"},
};

TEST_F(SpecificationsTest, EachRefusalHasItsTextAndTheToken) {
  for (const RefusalCase& one : kRefusals) {
    SCOPED_TRACE(one.name);
    Message asked = specification("t", "now + 10s");
    one.spoil(asked);
    const Reply reply = send(asked);
    expect_exception(reply, "t", one.text);
    EXPECT_EQ(reply.job, 0U);
    EXPECT_FALSE(reply.is_final);
  }
  EXPECT_TRUE(jobs_->jobs().empty());
  EXPECT_TRUE(holds_.calls.empty());
}

TEST_F(SpecificationsTest, AnEmptyExportIsNone) {
  Message asked = specification("t", "now + 10s");
  asked.export_url = "";
  EXPECT_EQ(send(asked).message.kind, Kind::receipt);
}

TEST_F(SpecificationsTest, OtherKindsAreUnexpected) {
  for (const Kind kind :
       {Kind::capability, Kind::withdrawal, Kind::receipt, Kind::result, Kind::exception}) {
    SCOPED_TRACE(kind_name(kind));
    Message message = specification("00", "now + 1s");
    message.kind = kind;
    expect_exception(send(message), "00", "Unexpected message type");
  }
}

TEST_F(SpecificationsTest, UnknownTokens) {
  expect_exception(redeem("t"), "t", "Unknown job");
  expect_exception(interrupt("t"), "t", "Unknown job");
  Message nameless = token_only(Kind::redemption, "t");
  nameless.token.reset();
  expect_exception(send(nameless), std::string(kNoToken), "Unknown job");
}

TEST_F(SpecificationsTest, AnInstantSwitchesNothing) {
  for (const char* when : {"now", "now + 0s", "now ... now"}) {
    SCOPED_TRACE(when);
    const Reply reply = specify(when, when);
    EXPECT_EQ(reply.message.kind, Kind::result);
    EXPECT_TRUE(reply.is_final);
    EXPECT_TRUE(reply.accepted);
    EXPECT_EQ(reply.message.when, interval_text(kNoon, kNoon));
    EXPECT_EQ(redeem(when).message.kind, Kind::result);
  }
  EXPECT_TRUE(holds_.calls.empty());
}

TEST_F(SpecificationsTest, AnInstantInTheFutureWaitsForIt) {
  const std::string at = time_text(kNoon + 2 * kSecond);
  EXPECT_EQ(specify("t", at).message.kind, Kind::receipt);
  EXPECT_EQ(jobs_->jobs().front().state, JobState::pending);
  pass(2 * kSecond);
  advance();
  EXPECT_EQ(redeem("t").message.when, at + " ... " + at);
  EXPECT_TRUE(holds_.calls.empty());
}

TEST_F(SpecificationsTest, AnAbsoluteScopeWaitsRunsAndEnds) {
  const Reply reply = specify("t", interval_text(kNoon + 4 * kSecond, kNoon + 6 * kSecond));
  EXPECT_EQ(jobs_->ends_in(reply.job, now_), 6 * kSecond);
  EXPECT_TRUE(holds_.held.empty());
  pass(4 * kSecond);
  advance();
  EXPECT_TRUE(holds_.holds(Group::end_to_end));
  EXPECT_EQ(redeem("t").message.kind, Kind::receipt);
  pass(2 * kSecond);
  advance();
  EXPECT_TRUE(holds_.held.empty());
  EXPECT_EQ(jobs_->ends_in(reply.job, now_), std::nullopt);
  EXPECT_EQ(redeem("t").message.when,
            interval_text(kNoon + 4 * kSecond + kPublishUs, kNoon + 6 * kSecond + kPublishUs));
  EXPECT_EQ(changes_, (Texts{"t accepted", "t running", "t finished"}));
}

TEST_F(SpecificationsTest, AScopeThatBeganInThePastStartsAtOnce) {
  (void)specify("t", interval_text(kNoon - 9 * kSecond, kNoon + 6 * kSecond));
  EXPECT_TRUE(holds_.holds(Group::end_to_end));
  pass(6 * kSecond);
  advance();
  EXPECT_EQ(redeem("t").message.when,
            interval_text(kNoon + kPublishUs, kNoon + 6 * kSecond + kPublishUs));
}

TEST_F(SpecificationsTest, AnOpenEndRunsUntilInterrupted) {
  const Reply reply = specify("t", "now ... future");
  EXPECT_EQ(reply.message.when, "now ... future");
  EXPECT_EQ(jobs_->due_in(now_), std::nullopt);
  EXPECT_EQ(jobs_->ends_in(reply.job, now_), std::nullopt);
  pass(40 * kDayUs);
  advance();
  const Reply result = interrupt("t");
  EXPECT_EQ(result.message.when,
            interval_text(kNoon + kPublishUs, kNoon + 40 * kDayUs + kPublishUs));
  EXPECT_EQ(changes_.back(), "t interrupted");
  EXPECT_TRUE(holds_.held.empty());
}

TEST_F(SpecificationsTest, AnInterruptedPendingJobTellsItsInstantTwice) {
  (void)specify("t", interval_text(kNoon + 40 * kSecond, kNoon + 60 * kSecond));
  pass(3 * kSecond);
  EXPECT_EQ(interrupt("t").message.when, interval_text(kNoon + 3 * kSecond, kNoon + 3 * kSecond));
  EXPECT_TRUE(holds_.calls.empty());
  pass(50 * kSecond);
  advance();
  EXPECT_TRUE(holds_.calls.empty()) << "it never starts";
  EXPECT_EQ(interrupt("t").message.when, interval_text(kNoon + 3 * kSecond, kNoon + 3 * kSecond))
      << "a second interrupt changes nothing";
}

TEST_F(SpecificationsTest, ASwitchThatCannotBeMade) {
  holds_.refusal = "no space left";
  const Reply reply = specify("t", "now + 10s");
  expect_exception(reply, "t", "Cannot change logging: no space left");
  EXPECT_TRUE(reply.is_final);
  EXPECT_NE(reply.job, 0U);
  expect_exception(redeem("t"), "t", "Cannot change logging: no space left");
  expect_exception(interrupt("t"), "t", "Cannot change logging: no space left");
  EXPECT_EQ(changes_, (Texts{"t failed"}));
}

TEST_F(SpecificationsTest, OverlappingJobsHoldEachForItself) {
  (void)specify("a", "now + 10s");
  (void)specify("b", "now + 20s");
  pass(10 * kSecond);
  advance();
  EXPECT_TRUE(holds_.holds(Group::end_to_end));
  EXPECT_EQ(holds_.held.size(), 1U);
}

TEST_F(SpecificationsTest, AGroupIsHandedOnWithoutAGap) {
  (void)specify("a", interval_text(kNoon, kNoon + 5 * kSecond));
  (void)specify("b", interval_text(kNoon + 5 * kSecond, kNoon + 9 * kSecond));
  pass(5 * kSecond);
  advance();
  EXPECT_EQ(holds_.calls, (Texts{"hold 1", "hold 2", "release 1"}));
}

}  // namespace
}  // namespace tapstat::tests
