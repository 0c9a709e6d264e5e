#include "exporters/batch_writer.h"

#include <cerrno>
#include <system_error>

#include <fmt/format.h>

namespace tapstat::exporters {

using flowstats::Counter;
using flowstats::Log;
using flowstats::row_counter;
using flowstats::RowFate;

void BatchWriter::write(RecordBatch& batch) {
  turn_to(batch.directory);
  enter(batch.epoch);
  for (const auto& [log, name, bit] : flowstats::kLogs) {
    if (batch.failed)
      lose(batch.rows_of(log), log);
    else
      write_rows(batch.rows_of(log), log);
  }
}

void BatchWriter::lose(const BatchRows& rows, Log log) {
  if (rows.rows == 0) return;
  counters_.add(row_counter(log, RowFate::formatted), rows.rows);
  counters_.add(row_counter(log, RowFate::write_error), rows.rows);
  errors_.note("There was no memory to format rows.", rows.rows);
}

void BatchWriter::write_rows(const BatchRows& rows, Log log) {
  counters_.add(row_counter(log, RowFate::formatted), rows.rows);
  LogFile* file = directory_->file(log);
  if (file == nullptr) return counters_.add(row_counter(log, RowFate::log_disabled), rows.rows);
  const bool gzip = directory_->gzip();
  const RowBuffer& text = gzip ? rows.packed : rows.lines;
  const WriteResult result = file->write({text.text(), rows.rows, !gzip});
  account(*file, result, log);
}

void BatchWriter::account(const LogFile& file, const WriteResult& result, Log log) {
  counters_.add(row_counter(log, RowFate::written), result.rows_written);
  if (log == Log::tcp_complete) marks_.add(result.rows_written);
  counters_.add(row_counter(log, RowFate::write_error), result.rows_lost);
  counters_.add(Counter::bytes_written, result.bytes);
  bytes_ += result.bytes;
  if (result.error != 0) note(file, result.error, result.rows_lost);
}

void BatchWriter::note(const LogFile& file, int error, uint64_t rows_lost) {
  const bool full = error == ENOSPC || error == EDQUOT || error == EFBIG;
  errors_.note(fmt::format("\"{}\" cannot be written: {}.{}", file.path().string(),
                           std::generic_category().message(error),
                           full ? " Free some space, or choose another directory with -s." : ""),
               rows_lost);
}

void BatchWriter::turn_to(const std::shared_ptr<LogDirectory>& next) {
  if (next == directory_) return;
  if (directory_) {
    for (const auto& [log, name, bit] : flowstats::kLogs) close(log);
  }
  directory_ = next;
  if (!directory_) return;
  for (const auto& [log, name, bit] : flowstats::kLogs) {
    if (LogFile* file = directory_->file(log)) account(*file, file->write({}), log);
  }
}

void BatchWriter::close(Log log) {
  LogFile* file = directory_->file(log);
  if (file == nullptr) return;
  if (file->exists()) ++files_;
  if (const int error = file->close(); error != 0) note(*file, error, 0);
}

}  // namespace tapstat::exporters
