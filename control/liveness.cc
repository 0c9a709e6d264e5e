#include "control/liveness.h"

#include <cstdlib>
#include <string>
#include <utility>

#include "control/number_text.h"
#include "flowstats/base/counters.h"

namespace tapstat::control {

namespace {

constexpr std::chrono::milliseconds kTick{200};
/// The line of `systemctl status`.
constexpr std::chrono::seconds kStatusEvery{10};

}  // namespace

Liveness::Liveness(const ServiceManager& service, const exporters::Writer& writer,
                   Messages& messages)
    : service_(service), writer_(writer), messages_(messages) {
  tell(service_.ready("measuring"));
}

void Liveness::tell(const flowstats::Result<void>& told) {
  if (told || std::exchange(complained_, true)) return;
  messages_.note(told.error().sentence);
}

void Liveness::update(const dataplane::PipelineProgress& progress, Clock::time_point now) {
  if (now - ticked_ < kTick) return;
  ticked_ = now;
  rounds_.clear();
  for (const dataplane::WorkerProgress& worker : progress.workers) rounds_.push_back(worker.rounds);
  if (progress.dispatcher_rounds) rounds_.push_back(*progress.dispatcher_rounds);
  rounds_.push_back(writer_.rounds());
  if (!watchdog_) {
    std::vector<std::string> names;
    for (size_t w = 0; w < progress.workers.size(); ++w)
      names.push_back("worker " + std::to_string(w));
    if (progress.dispatcher_rounds) names.emplace_back("dispatcher");
    names.emplace_back("writer");
    watchdog_.emplace(std::move(names), Watchdog::kPatience, now);
  }
  watchdog_->tick(rounds_, now);
  if (const auto alive = watchdog_->check(); !alive) {
    messages_.error(alive.error().sentence);
    std::_Exit(static_cast<int>(alive.error().status));
  }
  if (!service_.is_present()) return;
  if (watchdog_->may_report()) tell(service_.alive());
  if (now - reported_ < kStatusEvery) return;
  reported_ = now;
  using flowstats::Counter;
  tell(service_.status(grouped(progress.counters[Counter::rx_packets]) + " packets, " +
                       grouped(progress.flows_open) + " flows open"));
}

void Liveness::stopping() { tell(service_.stopping("closing flows, writing what is recorded")); }

}  // namespace tapstat::control
