#include "exporters/writer.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <optional>
#include <string>
#include <system_error>
#include <thread>
#include <utility>

#include <fmt/format.h>
#include <tbb/info.h>
#include <tbb/parallel_pipeline.h>
#include <tbb/task_arena.h>

#include "exporters/directory_follower.h"
#include "exporters/record_batch.h"
#include "exporters/record_collector.h"
#include "exporters/tstat_log.h"
#include "exporters/turn.h"
#include "exporters/write_errors.h"

namespace tapstat::exporters {

namespace {

using flowstats::ActiveConfig;
using flowstats::Counter;
using flowstats::CounterBlock;
using flowstats::TcpLog;
using flowstats::TcpRecord;
using Stage = RecordBatch::Stage;

/// How long the writer sleeps when the rings are empty: short beside `flush`, long beside a batch.
constexpr std::chrono::milliseconds kIdleWait{1};

struct RowCounters {
  Counter formatted, written, write_error, log_disabled;
};

constexpr RowCounters row_counters(TcpLog log) {
  if (log == TcpLog::complete)
    return {Counter::rows_complete_formatted, Counter::rows_complete_written,
            Counter::rows_complete_dropped_write_error,
            Counter::rows_complete_dropped_log_disabled};
  return {Counter::rows_nocomplete_formatted, Counter::rows_nocomplete_written,
          Counter::rows_nocomplete_dropped_write_error,
          Counter::rows_nocomplete_dropped_log_disabled};
}

constexpr TcpLog log_of(const TcpRecord& record) {
  return record.complete ? TcpLog::complete : TcpLog::nocomplete;
}

/// Never more than there are cores, which TBB would complain about on standard error.
unsigned thread_count(unsigned wanted) {
  const int cores = tbb::info::default_concurrency();
  if (wanted != 0) return std::min(wanted, static_cast<unsigned>(cores));
  return static_cast<unsigned>(std::clamp(cores / 4, 1, 4));
}

/// The parallel stage: touches nothing but the batch.
void format(RecordBatch& batch, bool gzip) {
  batch.take(Stage::collected);
  std::array<std::optional<LogShape>, flowstats::kTcpLogs.size()> shapes;
  for (const TcpLog log : flowstats::kTcpLogs)
    shapes[static_cast<size_t>(log)] = batch.directory->shape(log);
  for (size_t i = 0; i < batch.count; ++i) {
    const TcpRecord& record = batch.records[i];
    const TcpLog log = log_of(record);
    BatchRows& rows = batch.rows_of(log);
    ++rows.rows;
    if (const auto& shape = shapes[static_cast<size_t>(log)])
      append_row(rows.lines, *shape, record);
  }
  if (gzip) {
    for (BatchRows& rows : batch.rows)
      if (!rows.lines.empty()) batch.packer.append_member(rows.packed, rows.lines.text());
  }
  batch.hand_over(Stage::collected, Stage::formatted);
}

}  // namespace

class Writer::Impl {
 public:
  Impl(WriterOptions options, std::vector<flowstats::RecordSource*> sources, CounterBlock& counters,
       Announce announce)
      : options_(std::move(options)),
        counters_(counters),
        threads_(thread_count(options_.threads_max)),
        follower_(options_, counters_, errors_, std::move(announce)),
        collector_(std::move(sources), follower_, options_.flush, batches_in_flight() + 1),
        arena_(static_cast<int>(threads_), 1) {}

  ~Impl() {
    if (thread_.joinable()) finish();
  }

  flowstats::Result<void> open(const ActiveConfig& config, flowstats::Timestamp first_packet) {
    if (auto opened = follower_.open_first(config, first_packet); !opened) return opened;
    turn_to(follower_.current());
    const auto failed = errors_.sentences();
    if (failed.empty()) return {};
    return flowstats::fail(flowstats::ExitStatus::environment, failed.front());
  }

  void start() {
    thread_ = std::thread{[this] { arena_.execute([this] { run(); }); }};
  }

  void announce_config(const ActiveConfig& config, flowstats::Timestamp since) {
    follower_.announce_config(config, since);
  }

  [[nodiscard]] uint32_t epoch() const { return follower_.epoch(); }

  WriterReport finish() {
    {
      const std::lock_guard lock{mutex_};
      finishing_ = true;
    }
    wake_.notify_one();
    if (thread_.joinable()) thread_.join();
    const TurnGuard after_the_last_collection{collecting_};
    const TurnGuard after_the_last_write{ordering_};
    if (writing_) {
      follower_.follow_newest();
      turn_to(follower_.current());
      turn_to(nullptr);
    }
    WriterReport report;
    report.directories = follower_.opened();
    report.files = files_;
    report.bytes = bytes_;
    report.errors = errors_.sentences();
    return report;
  }

 private:
  [[nodiscard]] size_t batches_in_flight() const { return threads_ + 2; }

  /// The writer's thread. The last round sees `finishing` and so takes everything there is.
  void run() {
    for (bool last = false; !last;) {
      {
        std::unique_lock lock{mutex_};
        if (!finishing_) wake_.wait_for(lock, kIdleWait, [this] { return finishing_; });
        last = finishing_;
      }
      try {
        run_pipeline(last);
      } catch (const std::exception& e) {
        abandon_in_flight(e.what());
        last = false;  // the rings may hold more: go round until they are empty
      }
    }
  }

