/// The thread that follows connections for exit records, beside the workers: it reads what they
/// tell (exit_feed.h) and keeps the connections (exit_flows.h).
///
/// Each worker has a lane: its feed, its connections, and a record ring of their own to the writer.
/// A lane's records depend on its feed alone, not on when it is read. A follower serves one or two
/// lanes, by turns, and sleeps when none has anything to say. Nothing allocates after construction.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "dataplane/exit_feed.h"
#include "dataplane/exit_flows.h"
#include "dataplane/record_outlet.h"
#include "dataplane/record_ring.h"
#include "dataplane/shard_place.h"
#include "flowstats/base/counters.h"
#include "flowstats/measurement.h"
#include "flowstats/wire/network_list.h"

namespace tapstat::dataplane {

class ExitLane {
 public:
  /// Of the worker `place`; `record_ring` as RecordRing's capacity. The references outlive it.
  ExitLane(const flowstats::Measurement& measurement, const flowstats::NetworkList& internal,
           ShardPlace place, ExitFeed& feed, uint32_t record_ring, RecordRing::WhenFull when_full);
  ExitLane(const ExitLane&) = delete;
  ExitLane& operator=(const ExitLane&) = delete;

  /// Follower. Applies what the worker has told, up to a bound, and publishes records; false when
  /// there was nothing.
  [[nodiscard]] bool work();
  /// Follower: the worker has nothing more to tell, and all records are published.
  [[nodiscard]] bool has_ended() const { return ended_; }

  /// The writer's end of the ring. Its frontier is the clock up to which what was overdue has left
  /// its record.
  [[nodiscard]] RecordRing& records() { return records_; }
  /// Any thread.
  [[nodiscard]] const flowstats::CounterBlock& counters() const { return counters_; }

  [[nodiscard]] size_t bytes() const { return feed_.bytes() + flows_.bytes() + records_.bytes(); }
  /// Follower. See PageBlock::touch().
  void touch();

 private:
  static constexpr uint32_t kUnitsPerPass = 64;  // looked up together
  static constexpr uint32_t kPassesPerTurn = 16;

  [[nodiscard]] bool pass();
  void apply(const ExitMessage& message);
  void apply_usual(const UsualExitMessage& message);

  ExitFeed& feed_;
  flowstats::CounterBlock counters_;
  RecordRing records_;
  RecordOutlet outlet_;
  ExitFlows flows_;
  flowstats::Timestamp last_ = flowstats::kNever;  // of the last message that sets_clock()
  flowstats::Timestamp told_ = flowstats::kNever;  // timers up to here have run
  bool ended_ = false;
};

class ExitFollower {
 public:
  /// The lanes outlive it.
  explicit ExitFollower(std::vector<ExitLane*> lanes) : lanes_(std::move(lanes)) {}

  /// Until all lanes have ended.
  void run();
  void touch();
  /// Any thread: run() is through with all lanes.
  [[nodiscard]] bool finished() const { return finished_.load(std::memory_order_acquire); }

 private:
  std::vector<ExitLane*> lanes_;
  std::atomic<bool> finished_ = false;
};

}  // namespace tapstat::dataplane
