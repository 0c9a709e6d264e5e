#include "exporters/writer.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <exception>
#include <memory>
#include <mutex>
#include <new>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include <fmt/format.h>
#include <tbb/info.h>
#include <tbb/parallel_pipeline.h>
#include <tbb/task_arena.h>

#include "exporters/batch_writer.h"
#include "exporters/directory_follower.h"
#include "exporters/directory_maker.h"
#include "exporters/exit_collector.h"
#include "exporters/log_rows.h"
#include "exporters/name_joiner.h"
#include "exporters/record_batch.h"
#include "exporters/record_collector.h"
#include "exporters/thread_placement.h"
#include "exporters/turn.h"
#include "exporters/write_errors.h"

namespace tapstat::exporters {

namespace {

using flowstats::ActiveConfig;
using flowstats::CounterBlock;
using flowstats::Log;
using flowstats::RecordHead;
using flowstats::RecordKind;
using Stage = RecordBatch::Stage;

/// How long the writer sleeps when the rings are empty: short beside `flush`, long beside a batch.
constexpr std::chrono::milliseconds kIdleWait{1};

/// Never more than there are cores, which TBB would complain about on standard error.
unsigned thread_count(const WriterOptions& options) {
  const auto cores = static_cast<unsigned>(tbb::info::default_concurrency());
  if (options.threads_max != 0) return std::min(options.threads_max, cores);
  const auto own = static_cast<unsigned>(options.cpus.size());
  return writer_threads(own == 0 ? cores : std::min(own, cores), options.gzip);
}

/// The parallel stage: touches nothing but the batch.
void format_rows(RecordBatch& batch, const Anonymiser* anonymiser) {
  std::array<std::optional<LogShape>, flowstats::kLogCount> shapes;
  for (const auto& [log, name, bit] : flowstats::kLogs)
    shapes[static_cast<size_t>(log)] = batch.directory->shape(log);
  batch.records.for_each([&](RecordHead& record) {
    const auto log = log_of(record);
    if (!log) return;
    BatchRows& rows = batch.rows_of(*log);
    const auto& shape = shapes[static_cast<size_t>(*log)];
    rows.rows +=
        shape ? append_rows(rows.lines, *shape, record, anonymiser) : rows_when_off(record);
  });
  if (!batch.directory->gzip()) return;
  for (BatchRows& rows : batch.rows)
    if (!rows.lines.empty()) batch.packer.append_member(rows.packed, rows.lines.text());
}

}  // namespace

class Writer::Impl {
 public:
  Impl(WriterOptions options, std::vector<flowstats::RecordSource*> sources, CounterBlock& counters,
       Announce announce, std::vector<flowstats::RecordSource*> exit_sources)
      : options_(std::move(options)),
        threads_(thread_count(options_)),
        room_(options_.full),
        maker_(options_, counters, announce),
        files_(counters, maker_, room_, errors_),
        announce_(std::move(announce)),
        follower_(options_, maker_, room_, errors_),
        anonymiser_(options_.anonymiser ? std::make_unique<Anonymiser>(*options_.anonymiser)
                                        : nullptr),
        exits_(options_.exit_records ? std::make_unique<Web100Log>(*options_.exit_records, counters,
                                                                   errors_, anonymiser_.get())
                                     : nullptr),
        exit_collector_(exits_ ? std::make_unique<ExitCollector>(*exits_, std::move(exit_sources))
                               : nullptr),
        names_(options_.names, counters),
        collector_(std::move(sources), follower_, names_, options_.flush, batches_in_flight() + 1),
        arena_(static_cast<int>(threads_), 1),
        placement_(arena_, options_.cpus) {}

  ~Impl() {
    room_.set_waits(false);
    if (thread_.joinable()) finish();
  }