  /// Runs until the rings have nothing more to give.
  void run_pipeline(bool finishing) {
    const auto collect = [this, finishing](tbb::flow_control& flow) -> RecordBatch* {
      const TurnGuard turn{collecting_};
      RecordBatch* batch = collector_.next(finishing);
      if (batch == nullptr) flow.stop();
      return batch;
    };
    const auto format_batch = [this](RecordBatch* batch) {
      format(*batch, options_.gzip);
      return batch;
    };
    const auto write_batch = [this](RecordBatch* batch) { write(*batch); };
    tbb::parallel_pipeline(
        batches_in_flight(),
        tbb::make_filter<void, RecordBatch*>(tbb::filter_mode::serial_in_order, collect) &
            tbb::make_filter<RecordBatch*, RecordBatch*>(tbb::filter_mode::parallel, format_batch) &
            tbb::make_filter<RecordBatch*, void>(tbb::filter_mode::serial_in_order, write_batch));
  }

  void write(RecordBatch& batch) {
    const TurnGuard turn{ordering_};
    batch.take(Stage::formatted);
    turn_to(batch.directory);
    for (const TcpLog log : flowstats::kTcpLogs) write_rows(batch.rows_of(log), log);
    batch.recycle();
  }

  void write_rows(const BatchRows& rows, TcpLog log) {
    const RowCounters counter = row_counters(log);
    counters_.add(counter.formatted, rows.rows);
    LogFile* file = writing_->file(log);
    if (file == nullptr) return counters_.add(counter.log_disabled, rows.rows);
    const RowBuffer& text = options_.gzip ? rows.packed : rows.lines;
    const WriteResult result = file->write({text.text(), rows.rows, !options_.gzip});
    account(*file, result, counter);
  }

  void account(const LogFile& file, const WriteResult& result, const RowCounters& counter) {
    counters_.add(counter.written, result.rows_written);
    counters_.add(counter.write_error, result.rows_lost);
    counters_.add(Counter::bytes_written, result.bytes);
    bytes_ += result.bytes;
    if (result.error != 0) note(file, result.error, result.rows_lost);
  }

  void note(const LogFile& file, int error, uint64_t rows_lost) {
    const bool full = error == ENOSPC || error == EDQUOT || error == EFBIG;
    errors_.note(fmt::format("\"{}\" cannot be written: {}.{}", file.path().string(),
                             std::generic_category().message(error),
                             full ? " Free some space, or choose another directory with -s." : ""),
                 rows_lost);
  }

  /// Closes the directory that was written so far and writes the headers of the next; nullptr:
  /// none.
  void turn_to(const std::shared_ptr<LogDirectory>& next) {
    if (next == writing_) return;
    if (writing_) {
      for (const TcpLog log : flowstats::kTcpLogs) close(log);
    }
    writing_ = next;
    if (!writing_) return;
    for (const TcpLog log : flowstats::kTcpLogs) {
      if (LogFile* file = writing_->file(log)) account(*file, file->write({}), row_counters(log));
    }
  }

  void close(TcpLog log) {
    LogFile* file = writing_->file(log);
    if (file == nullptr) return;
    if (file->exists()) ++files_;
    if (const int error = file->close(); error != 0) note(*file, error, 0);
  }

  /// After an exception in the pipeline (no memory): the batches that it held are lost, and
  /// counted.
  void abandon_in_flight(const std::string& why) {
    const TurnGuard turn{ordering_};
    uint64_t lost = 0;
    for (const auto& batch : collector_.batches()) {
      if (batch->is(Stage::filling)) continue;
      for (size_t i = 0; i < batch->count; ++i) {
        const RowCounters counter = row_counters(log_of(batch->records[i]));
        counters_.add(counter.formatted);
        counters_.add(counter.write_error);
      }
      lost += batch->count;
      batch->recycle();
    }
    errors_.note(fmt::format("The writer was interrupted: {}.", why), lost);
  }

  const WriterOptions options_;
  CounterBlock& counters_;
  const unsigned threads_;
  WriteErrors errors_;
  DirectoryFollower follower_;
  RecordCollector collector_;
  tbb::task_arena arena_;
  std::thread thread_;

  std::mutex mutex_;  // guards finishing_
  std::condition_variable wake_;
  bool finishing_ = false;

  std::atomic<bool> collecting_ = false;  // for TurnGuard: the first stage runs
  std::atomic<bool> ordering_ = false;    // the last stage runs

  // Ordered stage; before start() and after the thread has ended, control.
  std::shared_ptr<LogDirectory> writing_;
  uint64_t files_ = 0;
  uint64_t bytes_ = 0;
};

Writer::Writer(WriterOptions options, std::vector<flowstats::RecordSource*> sources,
               CounterBlock& counters, Announce announce)
    : impl_(std::make_unique<Impl>(std::move(options), std::move(sources), counters,
                                   std::move(announce))) {}
Writer::~Writer() = default;

flowstats::Result<void> Writer::open(const ActiveConfig& config,
                                     flowstats::Timestamp first_packet) {
  return impl_->open(config, first_packet);
}
void Writer::start() { impl_->start(); }
void Writer::announce_config(const ActiveConfig& config, flowstats::Timestamp since) {
  impl_->announce_config(config, since);
}
uint32_t Writer::epoch() const { return impl_->epoch(); }
WriterReport Writer::finish() { return impl_->finish(); }

}  // namespace tapstat::exporters
