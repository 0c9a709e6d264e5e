#include "dataplane/replay_pipeline.h"

#include <time.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <utility>

#include <rte_launch.h>
#include <rte_lcore.h>

#include "dataplane/capture_readers.h"
#include "dataplane/config_epoch.h"
#include "dataplane/dispatcher.h"
#include "dataplane/flow_shard.h"
#include "dataplane/packet_handoff.h"
#include "dataplane/record_ring.h"
#include "dataplane/replay_source.h"
#include "dataplane/worker.h"

namespace tapstat::dataplane {

using flowstats::ActiveConfig;
using flowstats::CounterBlock;
using flowstats::Error;
using flowstats::Result;
using flowstats::Timestamp;

namespace {

constexpr uint32_t kHandoffRing = 1'024;  // packets on their way to a worker
constexpr unsigned kFirstLcore = 1;       // lcore 0 is the control thread

}  // namespace

/// Everything one worker owns, and what control reads of it.
struct WorkerSet {
  WorkerSet(const ReplayOptions& options, ConfigEpoch& config, uint32_t id, bool frames_may_be_cut)
      : records(options.record_ring, RecordRing::WhenFull::wait),
        shard(options.measurement, options.internal, records, counters, {id, options.workers}),
        trace(options.trace ? std::make_unique<TraceTap>(
                                  *options.trace, options.measurement.limits.tcp_flows_max,
                                  frames_may_be_cut, PacketRing::WhenFull::wait, counters)
                            : nullptr),
        worker(options.measurement, shard, counters, config, id, status, trace.get()) {}

  [[nodiscard]] size_t bytes() const { return shard.bytes() + (trace ? trace->bytes() : 0); }
  void touch() {
    shard.touch();
    if (trace) trace->touch();
  }

  CounterBlock counters;
  WorkerStatus status;
  RecordRing records;
  FlowShard shard;
  std::unique_ptr<TraceTap> trace;  // may be absent
  Worker worker;
};

class ReplayPipeline::Impl {
 public:
  Impl(const std::vector<CaptureFile>& captures, const ReplayOptions& options,
       const ActiveConfig& config, CaptureReaders readers, PacketTimeField time_field)
      : options_(options),
        source_(captures, std::move(readers), time_field, options_.loops, options_.speed, control_),
        config_(config, options_.workers) {
    const bool frames_may_be_cut =
        std::ranges::any_of(captures, [](const CaptureFile& c) { return c.snapped_packets > 0; });
    for (uint32_t id = 0; id < options_.workers; ++id)
      workers_.push_back(std::make_unique<WorkerSet>(options_, config_, id, frames_may_be_cut));
    if (options_.workers == 1) return;
    std::vector<PacketHandoff*> handoffs;
    for (const auto& w : workers_) {
      handoffs.push_back(
          handoffs_.emplace_back(std::make_unique<PacketHandoff>(kHandoffRing)).get());
      statuses_.push_back(&w->status);
    }
    dispatcher_ = std::make_unique<Dispatcher>(options_.measurement, dispatcher_counters_,
                                               std::move(handoffs), statuses_, dispatcher_status_);
  }

  void start(bool touch_memory) {
    touch_memory_ = touch_memory;
    unsigned lcore = kFirstLcore;
    if (dispatcher_)
      launch(
          lcore++,
          [](Impl& self, size_t) {
            self.wait_until_workers_are_ready();
            self.dispatcher_->run(self.source_);
          },
          0);
    for (size_t i = 0; i < workers_.size(); ++i)
      launch(
          lcore++,
          [](Impl& self, size_t w) {
            self.make_ready(*self.workers_[w]);
            if (self.dispatcher_)
              self.workers_[w]->worker.run_from_dispatcher(*self.handoffs_[w]);
            else
              self.workers_[w]->worker.run_from_source(self.source_);
          },
          i);
  }

  void join() {
    for (const auto& job : jobs_) {
      rte_eal_wait_lcore(job->lcore);
      TAPSTAT_ASSERT(job->returned.load(std::memory_order_acquire));
    }
    jobs_.clear();
  }

  [[nodiscard]] ReplayProgress progress() const {
    ReplayProgress p;
    p.finished = true;
    p.clock = Timestamp{dispatcher_status_.clock_us.load(std::memory_order_relaxed)};
    for (const auto& w : workers_) {
      p.finished &= w->status.finished.load(std::memory_order_acquire);
      p.workers.push_back({w->counters.snapshot(), w->shard.flows_open(), w->records.queued(),
                           w->records.capacity()});
      const WorkerProgress& worker = p.workers.back();
      p.flows_open += worker.flows_open;
      p.clock = std::max(p.clock, Timestamp{w->status.clock_us.load(std::memory_order_relaxed)});
      p.counters += worker.counters;
    }
    p.dispatcher = dispatcher_counters_.snapshot();
    p.counters += p.dispatcher;
    return p;
  }

  [[nodiscard]] const WorkerStatus& source_status() const {
    return dispatcher_ ? dispatcher_status_ : workers_.front()->status;
  }

  [[nodiscard]] size_t bytes() const {
    size_t sum = source_.readers().bytes();
    for (const auto& w : workers_) sum += w->bytes();
    for (const auto& h : handoffs_) sum += h->bytes();
    return sum;
  }

