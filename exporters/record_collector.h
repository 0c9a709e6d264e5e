/// The first stage of the writer: drains the record rings by turns into batches that belong to one
/// directory each.
///
/// A batch is handed on when it is full, when the next record belongs to another epoch or
/// directory, when its oldest record has waited for half of `flush`, or at the end. The first rows
/// of a new epoch do not wait: somebody has just asked for them. A batch may be empty: it opens the
/// files of a settled epoch that no record has carried yet. One thread at a time (TurnGuard
/// checks); never waits.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <vector>

#include "exporters/directory_follower.h"
#include "exporters/record_batch.h"
#include "flowstats/base/units.h"
#include "flowstats/record_queue.h"

namespace tapstat::exporters {

class RecordCollector {
 public:
  /// `batches` are used in turn; there is one more than can be in flight.
  RecordCollector(std::vector<flowstats::RecordSource*> sources, DirectoryFollower& follower,
                  flowstats::Duration flush, size_t batches);

  /// The next batch that is ready, or nullptr when there is none now. `finishing`: nothing more
  /// will come, so whatever is there is ready.
  [[nodiscard]] RecordBatch* next(bool finishing);

 private:
  [[nodiscard]] size_t drain_into(RecordBatch& batch);
  [[nodiscard]] bool ends_before_a_switch(RecordBatch& batch);
  [[nodiscard]] RecordBatch* when_drained(RecordBatch& batch, uint32_t settled, bool finishing);
  void enter(RecordBatch& batch);
  void adopt_carried(RecordBatch& batch);
  [[nodiscard]] RecordBatch* hand_on(RecordBatch& batch);

  std::vector<flowstats::RecordSource*> sources_;
  DirectoryFollower& follower_;
  const std::chrono::microseconds wait_max_;
  std::vector<std::unique_ptr<RecordBatch>> batches_;
  size_t filling_ = 0;      // index of the batch that is being filled
  size_t checked_ = 0;      // records of it that are known to belong to its directory
  size_t next_source_ = 0;  // whose turn it is
  std::vector<flowstats::TcpRecord> carried_;  // records behind a switch, for the next batch
  std::chrono::steady_clock::time_point oldest_at_{};
  uint32_t last_epoch_ = 0;  // of the last batch with records
};

}  // namespace tapstat::exporters
