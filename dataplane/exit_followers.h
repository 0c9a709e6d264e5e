/// The followers of a pipeline: one thread for every two workers whose connections are followed for
/// exit records; none while these are off.
///
/// Made and asked by control; each follower runs on an lcore of its own.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "dataplane/exit_follower.h"

namespace tapstat::dataplane {

class ExitFollowers {
 public:
  struct Options {
    uint32_t record_ring;  // records of one worker
    RecordRing::WhenFull when_full;
  };

  /// `feeds`: of all workers, in their order, or none. The references outlive it.
  ExitFollowers(const flowstats::Measurement& measurement, const flowstats::NetworkList& internal,
                const std::vector<ExitFeed*>& feeds, Options options);

  /// Lcores that they need.
  [[nodiscard]] static unsigned threads(unsigned workers, bool enabled) {
    return enabled ? (workers + kLanes - 1) / kLanes : 0;
  }
  [[nodiscard]] size_t size() const { return followers_.size(); }
  [[nodiscard]] ExitFollower& operator[](size_t follower) { return *followers_[follower]; }

  /// Any thread: every exit record is in the rings.
  [[nodiscard]] bool finished() const;
  /// Any thread: adds what was counted for this worker.
  void add_counters(size_t worker, flowstats::CounterValues& sum) const;
  /// The writer's ends of the rings, one for each worker.
  [[nodiscard]] std::vector<flowstats::RecordSource*> sources();
  [[nodiscard]] size_t bytes() const;

 private:
  static constexpr unsigned kLanes = 2;  // of a follower

  std::vector<std::unique_ptr<ExitLane>> lanes_;  // of the workers
  std::vector<std::unique_ptr<ExitFollower>> followers_;
};

}  // namespace tapstat::dataplane
