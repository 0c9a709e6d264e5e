#include "control/rest/readiness.h"

#include "tests/unit/control/rest/support.h"

namespace tapstat::tests {
namespace {

using control::LastReload;
using control::ProbeFigures;
using control::rest::Readiness;
using std::chrono::milliseconds;
using Reasons = std::vector<std::string>;

constexpr Readiness::Clock::time_point kNow{std::chrono::hours{1}};

Reasons ask(const ProbeFigures& figures, const LastReload& reload = {}) {
  Readiness readiness;
  return readiness.reasons(figures, reload, kNow);
}

TEST(Readiness, NothingWrong) { EXPECT_EQ(ask(busy_figures()), Reasons{}); }

TEST(Readiness, Ending) {
  ProbeFigures figures = busy_figures();
  figures.ending = true;
  EXPECT_EQ(ask(figures), Reasons{"the probe is ending"});
}

TEST(Readiness, TheLastReloadFailed) {
  LastReload reload;
  reload.at = 5;
  reload.failed = 1;
  reload.outcome.ok = false;
  reload.outcome.errors = {"runtime.conf:9: wrong.", "runtime.conf:10: wrong."};
  EXPECT_EQ(ask(busy_figures(), reload),
            Reasons{"the last reload was refused: runtime.conf:9: wrong."});
  reload.outcome.ok = true;  // a later one was accepted
  EXPECT_EQ(ask(busy_figures(), reload), Reasons{});
}

TEST(Readiness, ErrorsOfTheWriter) {
  ProbeFigures figures = busy_figures();
  figures.writer_errors = {"\"out\" is full."};
  EXPECT_EQ(ask(figures), Reasons{"writer: \"out\" is full."});
}

TEST(Readiness, NoRoomForTheLogs) {
  ProbeFigures figures = busy_figures();
  figures.output.shortage = "out is 98 % full (1.2 GB free)";
  EXPECT_EQ(ask(figures), Reasons{"out is 98 % full (1.2 GB free)"});
}

TEST(Readiness, AFullRingIsOneOfMoreThanNineTenths) {
  ProbeFigures figures = busy_figures();
  figures.workers[1].records_queued = 900;
  EXPECT_EQ(ask(figures), Reasons{});
  figures.workers[1].records_queued = 901;
  EXPECT_EQ(ask(figures), Reasons{"the record ring of worker 1 holds 901 of 1,000 records"});
}

TEST(Readiness, AWriterThatStaysBehind) {
  Readiness readiness;
  ProbeFigures figures = busy_figures();
  figures.epoch_published = 6;
  EXPECT_TRUE(readiness.reasons(figures, {}, kNow).empty());
  EXPECT_TRUE(readiness.reasons(figures, {}, kNow + milliseconds{2'000}).empty());
  EXPECT_EQ(readiness.reasons(figures, {}, kNow + milliseconds{2'001}),
            Reasons{"the writer is at configuration epoch 4 for 2 s, 6 is published"});
  figures.epoch_written = 5;  // it moves
  EXPECT_TRUE(readiness.reasons(figures, {}, kNow + milliseconds{3'000}).empty());
  figures.epoch_written = 6;
  EXPECT_TRUE(readiness.reasons(figures, {}, kNow + milliseconds{9'000}).empty());
  figures.epoch_published = 7;  // behind again: a new span begins
  EXPECT_TRUE(readiness.reasons(figures, {}, kNow + milliseconds{9'500}).empty());
}

}  // namespace
}  // namespace tapstat::tests