  /// Of the source's lcore; read by control after the run.
  [[nodiscard]] std::chrono::steady_clock::time_point source_started() const {
    return source_started_;
  }

  ReplayOptions options_;
  ReplayControl control_;
  ReplaySource source_;
  ConfigEpoch config_;
  std::vector<std::unique_ptr<WorkerSet>> workers_;

 private:
  using Job = void (*)(Impl&, size_t);
  struct LcoreJob {
    Impl& self;
    Job run;
    size_t index;
    unsigned lcore;
    std::atomic<bool> returned = false;  // says to the thread sanitizer what DPDK's wait does
  };

  /// On the worker's own lcore: the first touch decides on which memory node a page lies.
  void make_ready(WorkerSet& w) {
    if (touch_memory_) w.touch();
    if (!dispatcher_) source_started_ = std::chrono::steady_clock::now();
    workers_ready_.fetch_add(1, std::memory_order_release);
  }
  /// On the dispatcher's lcore: no packet before all memory is there.
  void wait_until_workers_are_ready() {
    constexpr timespec kNap{0, 100'000};
    while (workers_ready_.load(std::memory_order_acquire) < workers_.size())
      nanosleep(&kNap, nullptr);
    source_started_ = std::chrono::steady_clock::now();
  }

  void launch(unsigned lcore, Job run, size_t index) {
    LcoreJob* job = jobs_.emplace_back(new LcoreJob{*this, run, index, lcore}).get();
    const int status = rte_eal_remote_launch(
        [](void* argument) {
          auto& j = *static_cast<LcoreJob*>(argument);
          j.run(j.self, j.index);
          j.returned.store(true, std::memory_order_release);
          return 0;
        },
        job, lcore);
    TAPSTAT_ASSERT(status == 0);
  }

  std::vector<std::unique_ptr<PacketHandoff>> handoffs_;
  std::vector<WorkerStatus*> statuses_;
  CounterBlock dispatcher_counters_;
  WorkerStatus dispatcher_status_;
  std::unique_ptr<Dispatcher> dispatcher_;
  std::vector<std::unique_ptr<LcoreJob>> jobs_;
  bool touch_memory_ = false;  // before the lcores are started
  std::atomic<size_t> workers_ready_ = 0;
  std::chrono::steady_clock::time_point source_started_;  // written by the source's lcore
};

Result<std::unique_ptr<ReplayPipeline>> ReplayPipeline::create(
    const std::vector<CaptureFile>& captures, const ReplayOptions& options,
    const ActiveConfig& config) {
  auto time_field = PacketTimeField::find();
  if (!time_field) return tl::make_unexpected(time_field.error());
  auto readers = CaptureReaders::create(options.reader, captures, *time_field,
                                        lcores_needed(options.workers) + 1, options.workers);
  if (!readers) return tl::make_unexpected(readers.error());
  return std::unique_ptr<ReplayPipeline>(new ReplayPipeline(
      std::make_unique<Impl>(captures, options, config, std::move(*readers), *time_field)));
}

ReplayPipeline::ReplayPipeline(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
ReplayPipeline::~ReplayPipeline() = default;

unsigned ReplayPipeline::lcores_needed(unsigned workers) { return workers == 1 ? 1 : workers + 1; }

std::vector<flowstats::RecordSource*> ReplayPipeline::record_sources() {
  std::vector<flowstats::RecordSource*> sources;
  for (const auto& w : impl_->workers_) sources.push_back(&w->records);
  return sources;
}

std::vector<flowstats::TraceSource*> ReplayPipeline::trace_sources() {
  std::vector<flowstats::TraceSource*> sources;
  for (const auto& w : impl_->workers_)
    if (w->trace) sources.push_back(&w->trace->ring());
  return sources;
}

size_t ReplayPipeline::memory_ceiling_bytes() const { return impl_->bytes(); }
void ReplayPipeline::start(bool touch_memory) { impl_->start(touch_memory); }
void ReplayPipeline::request_stop() {
  impl_->control_.stop.store(true, std::memory_order_relaxed);
  release();
}
ReplayProgress ReplayPipeline::progress() const { return impl_->progress(); }
void ReplayPipeline::join() { impl_->join(); }
std::chrono::steady_clock::time_point ReplayPipeline::source_started() const {
  return impl_->source_started();
}
std::optional<Error> ReplayPipeline::source_fault() const { return impl_->source_.fault(); }

uint64_t ReplayPipeline::publish(const ActiveConfig& config) {
  return impl_->config_.publish(config);
}
bool ReplayPipeline::in_force(uint64_t token) { return impl_->config_.in_force(token); }
void ReplayPipeline::hold_at(uint64_t packet) {
  impl_->control_.hold_at.store(packet, std::memory_order_release);
}
bool ReplayPipeline::held() const {
  const uint64_t wanted = impl_->control_.hold_at.load(std::memory_order_relaxed);
  return wanted != ReplayControl::kNoHold &&
         impl_->source_status().held_at.load(std::memory_order_acquire) == wanted;
}
void ReplayPipeline::release() {
  impl_->control_.hold_at.store(ReplayControl::kNoHold, std::memory_order_release);
}

}  // namespace tapstat::dataplane
