#include "dataplane/packet_pipeline.h"

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
#include "dataplane/exit_followers.h"
#include "dataplane/flow_shard.h"
#include "dataplane/packet_handoff.h"
#include "dataplane/packet_source.h"
#include "dataplane/port_queue.h"
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

/// Packets on their way to a worker: few while the source can wait, else what a live port's buffers
/// allow for.
constexpr uint32_t kHandoffRing = 1'024, kLiveHandoffRing = kInFlightPerWorker / 2;
constexpr unsigned kFirstLcore = 1;  // lcore 0 is the control thread

}  // namespace

/// What the sources are like.
struct Nature {
  bool is_live = false;            // packets do not wait
  bool frames_may_be_cut = false;  // shorter than on the wire

  [[nodiscard]] RecordRing::WhenFull record_ring_full() const {
    return is_live ? RecordRing::WhenFull::drop : RecordRing::WhenFull::wait;
  }
};

/// Everything one worker owns, and what control reads of it.
struct WorkerSet {
  WorkerSet(const PipelineOptions& options, const Nature& nature, ConfigEpoch& config, uint32_t id)
      : records(options.record_ring, nature.record_ring_full()),
        exits(options.measurement.exit_records.enabled
                  ? std::make_unique<ExitFeed>(kExitFeedUnits,
                                               options.measurement.limits.tcp_flows_max,
                                               nature.record_ring_full(), counters)
                  : nullptr),
        shard(options.measurement, options.internal, records, counters, exits.get()),
        trace(options.trace
                  ? std::make_unique<TraceTap>(
                        *options.trace, options.measurement.limits.tcp_flows_max,
                        nature.frames_may_be_cut,
                        nature.is_live ? PacketRing::WhenFull::drop : PacketRing::WhenFull::wait,
                        counters)
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
  std::unique_ptr<ExitFeed> exits;  // may be absent
  FlowShard shard;
  std::unique_ptr<TraceTap> trace;  // may be absent
  Worker worker;
};

class PacketPipeline::Impl {
 public:
  /// One source, or one for each worker.
  Impl(const PipelineOptions& options, const ActiveConfig& config, Nature nature,
       std::unique_ptr<SourceControl> control, std::vector<std::unique_ptr<PacketSource>> sources)
      : control_(std::move(control)),
        sources_(std::move(sources)),
        config_(config, options.workers) {
    TAPSTAT_ASSERT(sources_.size() == 1 || sources_.size() == options.workers);
    for (uint32_t id = 0; id < options.workers; ++id)
      workers_.push_back(std::make_unique<WorkerSet>(options, nature, config_, id));
    std::vector<ExitFeed*> feeds;
    for (const auto& w : workers_)
      if (w->exits) feeds.push_back(w->exits.get());
    followers_ = std::make_unique<ExitFollowers>(
        options.measurement, options.internal, feeds,
        ExitFollowers::Options{options.record_ring, nature.record_ring_full()});
    if (sources_.size() == options.workers) return;
    std::vector<PacketHandoff*> handoffs;
    for (const auto& w : workers_) {
      handoffs.push_back(
          handoffs_
              .emplace_back(std::make_unique<PacketHandoff>(
                  nature.is_live ? kLiveHandoffRing : kHandoffRing,
                  nature.is_live ? PacketHandoff::WhenFull::drop : PacketHandoff::WhenFull::wait))
              .get());
      statuses_.push_back(&w->status);
    }
    dispatcher_ = std::make_unique<Dispatcher>(options.measurement, dispatcher_counters_,
                                               std::move(handoffs), statuses_, dispatcher_status_);
  }

