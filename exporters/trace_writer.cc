#include "exporters/trace_writer.h"

#include <condition_variable>
#include <exception>
#include <mutex>
#include <thread>
#include <utility>

#include <fmt/format.h>

#include "exporters/trace_merge.h"

namespace tapstat::exporters {

using flowstats::TracedPacket;
using flowstats::TraceSlot;
using flowstats::TraceTally;

namespace {

/// How long it sleeps when the rings are empty.
constexpr std::chrono::milliseconds kIdleWait{1};

}  // namespace

class TraceWriter::Impl {
 public:
  Impl(TraceWriterOptions options, std::vector<flowstats::TraceSource*> sources,
       flowstats::CounterBlock& counters)
      : flush_every_(options.flush),
        traces_(std::move(options.destination), counters, errors_),
        merge_(std::move(sources), options.hold_back) {}
  ~Impl() {
    if (thread_.joinable()) finish();
  }

  flowstats::Result<void> open() { return traces_.open(); }
  void start() {
    thread_ = std::thread{[this] { run(); }};
  }

  [[nodiscard]] const WriteErrors& errors() const { return errors_; }

  TraceReport finish() {
    {
      const std::lock_guard lock{mutex_};
      finishing_ = true;
    }
    wake_.notify_one();
    if (thread_.joinable()) thread_.join();
    return {traces_.published(), errors_.sentences()};
  }

 private:
  /// The trace writer's thread. The last round sees `finishing` and so takes everything there is.
  void run() {
    auto flushed = TraceMerge::Clock::now();
    for (bool last = false; !last;) {
      {
        std::unique_lock lock{mutex_};
        if (!finishing_) wake_.wait_for(lock, kIdleWait, [this] { return finishing_; });
        last = finishing_;
      }
      guarded([this] { drain(); });
      if (const auto now = TraceMerge::Clock::now(); now - flushed >= flush_every_) {
        flushed = now;
        guarded([this] { traces_.flush(); });
      }
    }
    guarded([this] { traces_.finish(); });
  }

  /// Packets of a long burst come without a pause, and then nobody would look at the hours.
  void drain() {
    constexpr unsigned kPacketsBetweenLooks = 1'024;
    unsigned packets = 0;
    while (const TraceSlot* const slot = merge_.next()) {
      if (slot->kind == TraceSlot::Kind::packet)
        traces_.append(*static_cast<const TracedPacket*>(slot));
      else
        traces_.add(*static_cast<const TraceTally*>(slot));
      merge_.pop();
      if (++packets % kPacketsBetweenLooks == 0) traces_.advance(merge_.frontier());
    }
    traces_.advance(merge_.frontier());
  }

  /// Memory or a file system that throws costs what was at hand, not the thread.
  template <class Work>
  void guarded(const Work& work) {
    try {
      work();
    } catch (const std::exception& e) {
      errors_.note(fmt::format("The trace writer was interrupted: {}.", e.what()), 0);
    }
  }

  std::chrono::seconds flush_every_;
  WriteErrors errors_;
  HourlyTraces traces_;  // before start() and after the thread has ended, control's
  TraceMerge merge_;
  std::thread thread_;

  std::mutex mutex_;  // guards finishing_
  std::condition_variable wake_;
  bool finishing_ = false;
};

TraceWriter::TraceWriter(TraceWriterOptions options, std::vector<flowstats::TraceSource*> sources,
                         flowstats::CounterBlock& counters)
    : impl_(std::make_unique<Impl>(std::move(options), std::move(sources), counters)) {}
TraceWriter::~TraceWriter() = default;
flowstats::Result<void> TraceWriter::open() { return impl_->open(); }
void TraceWriter::start() { impl_->start(); }
std::vector<WriteErrors::Cause> TraceWriter::error_causes() const {
  return impl_->errors().causes();
}
TraceReport TraceWriter::finish() { return impl_->finish(); }

}  // namespace tapstat::exporters
