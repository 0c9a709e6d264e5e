#include "control/room_watch.h"

#include <cerrno>
#include <cstdio>
#include <fstream>
#include <memory>

#include <gtest/gtest.h>

#include "tests/support/temp_dir.h"

namespace tapstat::tests {
namespace {

using control::RoomWatch;
using exporters::OutputRoom;
using exporters::Place;
using exporters::WhenFull;
using std::chrono::seconds;

/// On this machine's disk, which has room: what makes it short is a write that was refused.
class RoomWatchTest : public testing::Test {
 protected:
  explicit RoomWatchTest(WhenFull what = WhenFull::spool) {
    options_ = {what, temp_ / "spool", 100'000};
    std::filesystem::create_directories(base_);
    std::filesystem::create_directories(options_.spool / "day.out");
    std::ofstream(options_.spool / "day.out/log") << std::string(30'000, 'x');
  }
  void look(uint64_t spooled = 0) { watch_->update({900'000, spooled}, now_ += seconds{1}); }
  void refuse() {
    room_->refuse(EDQUOT);
    look();
  }
  void begin() {
    room_ = std::make_unique<OutputRoom>(options_);
    watch_ = std::make_unique<RoomWatch>(base_, options_, *room_, messages_);
    look();
  }
  /// Each sentence on a line.
  std::string said() {
    std::fflush(err_.get());
    std::rewind(err_.get());
    std::string text;
    for (int c = std::fgetc(err_.get()); c != EOF; c = std::fgetc(err_.get()))
      text += static_cast<char>(c);
    return text;
  }
  size_t times_said(const std::string& words) {
    const std::string text = said();
    size_t n = 0;
    for (size_t at = text.find(words); at != text.npos; at = text.find(words, at + 1)) ++n;
    return n;
  }

  TempDir temp_;
  const std::filesystem::path base_ = temp_ / "out";
  exporters::FullOptions options_;
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> err_{std::tmpfile(), std::fclose};
  control::Messages messages_{{.err = err_.get()}};
  std::unique_ptr<OutputRoom> room_;
  std::unique_ptr<RoomWatch> watch_;
  RoomWatch::Clock::time_point now_{std::chrono::hours{1}};
};

TEST_F(RoomWatchTest, SaysNothingWhileThereIsRoom) {
  begin();
  EXPECT_EQ(said(), "");
  EXPECT_EQ(room_->place(), Place::base);
  const control::OutputFigures figures = watch_->figures();
  EXPECT_GT(figures.free_bytes, 0U);
  EXPECT_GT(figures.size_bytes, figures.free_bytes);
  EXPECT_FALSE(figures.is_short());
}

TEST_F(RoomWatchTest, TellsOnceWhereRecordsGoAndOnceThatThereIsRoomAgain) {
  begin();
  refuse();
  EXPECT_EQ(room_->place(), Place::spool);
  for (int s = 0; s < 20; ++s) look();
  EXPECT_EQ(times_said("tapstat: " + base_.string() + " takes no more rows: Disk quota exceeded"),
            1U);
  EXPECT_EQ(times_said(". Records go to the spool; see on_full.\n"), 1U);
  EXPECT_TRUE(watch_->figures().is_short());
  for (int s = 0; s < 60; ++s) look();
  EXPECT_EQ(room_->place(), Place::base);
  EXPECT_FALSE(watch_->figures().is_short());
  EXPECT_EQ(times_said(base_.string() + " has room again ("), 1U);
  EXPECT_EQ(times_said("\n"), 2U) << said();
}

TEST_F(RoomWatchTest, ADiskThatComesAndGoesIsToldAboutRarelyAndCounted) {
  begin();
  for (int minute = 0; minute < 8; ++minute) {
    refuse();
    for (int s = 0; s < 70; ++s) look();
  }
  EXPECT_EQ(times_said("takes no more rows"), 1U) << "within ten minutes";
  EXPECT_EQ(times_said("has room again"), 1U);
  EXPECT_EQ(watch_->figures().times_short, 8U);
  now_ += std::chrono::minutes{10};
  options_.spool_bytes_max = 90'000;
  refuse();
  EXPECT_EQ(watch_->figures().times_short, 9U);
}

TEST_F(RoomWatchTest, TheSpoolTakesWhatEarlierRunsHaveLeftOfIt) {
  begin();
  EXPECT_EQ(room_->spool_left(), 70'000U);
  EXPECT_EQ(watch_->figures().spool_bytes, 30'000U);
  room_->spend(60'000);
  look(60'000);
  EXPECT_EQ(room_->spool_left(), 10'000U);
  EXPECT_EQ(watch_->figures().spool_bytes, 90'000U);
  std::filesystem::remove(options_.spool / "day.out/log");
  for (int s = 0; s < 60; ++s) look(60'000);
  EXPECT_EQ(room_->spool_left(), 100'000U) << "its files were moved away";
}

TEST_F(RoomWatchTest, AFullSpoolIsToldOnceAndAskedAgainLater) {
  begin();
  refuse();
  room_->spend(70'000);
  for (int s = 0; s < 50; ++s) {
    look(70'000);
    EXPECT_EQ(room_->place(), Place::base) << "as if rows were to be dropped";
  }
  EXPECT_EQ(times_said("the spool \"" + options_.spool.string() + "\" has no more room"), 1U);
}

class WithoutSpool : public RoomWatchTest {
 protected:
  WithoutSpool() : RoomWatchTest(WhenFull::drop) {}
};

TEST_F(WithoutSpool, SaysThatRowsAreLost) {
  begin();
  refuse();
  EXPECT_EQ(room_->place(), Place::base);
  EXPECT_EQ(times_said(". Rows that find no room are lost and counted; see on_full.\n"), 1U);
}

class Waiting : public RoomWatchTest {
 protected:
  Waiting() : RoomWatchTest(WhenFull::block) {}
};

TEST_F(Waiting, SaysThatTheReplayWaitsUntilItIsToEnd) {
  begin();
  room_->set_waits(true);
  refuse();
  EXPECT_EQ(times_said(". The replay waits when there is no room; see on_full.\n"), 1U);
  EXPECT_TRUE(room_->waits());
  watch_->stop_waiting();
  EXPECT_FALSE(room_->waits());
}

}  // namespace
}  // namespace tapstat::tests
