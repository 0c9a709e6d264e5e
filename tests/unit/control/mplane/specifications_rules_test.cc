/// The rules of tokens, owners, limits, retention, clocks and restarts; the life of one job is in
/// specifications_test.cc.
#include <algorithm>
#include <fstream>

#include <gtest/gtest.h>

#include "control/mplane/specifications.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/control/mplane/job_world.h"

namespace tapstat::tests {
namespace {

using flowstats::Group;
using namespace control::mplane;  // NOLINT(google-build-using-namespace): every line uses it
using Texts = std::vector<std::string>;

TEST_F(SpecificationsTest, SameTokenWhileActiveIsAnsweredWithTheReceipt) {
  const Reply first = specify("t", "now + 10s");
  const Reply second = specify("t", "now + 99s");
  EXPECT_EQ(second.message.kind, Kind::receipt);
  EXPECT_EQ(second.message.when, "now + 10s") << "the stored job answers";
  EXPECT_EQ(second.job, first.job);
  EXPECT_FALSE(second.accepted);
  EXPECT_EQ(jobs_->jobs().size(), 1U);
  EXPECT_EQ(specify("t", "tomorrow").message.kind, Kind::receipt);
}

TEST_F(SpecificationsTest, SameTokenAfterTheEndIsAnsweredOnceThenRunsAgain) {
  const Reply first = specify("t", "now + 1s");
  pass(kSecond);
  advance();
  const Reply stored = specify("t", "now + 1s");
  EXPECT_EQ(stored.message.kind, Kind::result) << "not yet delivered";
  EXPECT_EQ(stored.job, first.job);
  jobs_->delivered(first.job);
  EXPECT_EQ(changes_.back(), "t delivered");
  expect_exception(specify("t", "tomorrow"), "t", "Invalid temporal scope");
  EXPECT_EQ(redeem("t").message.kind, Kind::result) << "a refused run leaves the answer";
  const Reply again = specify("t", "now + 7s");
  EXPECT_EQ(again.message.kind, Kind::receipt);
  EXPECT_NE(again.job, first.job);
  EXPECT_EQ(jobs_->jobs().size(), 1U) << "the old answer is gone";
}

TEST_F(SpecificationsTest, DeliveredIsNothingForAnActiveJob) {
  const Reply first = specify("t", "now + 1s");
  jobs_->delivered(first.job);
  pass(kSecond);
  EXPECT_EQ(specify("t", "now + 1s").message.kind, Kind::result);
}

TEST_F(SpecificationsTest, SameTokenForAnotherSchema) {
  (void)specify("t", "now + 1s");
  expect_exception(send(specification("t", "now + 1s", Group::layer7)), "t",
                   "Token already in use");
  expect_exception(send(sdk_specification("t", "now + 1s")), "t", "Token already in use");
  Message reordered = specification("t", "now + 1s");
  std::reverse(reordered.results->begin(), reordered.results->end());
  EXPECT_EQ(send(reordered).message.kind, Kind::receipt) << "the set counts";
}

TEST_F(SpecificationsTest, OwnersDoNotShareTokens) {
  const Client other{.checked = false, .common_name = "", .identity = "other"};
  const Reply first = specify("t", "now + 10s");
  const Reply second = send(specification("t", "now + 20s"), other);
  EXPECT_TRUE(second.accepted);
  EXPECT_NE(first.job, second.job);
  EXPECT_EQ(redeem("t").job, first.job);
  EXPECT_EQ(send(token_only(Kind::redemption, "t"), other).job, second.job);
}

TEST_F(SpecificationsTest, TooManyAtOnce) {
  SpecificationLimits limits;
  limits.active = 3;
  limits.active_per_owner = 2;
  make(limits);
  const Client other{.checked = false, .common_name = "", .identity = "other"};
  EXPECT_TRUE(specify("1", "now + 10s").accepted);
  EXPECT_TRUE(specify("2", "now + 10s").accepted);
  expect_exception(specify("3", "now + 10s"), "3", "Too many outstanding specifications");
  EXPECT_TRUE(send(specification("3", "now + 10s"), other).accepted);
  expect_exception(send(specification("4", "now + 10s"), other), "4",
                   "Too many outstanding specifications");
  (void)interrupt("1");
  EXPECT_TRUE(send(specification("4", "now + 10s"), other).accepted)
      << "an ended one is not active";
}

TEST_F(SpecificationsTest, AnswersAreForgottenWithAge) {
  (void)specify("t", "now");
  pass(kDayUs);
  EXPECT_EQ(redeem("t").message.kind, Kind::result);
  pass(1);
  expect_exception(redeem("t"), "t", "Unknown job");
}

TEST_F(SpecificationsTest, DeliveredAnswersAreForgottenFirstThenTheOldest) {
  SpecificationLimits limits;
  limits.answers_kept = 3;
  make(limits);
  std::map<std::string, uint64_t> ids;
  for (const char* token : {"1", "2", "3"}) {
    ids[token] = specify(token, "now").job;
    pass(kSecond);
  }
  jobs_->delivered(ids["2"]);
  (void)specify("active", "now ... future");
  (void)specify("4", "now");
  expect_exception(redeem("2"), "2", "Unknown job");
  (void)specify("5", "now");
  expect_exception(redeem("1"), "1", "Unknown job");
  for (const char* token : {"3", "4", "5"}) EXPECT_EQ(redeem(token).message.kind, Kind::result);
  EXPECT_EQ(redeem("active").message.kind, Kind::receipt);
}

TEST_F(SpecificationsTest, AnswersAreForgottenBeforeTheyTakeTooManyBytes) {
  SpecificationLimits limits;
  limits.answer_bytes_kept = 10'000;
  make(limits);
  for (int i = 0; i < 8; ++i) {
    Message asked = sdk_specification(std::to_string(i), "now");
    asked.metadata["note"] = std::string(3'000, 'x');
    (void)send(asked);
    pass(kSecond);
  }
  advance();
  size_t bytes = 0;
  for (const Job& job : jobs_->jobs()) bytes += text_bytes(job);
  EXPECT_LE(bytes, 10'000U);
  EXPECT_EQ(jobs_->jobs().back().token(), "7");
}

TEST_F(SpecificationsTest, AStepOfTheClockDoesNotTouchDurations) {
  (void)specify("t", "now + 10s");
  step_clock(-3'600 * kSecond);
  advance();
  EXPECT_EQ(jobs_->due_in(now_), 10 * kSecond);
  pass(10 * kSecond);
  advance();
  EXPECT_TRUE(holds_.held.empty());
  EXPECT_EQ(redeem("t").message.when, interval_text(kNoon + kPublishUs, kNoon + kPublishUs))
      << "an end is never before its start";
  (void)specify("u", "now + 10s");
  step_clock(3'600 * kSecond);
  advance();
  EXPECT_EQ(holds_.held.size(), 1U);
}

TEST_F(SpecificationsTest, AbsoluteScopesFollowAStepOfTheClock) {
  (void)specify("t", interval_text(kNoon + 600 * kSecond, kNoon + 700 * kSecond));
  EXPECT_EQ(jobs_->due_in(now_), Specifications::kClockLookUs) << "it is looked at again";
  step_clock(600 * kSecond);
  advance();
  EXPECT_EQ(holds_.held.size(), 1U);
  EXPECT_EQ(jobs_->due_in(now_), Specifications::kClockLookUs);
  step_clock(100 * kSecond);
  advance();
  EXPECT_TRUE(holds_.held.empty());
  (void)specify("u", interval_text(kNoon + 800 * kSecond, kNoon + 900 * kSecond));
  step_clock(300 * kSecond);
  advance();
  EXPECT_EQ(redeem("u").message.when, interval_text(kNoon + 900 * kSecond, kNoon + 900 * kSecond))
      << "the clock was put over the whole of it";
}

TEST_F(SpecificationsTest, RowsOfAJob) {
  holds_.rows = 40;
  const Reply reply = specify("t", "now + 1s");
  pass(kSecond);
  advance();
  EXPECT_EQ(jobs_->rows_of(*jobs_->find(reply.job)), 41U) << "epochs 2 to before 3";
  const Reply instant = specify("u", "now");
  EXPECT_EQ(jobs_->rows_of(*jobs_->find(instant.job)), std::nullopt);
}

// ---- identities ----

class SpecificationRolesTest : public SpecificationsTest {
 protected:
  SpecificationRolesTest() {
    std::ofstream(directory_ / "users.conf") << "alice: guest\norg.alice: guest\n"
                                                "bob: guest\norg.bob: guest\norg.root: admin\n";
    std::ofstream(directory_ / "caps.conf") << "tstat-log_tcp_complete-end_to_end: guest\n"
                                               "tstat-log_tcp_complete-layer7: guest\n";
    roles_ = *Roles::load({.users = directory_ / "users.conf",
                           .capabilities = directory_ / "caps.conf",
                           .component_ini = {}});
  }
  TempDir directory_;
  Client alice_{.checked = true, .common_name = "alice", .identity = "org.alice"};
  Client bob_{.checked = true, .common_name = "bob", .identity = "org.bob"};
  Client root_{.checked = true, .common_name = "root", .identity = "org.root"};
};

TEST_F(SpecificationRolesTest, WhoHasNoRoleIsRefusedBeforeTheScopeIsLookedAt) {
  const Reply reply = send(specification("t", "tomorrow"), root_);
  expect_exception(reply, "t", "User has no permission to request this capability");
  EXPECT_TRUE(reply.denied);
  EXPECT_TRUE(send(specification("t", "now + 1s", Group::p2p), alice_).denied);
  EXPECT_TRUE(send(specification("t", "now + 1s"), alice_).accepted);
}

TEST_F(SpecificationRolesTest, AForeignJobIsUnknown) {
  (void)send(specification("t", "now + 10s"), alice_);
  for (const Kind kind : {Kind::redemption, Kind::interrupt}) {
    const Reply reply = send(token_only(kind, "t"), bob_);
    expect_exception(reply, "t", "Unknown job");
    EXPECT_TRUE(reply.denied) << "for the audit log";
  }
  EXPECT_FALSE(send(token_only(Kind::redemption, "u"), bob_).denied);
  EXPECT_EQ(holds_.held.size(), 1U);
}

TEST_F(SpecificationRolesTest, TheOwnerMayUseBothVersions) {
  (void)send(specification("t", "now + 10s"), alice_);
  EXPECT_EQ(send(token_only(Kind::redemption, "t", 1), alice_).message.version, 0);
}

TEST_F(SpecificationRolesTest, AnAdminGetsTheJobAcceptedLast) {
  (void)send(specification("t", "now + 10s"), alice_);
  const Reply last = send(specification("t", "now + 10s"), bob_);
  EXPECT_EQ(send(token_only(Kind::redemption, "t", 1), root_).job, last.job);
  EXPECT_EQ(send(token_only(Kind::redemption, "t", 0), root_).message.kind, Kind::exception)
      << "version 0 looks for the common name, which has no role";
  EXPECT_EQ(send(token_only(Kind::interrupt, "t", 1), root_).message.kind, Kind::result);
  EXPECT_EQ(holds_.held.size(), 1U);
}

// ---- restart ----

class SpecificationRestoreTest : public SpecificationsTest {
 protected:
  /// What remains of this process's jobs in the next one, with a probe of its own.
  void restart(int64_t down_us) {
    const std::vector<Job> kept(jobs_->jobs().begin(), jobs_->jobs().end());
    pass(down_us);
    now_.steady_us = 77;
    holds_.held.clear();
    holds_.groups.clear();
    holds_.calls.clear();
    holds_.epoch = 1;
    make({});
    changes_.clear();
    jobs_->restore(kept, now_);
  }
};

TEST_F(SpecificationRestoreTest, ARunningJobGoesOnWithItsStartAndRemainingTime) {
  (void)specify("t", "now + 60s");
  restart(20 * kSecond);
  EXPECT_TRUE(holds_.holds(Group::end_to_end));
  EXPECT_EQ(holds_.held.begin()->second.since, kNoon + kPublishUs);
  EXPECT_EQ(jobs_->due_in(now_), 40 * kSecond);
  pass(40 * kSecond);
  const Reply result = redeem("t");
  EXPECT_EQ(result.message.when,
            interval_text(kNoon + kPublishUs, kNoon + 60 * kSecond + kPublishUs));
  holds_.rows = 5;
  EXPECT_EQ(jobs_->rows_of(*jobs_->find(result.job)), std::nullopt)
      << "rows of the earlier process are not known here";
}

TEST_F(SpecificationRestoreTest, AJobThatEndedMeanwhileIsFinishedWithThePlannedEnd) {
  (void)specify("t", "now + 60s");
  (void)specify("p", interval_text(kNoon + 10 * kSecond, kNoon + 20 * kSecond));
  restart(70 * kSecond);
  EXPECT_TRUE(holds_.calls.empty());
  EXPECT_EQ(redeem("t").message.when, interval_text(kNoon + kPublishUs, kNoon + 60 * kSecond));
  EXPECT_EQ(redeem("p").message.when, interval_text(kNoon + 20 * kSecond, kNoon + 20 * kSecond))
      << "it never was on";
  EXPECT_EQ(changes_, (Texts{"t finished", "p finished"}));
}

TEST_F(SpecificationRestoreTest, PendingOpenEndedAndEndedJobs) {
  (void)specify("pending", interval_text(kNoon + 10 * kSecond, kNoon + 90 * kSecond));
  (void)specify("later", interval_text(kNoon + 50 * kSecond, kNoon + 90 * kSecond));
  (void)specify("open", "now ... future");
  const Reply ended = specify("ended", "now");
  jobs_->delivered(ended.job);
  restart(30 * kSecond);
  EXPECT_EQ(holds_.held.size(), 2U);
  EXPECT_EQ(redeem("later").message.kind, Kind::receipt);
  EXPECT_EQ(interrupt("open").message.when,
            interval_text(kNoon + kPublishUs, kNoon + 30 * kSecond + kPublishUs));
  EXPECT_EQ(interrupt("pending").message.when,
            interval_text(kNoon + 30 * kSecond + kPublishUs, kNoon + 30 * kSecond + kPublishUs));
  EXPECT_EQ(redeem("ended").message.kind, Kind::result);
  const Reply next = specify("ended", "now + 1s");
  EXPECT_TRUE(next.accepted) << "it was delivered before the restart";
  EXPECT_GT(next.job, ended.job) << "numbers of jobs go on";
}

}  // namespace
}  // namespace tapstat::tests
