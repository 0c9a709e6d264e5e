#include "control/rest/rates.h"

#include "tests/unit/control/rest/support.h"

namespace tapstat::tests {
namespace {

using control::rest::Rates;
using control::rest::RateWindow;
using flowstats::Counter;

control::ProbeFigures after(uint64_t packets, uint64_t bytes, uint64_t flows, uint64_t rows) {
  control::ProbeFigures figures;
  const auto set = [&](Counter counter, uint64_t value) {
    figures.writer.value[static_cast<size_t>(counter)] = value;
  };
  set(Counter::rx_packets, packets);
  set(Counter::rx_bytes, bytes);
  set(Counter::flows_created, flows);
  set(Counter::rows_complete_written, rows);
  return figures;
}

TEST(RateWindow, KnowsNothingBeforeTheSecondSample) {
  RateWindow window;
  EXPECT_EQ(window.rates().packets_per_s, 0);
  window.sample(after(100, 1'000, 10, 1), {});
  EXPECT_EQ(window.rates().packets_per_s, 0);
  window.sample(after(200, 1'000, 10, 1), {});  // at the same moment
  EXPECT_EQ(window.rates().packets_per_s, 0);
}

TEST(RateWindow, CoversTheLastFiveSecondsOnly) {
  RateWindow window;
  RateWindow::Clock::time_point now{};
  window.sample(after(0, 0, 0, 0), now);
  for (uint64_t i = 1; i <= 6; ++i) {
    now += std::chrono::seconds{1};
    const uint64_t n = 1'000'000 + i * 10;  // the jump of the first second leaves the window
    window.sample(after(n, n, n, n), now);
  }
  const Rates rates = window.rates();
  EXPECT_DOUBLE_EQ(rates.packets_per_s, 10);
  EXPECT_DOUBLE_EQ(rates.bits_per_s, 80);
  EXPECT_DOUBLE_EQ(rates.flows_per_s, 10);
  EXPECT_DOUBLE_EQ(rates.rows_per_s, 10);
}

TEST(RateWindow, RowsAreThoseOfBothLogs) {
  EXPECT_EQ(control::rest::rows_written(busy_figures().total()), 5U);
}

}  // namespace
}  // namespace tapstat::tests
