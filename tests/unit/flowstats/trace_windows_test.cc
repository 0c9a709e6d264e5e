/// Packets of every second around hours, against the definition of a window.
#include "flowstats/trace_windows.h"

#include <gtest/gtest.h>

namespace tapstat::flowstats {
namespace {

bool is_in(const TraceWindows& windows, int64_t hour, Timestamp t) {
  return t.us >= hour * kHour.us - windows.pre.us && t.us < (hour + 1) * kHour.us + windows.post.us;
}

TEST(TraceWindows, EveryPacketGoesToEveryHourWhoseWindowItLiesIn) {
  const TraceWindows cases[] = {{seconds(50), seconds(10)},
                                {seconds(0), seconds(0)},
                                {seconds(3'599), seconds(0)},
                                {seconds(0), seconds(3'599)},
                                {milliseconds(1), milliseconds(2)}};
  for (const TraceWindows& windows : cases)
    for (const int64_t hour : {int64_t{416'667}, int64_t{0}, int64_t{-5}})
      for (int64_t us = -kHour.us; us <= 2 * kHour.us; us += 499'999) {
        const Timestamp t{hour * kHour.us + us};
        const TraceHours hours = windows.hours(t);
        ASSERT_LE(hours.last - hours.first, 1);
        for (int64_t h = hour - 3; h <= hour + 4; ++h)
          ASSERT_EQ(is_in(windows, h, t), hours.first <= h && h <= hours.last)
              << windows.pre.us << " " << windows.post.us << " " << us << " " << h - hour;
        const TraceInterval interval = windows.interval(t);
        ASSERT_TRUE(interval.has(t));
        ASSERT_EQ(interval.hours, hours);
        ASSERT_EQ(windows.hours(interval.begin), hours);
        ASSERT_EQ(windows.hours({interval.end.us - 1}), hours);
        ASSERT_NE(windows.hours(interval.end), hours);
        ASSERT_NE(windows.hours({interval.begin.us - 1}), hours);
      }
}

}  // namespace
}  // namespace tapstat::flowstats
