/// The last stage of the writer: formatted batches into the files of their directory, in order, and
/// into the counters.
///
/// One thread at a time (the caller sees to it). A fault in one log does not stop the other; each
/// cause is noted once. Rows for which the base has no room go on into a directory in the spool, or
/// wait, as the options say; only what finds no room anywhere is lost.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "exporters/directory_maker.h"
#include "exporters/epoch_rows.h"
#include "exporters/log_directory.h"
#include "exporters/log_file.h"
#include "exporters/output_room.h"
#include "exporters/record_batch.h"
#include "exporters/write_errors.h"
#include "flowstats/base/counters.h"
#include "flowstats/columns/layouts.h"

namespace tapstat::exporters {

class BatchWriter {
 public:
  /// All outlive it.
  BatchWriter(flowstats::CounterBlock& counters, DirectoryMaker& maker, OutputRoom& room,
              WriteErrors& errors)
      : counters_(counters), maker_(maker), room_(room), errors_(errors) {}

  /// Writes the rows and counts them; the batch keeps its contents.
  void write(RecordBatch& batch);

  /// Closes the directory that was written so far, and begins the files of `next` with their
  /// headers; nullptr: none.
  void turn_to(const std::shared_ptr<LogDirectory>& next);

  [[nodiscard]] bool has_directory() const { return directory_ != nullptr; }
  /// Rows from now on are of `epoch`.
  void enter(uint32_t epoch) { marks_.enter(epoch); }
  /// Any thread.
  [[nodiscard]] uint32_t epoch() const { return marks_.epoch(); }
  /// Any thread: see Writer::rows_between.
  [[nodiscard]] std::optional<uint64_t> rows_between(uint32_t first, uint32_t end) const {
    return marks_.between(first, end);
  }

  [[nodiscard]] uint64_t files() const { return files_; }
  [[nodiscard]] uint64_t bytes() const { return bytes_; }

 private:
  void lose(const BatchRows& rows, flowstats::Log log);
  void write_rows(const BatchRows& rows, flowstats::Log log);
  void put(RowBlock block, flowstats::Log log);
  [[nodiscard]] bool may_go_on(int error);
  [[nodiscard]] bool spill();
  void account(const WriteResult& result, flowstats::Log log, Place place);
  void note(const LogFile& file, int error, uint64_t rows_lost);
  void close(LogDirectory& directory);

  flowstats::CounterBlock& counters_;
  DirectoryMaker& maker_;
  OutputRoom& room_;
  WriteErrors& errors_;
  std::shared_ptr<LogDirectory> directory_;
  std::shared_ptr<LogDirectory> spill_;  // in the spool, for what directory_ did not take
  EpochRows marks_;                      // of log_tcp_complete
  uint64_t files_ = 0;                   // that were closed
  uint64_t bytes_ = 0;
};

}  // namespace tapstat::exporters
