/// What becomes of the component's jobs: polled ones, and those that outlive it. Its routes are in
/// component_test.cc.
#include <algorithm>
#include <fstream>
#include <iterator>

#include <gtest/gtest.h>

#include "control/mplane/component.h"
#include "control/mplane/job_store.h"
#include "tests/unit/control/mplane/component_world.h"

namespace tapstat::tests {
namespace {

using namespace control::mplane;  // NOLINT(google-build-using-namespace): every line uses it
using std::chrono::milliseconds;

// ---- polling ----

class CarryOutTest : public ComponentTest {
 protected:
  Reply carry_out(const Message& message) {
    return component_->carry_out(Client{}, message,
                                 [this](const Reply& reply) { later_.push_back(reply); });
  }
  std::vector<Reply> later_;
};

TEST_F(CarryOutTest, ReceiptAtOnceAndTheResultLater) {
  begin();
  const Reply receipt = carry_out(specification("t", for_ms(200)));
  EXPECT_EQ(receipt.message.kind, Kind::receipt) << "no inline wait";
  run_for(milliseconds(400));
  ASSERT_EQ(later_.size(), 1U);
  EXPECT_EQ(later_[0].message.kind, Kind::result);
  EXPECT_EQ(later_[0].job, receipt.job);
  component_->delivered(receipt.job);
  EXPECT_TRUE(component_->specifications().jobs().front().delivered);
}

TEST_F(CarryOutTest, AnInstantGetsItsReceiptFirst) {
  begin();
  const Reply receipt = carry_out(specification("t", "now"));
  EXPECT_EQ(receipt.message.kind, Kind::receipt);
  EXPECT_FALSE(receipt.is_final);
  EXPECT_TRUE(later_.empty());
  run_for(milliseconds(50));
  ASSERT_EQ(later_.size(), 1U);
  EXPECT_EQ(later_[0].message.kind, Kind::result);
}

TEST_F(CarryOutTest, AnInterruptTellsTheResultOnce) {
  begin();
  (void)carry_out(specification("t", "now + 20s"));
  const Reply result = carry_out(token_only(Kind::interrupt, "t"));
  EXPECT_EQ(result.message.kind, Kind::result);
  EXPECT_TRUE(result.is_final);
  run_for(milliseconds(50));
  EXPECT_TRUE(later_.empty());
}

TEST_F(CarryOutTest, AnInterruptOverHttpIsToldToThePollerToo) {
  begin();
  (void)carry_out(specification("t", "now + 20s"));
  EXPECT_EQ(post(token_only(Kind::interrupt, "t"))->message().kind, Kind::result);
  ASSERT_EQ(later_.size(), 1U);
  EXPECT_EQ(later_[0].message.kind, Kind::result);
}

TEST_F(CarryOutTest, ARefusalIsTheOnlyAnswer) {
  begin();
  holds_.refusal = "no space left";
  EXPECT_TRUE(carry_out(specification("t", "now + 20s")).is_final);
  EXPECT_EQ(carry_out(specification("u", "tomorrow")).job, 0U);
  run_for(milliseconds(50));
  EXPECT_TRUE(later_.empty());
}

// ---- state ----

TEST_F(ComponentTest, JobsSurviveTheEndOfTheProcess) {
  begin();
  ASSERT_EQ(specify("long", "now + 20s")->message().kind, Kind::receipt);
  specify("told", "now")->written(true);
  const auto held = specify("short", "now + 1s");
  component_->stop();
  ASSERT_TRUE(held->done);
  EXPECT_EQ(held->message().kind, Kind::receipt);
  expect_error(*specify("late", "now"), 503, "Service unavailable");

  component_.reset();
  holds_.held.clear();
  begin();
  EXPECT_EQ(holds_.held.size(), 2U);
  EXPECT_EQ(post(token_only(Kind::redemption, "long"))->message().kind, Kind::receipt);
  EXPECT_EQ(specify("told", "now + 20s")->message().kind, Kind::receipt) << "it was delivered";
  run_for(milliseconds(1'200));
  EXPECT_EQ(post(token_only(Kind::redemption, "short"))->message().kind, Kind::result);
}

TEST_F(ComponentTest, EachTransitionIsSavedBeforeItIsAnswered) {
  begin();
  const auto running = [this] {
    std::ifstream stream(directory_ / "state" / kJobFileName);
    const std::string text{std::istreambuf_iterator<char>(stream), {}};
    const auto jobs = jobs_from_json(text);
    return std::ranges::count(jobs.value(), JobState::running, &Job::state);
  };
  (void)specify("a", "now + 20s");
  EXPECT_EQ(running(), 1);
  (void)specify("b", "now + 20s");
  EXPECT_EQ(running(), 2);
  (void)post(token_only(Kind::interrupt, "a"));
  EXPECT_EQ(running(), 1);
}

TEST_F(ComponentTest, TheRegistryCanBeReplaced) {
  begin();
  EXPECT_NE(get("/registry.json")->response.body.find("registry-format"), std::string::npos);
  component_.reset();
  options_.registry = "{}";
  begin();
  EXPECT_EQ(get("/registry.json")->response.body, "{}");
}

TEST_F(ComponentTest, AStateFileThatCannotBeWrittenIsKnown) {
  begin();
  EXPECT_EQ(component_->state_file_error(), "");
  std::filesystem::remove_all(directory_ / "state");
  EXPECT_EQ(specify("t", "now + 20s")->message().kind, Kind::receipt) << "measuring goes on";
  EXPECT_NE(component_->state_file_error(), "");
}

TEST_F(ComponentTest, AStateFileOfSomebodyElseIsAnError) {
  std::filesystem::create_directory(directory_ / "state");
  std::ofstream(directory_ / "state" / kJobFileName) << "{}";
  const auto made = Component::create(io_, options_, Roles{}, holds_, *audit_);
  ASSERT_FALSE(made.has_value());
  EXPECT_EQ(made.error().status, flowstats::ExitStatus::usage);
}

TEST_F(ComponentTest, AnswersAfterItsEndAreNoTrouble) {
  begin();
  const auto answered = specify("t", "now");
  const auto held = specify("u", "now + 1s");
  component_.reset();
  answered->written(true);
  expect_error(*get("/"), 503, "Service unavailable");
  run_for(milliseconds(10));
  EXPECT_FALSE(held->done);
}

}  // namespace
}  // namespace tapstat::tests
