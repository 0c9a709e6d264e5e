#include "control/supervisor.h"

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <future>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "control/crash_watch.h"
#include "control/ledger.h"
#include "control/liveness.h"
#include "control/number_text.h"
#include "control/option_values.h"
#include "control/probe.h"
#include "control/room_watch.h"
#include "control/write_watch.h"
#include "dataplane/process_pages.h"

namespace tapstat::control {
namespace {

using flowstats::Counter;
using flowstats::CounterBlock;
using flowstats::CounterValues;
using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

/// How often the pipeline is looked at: often at first, so that a short replay ends when it is
/// done.
constexpr milliseconds kLookSoon{1}, kLookLater{10};
constexpr milliseconds kSoon{1'000};
constexpr milliseconds kSecondInterrupt{2'000};
/// What threads that have not crashed get to close their flows, in CrashWatch::kWriteWithin.
constexpr milliseconds kCloseWithin{1'000};

double seconds_between(Clock::time_point from, Clock::time_point to) {
  return std::chrono::duration<double>(to - from).count();
}

/// The trace writer and what only its thread counts.
struct Traces {
  Traces(const exporters::TraceWriterOptions& options, std::vector<flowstats::TraceSource*> sources)
      : writer(options, std::move(sources), counters) {}
  CounterBlock counters;
  exporters::TraceWriter writer;
};

class Run : public Probe {
 public:
  /// `traces` may be nullptr.
  Run(dataplane::PacketPipeline& pipeline, exporters::Writer& writer,
      const CounterBlock& writer_counters, Traces* traces, const SupervisorOptions& options,
      MemoryUse memory, const SignalWatch& signals, const CrashWatch& crashes, Messages& messages)
      : pipeline_(pipeline),
        writer_(writer),
        writer_counters_(writer_counters),
        traces_(traces),
        options_(options),
        memory_(memory),
        signals_(signals),
        crashes_(crashes),
        messages_(messages),
        write_watch_(messages),
        started_(Clock::now()),
        room_(options.writer.base, options.writer.full, writer.room(), messages),
        progress_(messages, options.progress, options.packets_expected, started_) {}

  /// The control plane, if any, outlives the run.
  SupervisorResult until_done(ControlPlane* control) {
    control_ = control;
    writer_.start();
    if (traces_ != nullptr) traces_->writer.start();
    if (!options_.switches.empty()) hold_for_next_switch();
    const auto asked = Clock::now();
    pipeline_.start(memory_.touched);
    std::optional<Liveness> liveness;
    dataplane::PipelineProgress p = progress();
    while (!p.finished) {
      const auto now = Clock::now();
      if (const auto signal = signals_.wait(now - started_ < kSoon ? kLookSoon : kLookLater))
        on_signal(*signal, p);
      if (stop_asked_.exchange(false, std::memory_order_relaxed)) on_signal(SIGTERM, p);
      if (options_.live != nullptr) watch_live(now);
      watch_room(now);
      if (crashes_.has_seen_one()) end_after_crash();
      p = progress();
      if (switch_is_due()) apply_switch(p);
      if (p.started && !liveness && options_.service != nullptr) {
        messages_.result("measuring");
        liveness.emplace(*options_.service, writer_, messages_);
      }
      if (liveness) liveness->update(p, now);
      progress_.update(p, Clock::now());
    }
    if (liveness) liveness->stopping();
    ending_.store(true, std::memory_order_relaxed);
    pipeline_.join();
    progress_.finish();
    SupervisorResult result;
    finish_writing(result);
    if (crashes_.has_seen_one()) stop_now(progress());
    if (control_ != nullptr) control_->stop();
    result.source_started = pipeline_.source_started();
    result.wall_s = seconds_between(result.source_started, Clock::now());
    if (options_.live != nullptr) options_.live->finish();
    p = progress();
    result.counters = all_counters(p);
    result.flows_open = p.flows_open;
    result.interrupted = interrupted_at_.has_value();
    result.groups = writer_.groups();
    result.source_fault = pipeline_.source_fault();
    if (memory_.touched) memory_.touch_s = seconds_between(asked, result.source_started);
    result.memory = memory_;
    return result;
  }

  // Probe, for the control plane's thread.

  [[nodiscard]] ProbeFigures figures() const override {
    const dataplane::PipelineProgress p = progress();
    ProbeFigures f;
    for (const dataplane::WorkerProgress& w : p.workers)
      f.workers.push_back({w.counters, w.flows_open, w.records_queued, w.record_ring});
    f.dispatcher = p.dispatcher;
    f.writer = writers_counters();
    f.clock = p.clock;
    f.uptime_s = seconds_between(started_, Clock::now());
    f.flow_capacity =
        uint64_t{options_.pipeline.measurement.limits.tcp_flows_max} * options_.pipeline.workers;
    f.epoch_written = writer_.epoch();
    f.directory = writer_.directory();
    f.output = room_.figures();
    f.writer_errors = writer_.errors();
    f.command = options_.command;
    f.mode = mode_name(options_.pipeline.measurement.mode);
    f.schema = schema_name(options_.writer.schema);
    f.source = options_.source;
    if (options_.live != nullptr) {
      f.ports = options_.live->ports();
      f.port_counters = options_.live->counters();
    }
    f.ending = ending_.load(std::memory_order_relaxed);
    return f;
  }
  void stop() override { stop_asked_.store(true, std::memory_order_relaxed); }

 private:
  /// A slow disk may take long: signals are heard meanwhile.
  void finish_writing(SupervisorResult& result) {
    const auto done = std::async(std::launch::async, [&] {
      if (traces_ != nullptr) result.traces = traces_->writer.finish();
      result.writer = writer_.finish();
    });
    while (done.wait_for(milliseconds{0}) != std::future_status::ready) {
      if (const auto signal = signals_.wait(kLookSoon)) on_signal(*signal, progress());
      if (stop_asked_.exchange(false, std::memory_order_relaxed)) on_signal(SIGTERM, progress());
      watch_room(Clock::now());
    }
  }

  /// With what the ports lost before anybody received it.
  [[nodiscard]] dataplane::PipelineProgress progress() const {
    dataplane::PipelineProgress p = pipeline_.progress();
    if (options_.live != nullptr) p.counters += options_.live->counters();
    return p;
  }

  void watch_live(Clock::time_point now) {
    write_watch_.update(writer_.error_causes(), now);
    if (traces_ != nullptr) write_watch_.update(traces_->writer.error_causes(), now);
    const bool goes_on = options_.live->update(now);
    const bool is_over = options_.duration && now - started_ >= *options_.duration;
    if ((!goes_on || is_over) && !ended_by_itself_) {
      ended_by_itself_ = true;
      pipeline_.request_stop();
    }
  }

  void watch_room(Clock::time_point now) {
    room_.update({writer_counters_.get(Counter::bytes_written),
                  writer_counters_.get(Counter::bytes_spooled)},
                 now);
  }

  CounterValues all_counters(const dataplane::PipelineProgress& p) const {
    CounterValues values = p.counters;
    values += writers_counters();
    return values;
  }

  CounterValues writers_counters() const {
    CounterValues values = writer_counters_.snapshot();
    if (traces_ != nullptr) values += traces_->counters.snapshot();
    return values;
  }

  void on_signal(int signal, const dataplane::PipelineProgress& p) {
    if (signal == SIGUSR1) return print_status(p);
    if (signal == SIGHUP && control_ != nullptr) return control_->reload();
    const auto now = Clock::now();
    if (signal == SIGINT && interrupted_at_ && now - *interrupted_at_ < kSecondInterrupt)
      stop_now(p);
    interrupted_at_ = now;
    next_switch_ = options_.switches.size();
    room_.stop_waiting();
    pipeline_.request_stop();
  }

  /// The thread that has crashed is not waited for, nor is who waits for it.
  [[noreturn]] void end_after_crash() {
    room_.stop_waiting();
    pipeline_.request_stop();
    const auto closed_at = Clock::now() + kCloseWithin;
    while (!progress().finished && Clock::now() < closed_at)
      std::this_thread::sleep_for(kLookLater);
    SupervisorResult result;
    finish_writing(result);
    stop_now(progress());
  }

  /// Nothing more is waited for, and no destructor meets what a thread has left behind.
  [[noreturn]] void stop_now(const dataplane::PipelineProgress& p) {
    const CounterValues c = all_counters(p);
    const uint64_t written =
        c[Counter::rows_complete_written] + c[Counter::rows_nocomplete_written];
    const uint64_t records = c[Counter::flows_exported] + p.flows_open;
    messages_.error("stopped at once: " + grouped(records > written ? records - written : 0) +
                    " open or recorded flows were not written.");
    std::_Exit(static_cast<int>(flowstats::ExitStatus::internal_error));
  }

  void print_status(const dataplane::PipelineProgress& p) {
    const CounterValues c = all_counters(p);
    std::string block = "status  " + progress_line(progress_.figures(p, Clock::now()));
    for (size_t i = 0; i < flowstats::kCounterCount; ++i) {
      if (c.value[i] == 0) continue;
      const std::string name(flowstats::kCounterTable[i].name);
      block += "\n  " + name + std::string(name.size() < 40 ? 40 - name.size() : 1, ' ') +
               grouped(c.value[i]);
    }
    messages_.status_line(block);
  }

  bool switch_is_due() const { return next_switch_ < options_.switches.size() && pipeline_.held(); }

  void hold_for_next_switch() {
    if (next_switch_ < options_.switches.size())
      pipeline_.hold_at(options_.switches[next_switch_].packet);
    else
      pipeline_.release();
  }

  void apply_switch(const dataplane::PipelineProgress& p) {
    const flowstats::ActiveConfig& config = options_.switches[next_switch_].config;
    writer_.announce_config(config, p.clock);
    const uint64_t token = pipeline_.publish(config);
    while (!pipeline_.in_force(token)) std::this_thread::sleep_for(milliseconds{1});
    ++next_switch_;
    hold_for_next_switch();
  }

  dataplane::PacketPipeline& pipeline_;
  exporters::Writer& writer_;
  const CounterBlock& writer_counters_;
  Traces* traces_;
  const SupervisorOptions& options_;
  MemoryUse memory_;
  const SignalWatch& signals_;
  const CrashWatch& crashes_;
  Messages& messages_;
  WriteWatch write_watch_;
  Clock::time_point started_;
  RoomWatch room_;
  Progress progress_;
  ControlPlane* control_ = nullptr;
  std::atomic<bool> stop_asked_ = false;  // by the control plane
  std::atomic<bool> ending_ = false;
  size_t next_switch_ = 0;
  bool ended_by_itself_ = false;
  std::optional<Clock::time_point> interrupted_at_;
};

/// What the pipeline got, what of it is touched before the first packet, and whether that will do.
flowstats::Result<void> settle_memory(const SupervisorOptions& options,
                                      const dataplane::PacketPipeline& pipeline, MemoryUse& use,
                                      Messages& messages) {
  const flowstats::FlowLimits& limits = options.pipeline.measurement.limits;
  use.ceiling_bytes = pipeline.memory_ceiling_bytes();
  use.pages = flowstats::page_use();
  use.touched = wants_touch(
      options.memory, limits,
      options.endless ? std::numeric_limits<uint64_t>::max() : options.packets_expected);
  std::string note;
  auto settled = check_memory(options.memory, dataplane::memory_available(), use, note);
  if (!settled) return settled;
  messages.result(memory_line(options.memory, use, limits));
  if (!note.empty()) messages.note(note);
  return settled;
}

/// Before anything that takes long: a port that is taken is known at once.
flowstats::Result<std::unique_ptr<ControlPlane>> make_control(const SupervisorOptions& options,
                                                              Messages& messages) {
  if (!options.control) return std::unique_ptr<ControlPlane>{};
  auto control = ControlPlane::create(*options.control, messages);
  if (control)
    messages.result("control " + (*control)->base_url() + " (mPlane, REST); socket " +
                    options.control->server.local_socket->string());
  return control;
}

}  // namespace

flowstats::Result<SupervisorResult> run_packet_pipeline(const MakePipeline& make,
                                                        const BeforePackets& before_packets,
                                                        const SupervisorOptions& options,
                                                        const SignalWatch& signals,
                                                        Messages& messages) {
  const CrashWatch crashes;
  flowstats::set_page_policy(options.memory.huge_pages == HugePages::none
                                 ? flowstats::PagePolicy::ordinary
                                 : flowstats::PagePolicy::automatic);
  auto control = make_control(options, messages);
  if (!control) return tl::make_unexpected(control.error());
  auto pipeline = make();
  if (!pipeline) return tl::make_unexpected(pipeline.error());
  MemoryUse memory;
  if (auto settled = settle_memory(options, **pipeline, memory, messages); !settled)
    return tl::make_unexpected(settled.error());
  CounterBlock writer_counters;
  exporters::Writer writer(
      options.writer, (*pipeline)->record_sources(), writer_counters,
      [&](const std::string& line) { messages.result(line); }, (*pipeline)->exit_sources());
  if (auto opened = writer.open(options.config, options.first_packet); !opened)
    return tl::make_unexpected(opened.error());
  std::optional<Traces> traces;
  if (options.trace) {
    traces.emplace(*options.trace, (*pipeline)->trace_sources());
    if (auto opened = traces->writer.open(); !opened) return tl::make_unexpected(opened.error());
  }
  if (auto ready = before_packets(); !ready) return tl::make_unexpected(ready.error());
  Run run(**pipeline, writer, writer_counters, traces ? &*traces : nullptr, options, memory,
          signals, crashes, messages);
  if (*control) {
    const PacketPath path{**pipeline, writer, options.writer.base, options.first_packet};
    (*control)->start(run, path);
  }
  return run.until_done(control->get());
}

}  // namespace tapstat::control