  flowstats::Result<void> open(const ActiveConfig& config, flowstats::Timestamp first_packet) {
    if (exits_) {
      auto found = exits_->open();
      if (!found) return tl::make_unexpected(std::move(found.error()));
      for (const std::string& line : *found) announce_(line);
    }
    if (auto ready = maker_.prepare(); !ready) return ready;
    if (auto opened = follower_.open_first(config, first_packet); !opened) return opened;
    files_.turn_to(follower_.current());
    files_.enter(follower_.epoch());
    const auto failed = errors_.sentences();
    if (failed.empty()) return {};
    return flowstats::fail(flowstats::ExitStatus::environment, failed.front());
  }

  void start() {
    room_.set_waits(options_.full.what == WhenFull::block);
    thread_ = std::thread{[this] { arena_.execute([this] { run(); }); }};
  }

  void announce_config(const ActiveConfig& config, flowstats::Timestamp since) {
    follower_.announce_config(config, since);
  }

  void settle(uint32_t epoch) { follower_.settle(epoch); }

  [[nodiscard]] uint32_t epoch() const { return files_.epoch(); }
  [[nodiscard]] std::filesystem::path directory() const { return follower_.directory(); }
  [[nodiscard]] flowstats::GroupMask groups() const { return follower_.groups(); }
  [[nodiscard]] uint64_t rounds() const { return rounds_.load(std::memory_order_relaxed); }
  [[nodiscard]] const WriteErrors& errors() const { return errors_; }
  [[nodiscard]] OutputRoom& room() { return room_; }
  [[nodiscard]] std::optional<uint64_t> rows_between(uint32_t first, uint32_t end) const {
    return files_.rows_between(first, end);
  }

  WriterReport finish() {
    {
      const std::lock_guard lock{mutex_};
      finishing_ = true;
    }
    wake_.notify_one();
    if (thread_.joinable()) thread_.join();
    const TurnGuard after_the_last_collection{collecting_};
    const TurnGuard after_the_last_write{ordering_};
    if (files_.has_directory()) {
      follower_.follow_newest();
      files_.turn_to(follower_.current());
      files_.enter(follower_.epoch());
      files_.turn_to(nullptr);
    }
    WriterReport report;
    if (exits_) report.exit_records = exits_->finish();
    report.directories = maker_.made();
    report.spooled = maker_.spooled();
    report.files = files_.files();
    report.bytes = files_.bytes();
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
      rounds_.fetch_add(1, std::memory_order_relaxed);
      run_pipeline(last);
      const TurnGuard turn{collecting_};
      if (exits_) take_exit_records(last);
      if (std::exchange(interrupted_, false)) last = false;  // the rings may hold more
    }
  }

  /// Runs until the rings have nothing more to give.
  void run_pipeline(bool finishing) {
    {
      const TurnGuard first_collection{collecting_};
      const TurnGuard first_write{ordering_};
      last_round_ = finishing;
    }
    // The thread sanitizer cannot see how oneTBB hands these closures to its threads; what they
    // call is checked.
    const auto collect = [this](tbb::flow_control & flow) __attribute__((no_sanitize("thread"))) {
      return collect_batch(flow);
    };
    const auto format = [this](RecordBatch * batch) __attribute__((no_sanitize("thread"))) {
      return format_batch(batch);
    };
    const auto write = [this](RecordBatch * batch) __attribute__((no_sanitize("thread"))) {
      write_batch(*batch);
    };
    constexpr auto kByTurns = tbb::filter_mode::serial_in_order;
    tbb::parallel_pipeline(
        batches_in_flight(),
        tbb::make_filter<void, RecordBatch*>(kByTurns, collect) &
            tbb::make_filter<RecordBatch*, RecordBatch*>(tbb::filter_mode::parallel, format) &
            tbb::make_filter<RecordBatch*, void>(kByTurns, write));
  }

  // The stages. No exception passes through oneTBB: what a stage cannot do is noted, and the others
  // go on.

  [[gnu::noinline]] RecordBatch* collect_batch(tbb::flow_control& flow) {
    const TurnGuard turn{collecting_};
    RecordBatch* batch = nullptr;
    if (exits_ && exit_collector_->is_urgent()) {
      interrupted_ = true;
      flow.stop();
      return nullptr;
    }
    try {
      batch = collector_.next(last_round_);
    } catch (const std::exception& e) {
      note_interruption(e);
    }
    if (batch == nullptr) flow.stop();
    return batch;
  }

