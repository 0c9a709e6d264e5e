/// The first stage of the writer: drains the record rings by turns into batches that belong to one
/// directory each, and gives flows the names that their clients had learnt.
///
/// A batch is handed on when it is full, when the next record belongs to another epoch or
/// directory, when its oldest record has waited for half of `flush`, or at the end. The first rows
/// of a new epoch do not wait: somebody has just asked for them. A batch may be empty: it opens the
/// files of a settled epoch that no record has carried yet.
///
/// A client's DNS answer and its flows may come from different workers. A record is taken only
/// when every worker has handed over what it learnt up to the flow's first packet, so that the
/// names do not depend on who was faster. A worker that stands still while another one's ring fills
/// up is not waited for longer than kNamesWaitMax. One thread at a time (TurnGuard checks); never
/// waits itself.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "exporters/directory_follower.h"
#include "exporters/name_joiner.h"
#include "exporters/record_batch.h"
#include "flowstats/base/units.h"
#include "flowstats/record_queue.h"

namespace tapstat::exporters {

inline constexpr std::chrono::milliseconds kNamesWaitMax{200};
/// While no ring fills up: a worker that is late under load still brings its names in time.
inline constexpr std::chrono::milliseconds kStillWaitMax{10'000};

class RecordCollector {
 public:
  /// `batches` are used in turn; there is one more than can be in flight.
  RecordCollector(std::vector<flowstats::RecordSource*> sources, DirectoryFollower& follower,
                  NameJoiner& names, flowstats::Duration flush, size_t batches);

  /// The next batch that is ready, or nullptr when there is none now. `finishing`: nothing more
  /// will come, so whatever is there is ready.
  [[nodiscard]] RecordBatch* next(bool finishing);

 private:
  [[nodiscard]] size_t drain_into(RecordBatch& batch, bool finishing);
  [[nodiscard]] size_t drain_ready(RecordBatch& batch);
  [[nodiscard]] size_t drain_unready(RecordBatch& batch, bool finishing);
  [[nodiscard]] bool ends_before_a_switch(RecordBatch& batch);
  [[nodiscard]] RecordBatch* when_drained(RecordBatch& batch, uint32_t settled, bool finishing);
  void enter(RecordBatch& batch);
  void adopt_carried(RecordBatch& batch);
  [[nodiscard]] RecordBatch* hand_on(RecordBatch& batch);

  using Clock = std::chrono::steady_clock;
  std::vector<flowstats::RecordSource*> sources_;
  DirectoryFollower& follower_;
  NameJoiner& names_;
  const std::chrono::microseconds wait_max_;
  std::vector<std::unique_ptr<RecordBatch>> batches_;
  size_t filling_ = 0;      // index of the batch that is being filled
  uint32_t checked_ = 0;    // units of it that are known to belong to its directory
  size_t next_source_ = 0;  // whose turn it is
  std::vector<flowstats::Timestamp> frontiers_;                     // of the sources
  flowstats::RecordBuffer carried_{kBatchUnits, kBatchRecordsMax};  // behind a switch, for the next
  Clock::time_point oldest_at_{};
  Clock::time_point stuck_since_{};  // records wait for another worker's names; epoch of the clock:
                                     // none do
  uint32_t last_epoch_ = 0;          // of the last batch with records
};

}  // namespace tapstat::exporters
