#include "exporters/batch_writer.h"

#include <cerrno>
#include <chrono>
#include <exception>
#include <string>
#include <thread>
#include <utility>

namespace tapstat::exporters {

namespace {

/// Between two looks whether there is room again.
constexpr std::chrono::milliseconds kTryAgain{50};

/// What a write has left over.
RowBlock rest_of(const RowBlock& block, const WriteResult& result) {
  return {block.bytes.substr(result.taken), result.rows_lost, block.lines};
}

}  // namespace

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
  if (directory_->file(log) == nullptr)
    return counters_.add(row_counter(log, RowFate::log_disabled), rows.rows);
  const bool gzip = directory_->gzip();
  const RowBuffer& text = gzip ? rows.packed : rows.lines;
  put({text.text(), rows.rows, !gzip}, log);
}

/// The log is switched on.
void BatchWriter::put(RowBlock block, Log log) {
  while (true) {
    LogDirectory& where = spill_ ? *spill_ : *directory_;
    LogFile& file = *where.file(log);
    const WriteResult result = file.write(block);
    account(result, log, where.place());
    if (result.error == ENOENT) where.note_removal();
    if (result.error == 0) return;
    if (!may_go_on(result.error)) {
      counters_.add(row_counter(log, RowFate::write_error), result.rows_lost);
      return note(file, result.error, result.rows_lost);
    }
    block = rest_of(block, result);
  }
}

/// After a write that failed: whether to try again, in the spool or after a while.
bool BatchWriter::may_go_on(int error) {
  if (!is_lack_of_room(error)) return false;
  if (spill_ || directory_->place() == Place::spool) {
    room_.set_spool_left(0);
    return false;
  }
  room_.refuse(error);
  if (!room_.waits()) return spill();
  std::this_thread::sleep_for(kTryAgain);
  return true;
}

/// No exception leaves this stage.
bool BatchWriter::spill() {
  if (room_.spool_left() == 0) return false;
  try {
    if (auto made = maker_.make(Place::spool, directory_->config(), directory_->since())) {
      spill_ = std::move(*made);
      maker_.announce(*spill_);
    } else {
      errors_.note(made.error().sentence, 0);
    }
  } catch (const std::exception& e) {
    errors_.note(std::string("The writer was interrupted: ") + e.what() + ".", 0);
  }
  return spill_ != nullptr;
}

void BatchWriter::account(const WriteResult& result, Log log, Place place) {
  counters_.add(row_counter(log, RowFate::written), result.rows_written);
  if (log == Log::tcp_complete) marks_.add(result.rows_written);
  counters_.add(Counter::bytes_written, result.bytes);
  bytes_ += result.bytes;
  if (place == Place::base) return;
  counters_.add(Counter::rows_spooled, result.rows_written);
  counters_.add(Counter::bytes_spooled, result.bytes);
  room_.spend(result.bytes);
}

void BatchWriter::note(const LogFile& file, int error, uint64_t rows_lost) {
  errors_.note(write_failure(file.path(), "written", error,
                             " Free some space, or choose another directory with -s."),
               rows_lost);
}

void BatchWriter::turn_to(const std::shared_ptr<LogDirectory>& next) {
  if (next == directory_) return;
  for (const auto& done : {spill_, directory_})
    if (done) close(*done);
  spill_.reset();
  directory_ = next;
  if (!directory_) return;
  for (const auto& [log, name, bit] : flowstats::kLogs)
    if (directory_->file(log) != nullptr) put({}, log);
}

void BatchWriter::close(LogDirectory& directory) {
  for (const auto& [log, name, bit] : flowstats::kLogs) {
    LogFile* file = directory.file(log);
    if (file == nullptr) continue;
    if (file->exists()) ++files_;
    if (const int error = file->close(); error != 0) note(*file, error, 0);
  }
}

}  // namespace tapstat::exporters
