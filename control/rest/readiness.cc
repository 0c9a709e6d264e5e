#include "control/rest/readiness.h"

#include <fmt/format.h>

#include "control/number_text.h"

namespace tapstat::control::rest {
namespace {

constexpr std::chrono::seconds kBehindMax{2};
constexpr uint64_t kRingPercentMax = 90;

}  // namespace

std::vector<std::string> Readiness::reasons(const ProbeFigures& figures, const LastReload& reload,
                                            Clock::time_point now) {
  std::vector<std::string> reasons;
  if (figures.ending) reasons.emplace_back("the probe is ending");
  if (reload.at != 0 && !reload.outcome.ok) {
    reasons.push_back("the last reload was refused" +
                      (reload.outcome.errors.empty() ? "" : ": " + reload.outcome.errors.front()));
  }
  for (const std::string& error : figures.writer_errors) reasons.push_back("writer: " + error);
  if (figures.output.is_short()) reasons.push_back(figures.output.shortage);
  if (figures.epoch_written >= figures.epoch_published) {
    behind_since_.reset();
  } else if (!behind_since_ || behind_at_ != figures.epoch_written) {
    behind_since_ = now;
    behind_at_ = figures.epoch_written;
  } else if (now - *behind_since_ > kBehindMax) {
    reasons.push_back(fmt::format(
        "the writer is at configuration epoch {} for {} s, {} is published", figures.epoch_written,
        std::chrono::duration_cast<std::chrono::seconds>(now - *behind_since_).count(),
        figures.epoch_published));
  }
  for (size_t i = 0; i < figures.workers.size(); ++i) {
    const WorkerFigures& w = figures.workers[i];
    if (w.records_queued * 100 > w.record_ring * kRingPercentMax)
      reasons.push_back(fmt::format("the record ring of worker {} holds {} of {} records", i,
                                    grouped(w.records_queued), grouped(w.record_ring)));
  }
  return reasons;
}

}  // namespace tapstat::control::rest
