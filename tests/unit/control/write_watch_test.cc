#include "control/write_watch.h"

#include <gtest/gtest.h>

#include "tests/support/message_streams.h"

namespace tapstat::control {
namespace {

using std::chrono::seconds;

struct Watched {
  tests::MessageStreams streams;
  Messages messages{streams.options()};
  WriteWatch watch{messages};
  exporters::WriteErrors errors;
  WriteWatch::Clock::time_point now;

  void look_after(seconds passed) {
    now += passed;
    watch.update(errors.causes(), now);
  }
  std::string said() const { return tests::MessageStreams::text(streams.err); }
};

TEST(WriteWatch, SaysEachCauseOnceWhileItLasts) {
  Watched w;
  w.look_after(seconds{1});
  EXPECT_EQ(w.said(), "");
  for (int i = 0; i < 3; ++i) {
    w.errors.note("a", 10);
    w.look_after(WriteWatch::kSilence - seconds{1});
  }
  w.errors.note("b", 0);
  w.look_after(seconds{1});
  w.look_after(seconds{1});
  EXPECT_EQ(w.said(), "tapstat: a\ntapstat: b\n");
}

TEST(WriteWatch, SaysACauseAgainThatComesBack) {
  Watched w;
  w.errors.note("a", 10);
  w.look_after(seconds{1});
  w.look_after(WriteWatch::kSilence);
  EXPECT_EQ(w.said(), "tapstat: a\n");
  w.errors.note("a", 0);
  w.look_after(seconds{0});
  EXPECT_EQ(w.said(), "tapstat: a\ntapstat: a\n");
}

}  // namespace
}  // namespace tapstat::control
