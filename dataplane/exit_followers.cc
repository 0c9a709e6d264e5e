#include "dataplane/exit_followers.h"

#include <algorithm>

namespace tapstat::dataplane {

ExitFollowers::ExitFollowers(const flowstats::Measurement& measurement,
                             const flowstats::NetworkList& internal,
                             const std::vector<ExitFeed*>& feeds, Options options) {
  const auto workers = static_cast<uint32_t>(feeds.size());
  for (uint32_t worker = 0; worker < workers; ++worker)
    lanes_.push_back(std::make_unique<ExitLane>(measurement, internal, ShardPlace{worker, workers},
                                                *feeds[worker], options.record_ring,
                                                options.when_full));
  for (size_t first = 0; first < lanes_.size(); first += kLanes) {
    std::vector<ExitLane*> lanes;
    for (size_t i = first; i < std::min<size_t>(first + kLanes, lanes_.size()); ++i)
      lanes.push_back(lanes_[i].get());
    followers_.push_back(std::make_unique<ExitFollower>(std::move(lanes)));
  }
}

bool ExitFollowers::finished() const {
  return std::ranges::all_of(followers_, [](const auto& f) { return f->finished(); });
}

void ExitFollowers::add_counters(size_t worker, flowstats::CounterValues& sum) const {
  if (worker < lanes_.size()) sum += lanes_[worker]->counters().snapshot();
}

std::vector<flowstats::RecordSource*> ExitFollowers::sources() {
  std::vector<flowstats::RecordSource*> sources;
  for (const auto& lane : lanes_) sources.push_back(&lane->records());
  return sources;
}

size_t ExitFollowers::bytes() const {
  size_t sum = 0;
  for (const auto& lane : lanes_) sum += lane->bytes();
  return sum;
}

}  // namespace tapstat::dataplane
