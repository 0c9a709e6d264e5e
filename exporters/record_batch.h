/// A batch of records on its way through the writer's pipeline: collected, formatted, written.
///
/// Preallocated and used again. One stage owns a batch at a time; `stage` hands it over between
/// threads, and says so when the pipeline breaks that rule.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "exporters/compress.h"
#include "exporters/joined_names.h"
#include "exporters/log_directory.h"
#include "exporters/row_buffer.h"
#include "flowstats/base/check.h"
#include "flowstats/log_mask.h"
#include "flowstats/record_buffer.h"

namespace tapstat::exporters {

/// As much as the second-level cache of a formatting thread holds, and the largest record fits.
inline constexpr uint32_t kBatchUnits = 256 * 16;
inline constexpr uint32_t kBatchRecordsMax = 1024;

/// The rows of one log in a batch.
struct BatchRows {
  RowBuffer lines;
  RowBuffer packed;  // gzip member of `lines`
  uint64_t rows = 0;
};

struct RecordBatch {
  enum class Stage : uint8_t { filling, collected, formatted };

  flowstats::RecordBuffer records{kBatchUnits, kBatchRecordsMax};
  JoinedNames names;                        // of the records
  bool failed = false;                      // there was no memory for its rows
  std::shared_ptr<LogDirectory> directory;  // where all records of the batch go
  uint32_t epoch = 0;                       // of the configuration they are written under
  std::array<BatchRows, flowstats::kLogCount> rows;
  GzipPacker packer;

  [[nodiscard]] BatchRows& rows_of(flowstats::Log log) { return rows[static_cast<size_t>(log)]; }

  /// The owner of `from` takes or gives: every write before is visible to who takes the batch next.
  void hand_over(Stage from, Stage to) {
    TAPSTAT_ASSERT(stage_.load(std::memory_order_acquire) == from);
    stage_.store(to, std::memory_order_release);
  }
  void take(Stage expected) const {
    TAPSTAT_ASSERT(stage_.load(std::memory_order_acquire) == expected);
  }

  /// Gives the batch back to the collecting stage.
  void recycle() {
    records.clear();
    names.clear();
    failed = false;
    directory.reset();
    for (BatchRows& r : rows) {
      r.lines.clear();
      r.packed.clear();
      r.rows = 0;
    }
    stage_.store(Stage::filling, std::memory_order_release);
  }

 private:
  std::atomic<Stage> stage_ = Stage::filling;
};

}  // namespace tapstat::exporters