  [[gnu::noinline]] RecordBatch* format_batch(RecordBatch* batch) {
    batch->take(Stage::collected);
    try {
      format_rows(*batch, anonymiser_.get());
    } catch (const std::bad_alloc&) {
      batch->failed = true;
      for (BatchRows& rows : batch->rows) rows.rows = 0;
      batch->records.for_each([&](const RecordHead& record) {
        if (const auto log = log_of(record)) batch->rows_of(*log).rows += rows_when_off(record);
      });
    }
    batch->hand_over(Stage::collected, Stage::formatted);
    return batch;
  }

  [[gnu::noinline]] void write_batch(RecordBatch& batch) {
    const TurnGuard turn{ordering_};
    rounds_.fetch_add(1, std::memory_order_relaxed);
    batch.take(Stage::formatted);
    files_.write(batch);
    batch.recycle();
  }

  /// Between two rounds.
  void take_exit_records(bool last) {
    try {
      last ? exit_collector_->take_all() : exit_collector_->take();
    } catch (const std::exception& e) {
      note_interruption(e);
    }
  }
  void note_interruption(const std::exception& e) {
    interrupted_ = true;
    errors_.note(fmt::format("The writer was interrupted: {}.", e.what()), 0);
  }

  const WriterOptions options_;
  const unsigned threads_;
  WriteErrors errors_;
  OutputRoom room_;
  DirectoryMaker maker_;
  BatchWriter files_;  // last stage; before start() and after the thread has ended, control
  Announce announce_;
  DirectoryFollower follower_;
  std::unique_ptr<const Anonymiser> anonymiser_;  // formatting threads share it
  std::unique_ptr<Web100Log> exits_;              // between rounds, as the next one
  std::unique_ptr<ExitCollector> exit_collector_;
  NameJoiner names_;
  RecordCollector collector_;
  tbb::task_arena arena_;
  ThreadPlacement placement_;
  std::thread thread_;

  std::mutex mutex_;  // guards finishing_
  std::condition_variable wake_;
  bool finishing_ = false;

  std::atomic<uint64_t> rounds_ = 0;
  std::atomic<bool> collecting_ = false;  // for TurnGuard: the first stage runs
  std::atomic<bool> ordering_ = false;    // the last stage runs
  bool last_round_ = false;               // collecting stage: take what is there
  bool interrupted_ = false;  // collecting stage: the round ended before the rings were empty
};

Writer::Writer(WriterOptions options, std::vector<flowstats::RecordSource*> sources,
               CounterBlock& counters, Announce announce,
               std::vector<flowstats::RecordSource*> exit_sources)
    : impl_(std::make_unique<Impl>(std::move(options), std::move(sources), counters,
                                   std::move(announce), std::move(exit_sources))) {}
Writer::~Writer() = default;

flowstats::Result<void> Writer::open(const ActiveConfig& config,
                                     flowstats::Timestamp first_packet) {
  return impl_->open(config, first_packet);
}
void Writer::start() { impl_->start(); }
void Writer::announce_config(const ActiveConfig& config, flowstats::Timestamp since) {
  impl_->announce_config(config, since);
}
void Writer::settle(uint32_t epoch) { impl_->settle(epoch); }
uint32_t Writer::epoch() const { return impl_->epoch(); }
std::filesystem::path Writer::directory() const { return impl_->directory(); }
flowstats::GroupMask Writer::groups() const { return impl_->groups(); }
uint64_t Writer::rounds() const { return impl_->rounds(); }
std::vector<std::string> Writer::errors() const { return impl_->errors().sentences(); }
std::vector<WriteErrors::Cause> Writer::error_causes() const { return impl_->errors().causes(); }
OutputRoom& Writer::room() { return impl_->room(); }
std::optional<uint64_t> Writer::rows_between(uint32_t first, uint32_t end) const {
  return impl_->rows_between(first, end);
}
WriterReport Writer::finish() { return impl_->finish(); }

}  // namespace tapstat::exporters