  void start(bool touch_memory) {
    touch_memory_ = touch_memory;
    unsigned lcore = kFirstLcore;
    if (dispatcher_)
      launch(
          lcore++,
          [](Impl& self, size_t) {
            self.wait_until_all_are_ready();
            self.dispatcher_->run(*self.sources_.front());
          },
          0);
    for (size_t i = 0; i < workers_.size(); ++i)
      launch(
          lcore++,
          [](Impl& self, size_t w) {
            self.make_ready(*self.workers_[w]);
            if (self.dispatcher_) {
              self.workers_[w]->worker.run_from_dispatcher(*self.handoffs_[w]);
            } else {
              self.wait_until_all_are_ready(w == 0);
              self.workers_[w]->worker.run_from_source(*self.sources_[w]);
            }
          },
          i);
    for (size_t i = 0; i < followers_->size(); ++i)
      launch(
          lcore++,
          [](Impl& self, size_t f) {
            self.make_ready((*self.followers_)[f]);
            (*self.followers_)[f].run();
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

  [[nodiscard]] PipelineProgress progress() const {
    PipelineProgress p;
    p.started = has_started_.load(std::memory_order_acquire);
    p.finished = followers_->finished();
    p.clock = Timestamp{dispatcher_status_.clock_us.load(std::memory_order_relaxed)};
    for (const auto& w : workers_) {
      p.finished &= w->status.finished.load(std::memory_order_acquire);
      p.workers.push_back({w->counters.snapshot(), w->shard.flows_open(), w->records.queued(),
                           w->records.capacity(),
                           w->status.rounds.load(std::memory_order_relaxed)});
      WorkerProgress& worker = p.workers.back();
      followers_->add_counters(p.workers.size() - 1, worker.counters);
      p.flows_open += worker.flows_open;
      p.clock = std::max(p.clock, Timestamp{w->status.clock_us.load(std::memory_order_relaxed)});
      p.counters += worker.counters;
    }
    p.dispatcher = dispatcher_counters_.snapshot();
    if (dispatcher_)
      p.dispatcher_rounds = dispatcher_status_.rounds.load(std::memory_order_relaxed);
    p.counters += p.dispatcher;
    return p;
  }

  [[nodiscard]] const WorkerStatus& source_status() const {
    return dispatcher_ ? dispatcher_status_ : workers_.front()->status;
  }

  [[nodiscard]] size_t bytes() const {
    size_t sum = followers_->bytes();
    for (const auto& s : sources_) sum += s->bytes();
    for (const auto& w : workers_) sum += w->bytes();
    for (const auto& h : handoffs_) sum += h->bytes();
    return sum;
  }

  /// Of the source's lcore; read by control after the run.
  [[nodiscard]] std::chrono::steady_clock::time_point source_started() const {
    return source_started_;
  }

  std::unique_ptr<SourceControl> control_;
  std::vector<std::unique_ptr<PacketSource>> sources_;
  ReplaySource* replay_ = nullptr;  // one of them, if it is a replay
  ConfigEpoch config_;
  std::vector<std::unique_ptr<WorkerSet>> workers_;
  std::unique_ptr<ExitFollowers> followers_;

 private:
  using Job = void (*)(Impl&, size_t);
  struct LcoreJob {
    Impl& self;
    Job run;
    size_t index;
    unsigned lcore;
    std::atomic<bool> returned = false;  // says to the thread sanitizer what DPDK's wait does
  };

  /// On the owner's lcore: the first touch decides on which memory node a page lies.
  template <class Owner>
  void make_ready(Owner& owner) {
    if (touch_memory_) owner.touch();
    ready_.fetch_add(1, std::memory_order_release);
  }
  /// On the source's lcore: no packet before all memory is there.
  void wait_until_all_are_ready(bool is_first_source = true) {
    constexpr timespec kNap{0, 100'000};
    while (ready_.load(std::memory_order_acquire) < workers_.size() + followers_->size())
      nanosleep(&kNap, nullptr);
    if (!is_first_source) return;
    source_started_ = std::chrono::steady_clock::now();
    has_started_.store(true, std::memory_order_release);
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
  std::atomic<bool> has_started_ = false;
  std::atomic<size_t> ready_ = 0;                         // workers and followers
  std::chrono::steady_clock::time_point source_started_;  // written by the source's lcore
};

Result<std::unique_ptr<PacketPipeline>> PacketPipeline::replay(
    const std::vector<CaptureFile>& captures, const ReplayOptions& replay,
    const PipelineOptions& options, const ActiveConfig& config) {
  auto time_field = PacketTimeField::find();
  if (!time_field) return tl::make_unexpected(time_field.error());
  auto readers = CaptureReaders::create(replay.reader, captures, *time_field,
                                        lcores_needed(options) + 1, options.workers);
  if (!readers) return tl::make_unexpected(readers.error());
  Nature nature;
  nature.frames_may_be_cut =
      std::ranges::any_of(captures, [](const CaptureFile& c) { return c.snapped_packets > 0; });
  auto control = std::make_unique<SourceControl>();
  auto source = std::make_unique<ReplaySource>(captures, std::move(*readers), *time_field,
                                               replay.loops, replay.speed, *control);
  ReplaySource* const replayed = source.get();
  std::vector<std::unique_ptr<PacketSource>> sources;
  sources.push_back(std::move(source));
  auto impl =
      std::make_unique<Impl>(options, config, nature, std::move(control), std::move(sources));
  impl->replay_ = replayed;
  return std::unique_ptr<PacketPipeline>(new PacketPipeline(std::move(impl)));
}

Result<std::unique_ptr<PacketPipeline>> PacketPipeline::live(LivePorts& ports,
                                                             const PipelineOptions& options,
                                                             const ActiveConfig& config) {
  auto control = std::make_unique<SourceControl>();
  auto sources = ports.sources(*control);
  const Nature nature{.is_live = true, .frames_may_be_cut = ports.frames_may_be_cut()};
  return std::unique_ptr<PacketPipeline>(new PacketPipeline(
      std::make_unique<Impl>(options, config, nature, std::move(control), std::move(sources))));
}

PacketPipeline::PacketPipeline(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
PacketPipeline::~PacketPipeline() = default;

unsigned PacketPipeline::lcores_needed(const PipelineOptions& options) {
  const unsigned dispatchers = options.workers == 1 ? 0 : 1;
  return dispatchers + options.workers +
         ExitFollowers::threads(options.workers, options.measurement.exit_records.enabled);
}

std::vector<flowstats::RecordSource*> PacketPipeline::record_sources() {
  std::vector<flowstats::RecordSource*> sources;
  for (const auto& w : impl_->workers_) sources.push_back(&w->records);
  return sources;
}

std::vector<flowstats::RecordSource*> PacketPipeline::exit_sources() {
  return impl_->followers_->sources();
}

std::vector<flowstats::TraceSource*> PacketPipeline::trace_sources() {
  std::vector<flowstats::TraceSource*> sources;
  for (const auto& w : impl_->workers_)
    if (w->trace) sources.push_back(&w->trace->ring());
  return sources;
}

size_t PacketPipeline::memory_ceiling_bytes() const { return impl_->bytes(); }
void PacketPipeline::start(bool touch_memory) { impl_->start(touch_memory); }
void PacketPipeline::request_stop() {
  impl_->control_->stop.store(true, std::memory_order_relaxed);
  release();
}
PipelineProgress PacketPipeline::progress() const { return impl_->progress(); }
void PacketPipeline::join() { impl_->join(); }
std::chrono::steady_clock::time_point PacketPipeline::source_started() const {
  return impl_->source_started();
}
std::optional<Error> PacketPipeline::source_fault() const {
  return impl_->replay_ == nullptr ? std::nullopt : impl_->replay_->fault();
}

uint64_t PacketPipeline::publish(const ActiveConfig& config) {
  return impl_->config_.publish(config);
}
bool PacketPipeline::in_force(uint64_t token) { return impl_->config_.in_force(token); }
void PacketPipeline::hold_at(uint64_t packet) {
  impl_->control_->hold_at.store(packet, std::memory_order_release);
}
bool PacketPipeline::held() const {
  const uint64_t wanted = impl_->control_->hold_at.load(std::memory_order_relaxed);
  return wanted != SourceControl::kNoHold &&
         impl_->source_status().held_at.load(std::memory_order_acquire) == wanted;
}
void PacketPipeline::release() {
  impl_->control_->hold_at.store(SourceControl::kNoHold, std::memory_order_release);
}

}  // namespace tapstat::dataplane
