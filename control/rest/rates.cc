#include "control/rest/rates.h"

namespace tapstat::control::rest {

using flowstats::Counter;

void RateWindow::sample(const ProbeFigures& figures, Clock::time_point now) {
  const flowstats::CounterValues total = figures.total();
  samples_.push_back({now, total[Counter::rx_packets], total[Counter::rx_bytes],
                      total[Counter::flows_created], rows_written(total)});
  if (samples_.size() > kSamples) samples_.pop_front();
}

Rates RateWindow::rates() const {
  if (samples_.size() < 2) return {};
  const Sample &first = samples_.front(), &last = samples_.back();
  const double seconds = std::chrono::duration<double>(last.at - first.at).count();
  if (seconds <= 0) return {};
  const auto rate = [&](uint64_t from, uint64_t to) {
    return to < from ? 0 : static_cast<double>(to - from) / seconds;
  };
  return {rate(first.packets, last.packets), 8 * rate(first.bytes, last.bytes),
          rate(first.flows, last.flows), rate(first.rows, last.rows)};
}

uint64_t rows_written(const flowstats::CounterValues& counters) {
  return counters[Counter::rows_complete_written] + counters[Counter::rows_nocomplete_written];
}

}  // namespace tapstat::control::rest
