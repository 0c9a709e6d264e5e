#include "control/bench_worker.h"

#include <sched.h>
#include <time.h>

#include <algorithm>

#include "exporters/tstat_log.h"

namespace tapstat::control {
namespace {

using dataplane::FrameInMemory;
using dataplane::LabLoad;
using flowstats::Counter;

constexpr size_t kRecordsKept = 4096;  // the latest, for the rows
constexpr size_t kRowsPerPiece = 256;
constexpr size_t kDrainBatch = 256;
constexpr size_t kPiecesReserved = 1 << 16;
constexpr int kPiecesMin = 3;  // of each kind in a round, however short it is
// Of a round.
constexpr double kPathShare = 0.45, kShortFlowsShare = 0.2, kFloorShare = 0.27, kRowsShare = 0.08;
constexpr uint32_t kShortReplicas = 1U << 31;  // first of them: addresses that nobody else has

double cpu_ns() {
  timespec t{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) * 1e9 + static_cast<double>(t.tv_nsec);
}

/// True when this thread has the CPU from now on.
bool pin_to(int cpu) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(static_cast<size_t>(cpu), &set);
  return sched_setaffinity(0, sizeof set, &set) == 0;
}

}  // namespace

BenchWorker::BenchWorker(const BenchWorkerPlan& plan, const BenchTraffic& traffic,
                         BenchShared& shared, BenchWorkerStatus& status)
    : plan_(plan),
      shared_(shared),
      status_(status),
      path_(plan.measurement, traffic.capture.link_type()),
      floor_({plan.measurement.mode, traffic.capture.link_type(), plan.measurement.hash_seed},
             plan.floor_flows_max),
      path_load_(traffic.capture, plan.first_replica, plan.replicas),
      floor_load_(traffic.capture, plan.first_replica, plan.replicas),
      short_flows_(traffic.short_flows),
      drained_(kDrainBatch) {
  if (plan.cpu && pin_to(*plan.cpu)) result_.cpu = plan.cpu;
  result_.table_bytes = path_.bytes();
  result_.flow_bytes = flow_bytes(traffic.capture.link_type());
  if (short_flows_)
    short_load_.emplace(short_flows_->capture(), kShortReplicas + plan.first_replica,
                        plan.short_replicas);
  result_.path.reserve(kPiecesReserved);
  result_.floor.reserve(kPiecesReserved);
  result_.flows_open.reserve(kPiecesReserved);
  result_.trackers.reserve(kPiecesReserved);
  records_.reserve(kRecordsKept);
}

template <class Work>
Piece BenchWorker::timed(Work work) const {
  Piece piece;
  const auto counted_before = hardware_.read();
  const double before = cpu_ns();
  work();
  piece.ns = cpu_ns() - before;
  if (const auto counted = hardware_.read(); counted && counted_before) {
    piece.instructions = static_cast<double>(counted->instructions - counted_before->instructions);
    piece.cycles = static_cast<double>(counted->cycles - counted_before->cycles);
  }
  return piece;
}

template <class Step>
void BenchWorker::repeat_for(double seconds, Step step) {
  const auto until = Clock::now() + std::chrono::duration<double>(seconds);
  for (int done = 0; !stopped() && (done < kPiecesMin || Clock::now() < until); ++done) step();
}

/// Empties the ring as the writer would and keeps the latest records for the rows.
void BenchWorker::keep_records() {
  while (const size_t count = path_.drain(drained_)) {
    for (size_t i = 0; i < count; ++i) {
      if (records_.size() < kRecordsKept)
        records_.push_back(drained_[i]);
      else
        records_[next_kept_++ % kRecordsKept] = drained_[i];
    }
  }
}

void BenchWorker::warm_path() {
  while (!path_load_.is_busy() && !stopped()) {
    path_.process(path_load_.fill());
    keep_records();
    status_.warmed.store(path_load_.warmed(), std::memory_order_relaxed);
  }
}

/// Only who is known matters, so the floor passes over the first part quickly.
void BenchWorker::warm_floor() {
  while (!floor_load_.is_busy() && !stopped()) {
    const auto frames = floor_load_.fill();
    for (size_t i = 0; i < frames.size(); ++i) {
      if (floor_load_.source(i).first_of_flow) floor_.add(frames[i]);
      if (floor_load_.source(i).last_of_flow) floor_.remove(frames[i]);
    }
  }
}

void BenchWorker::path_piece() {
  const auto frames = path_load_.fill();
  if (frames.empty()) {
    path_.finish();
    keep_records();
    if (short_load_) short_load_->restart();
    short_flows_open_ = 0;
    warm_path();
    return;
  }
  Piece piece = timed([&] { path_.process(frames); });
  piece.items = static_cast<uint32_t>(frames.size());
  piece.wire_bytes = path_load_.wire_bytes();
  now_ = {frames.back().time_us};
  result_.path.push_back(piece);
  result_.flows_open.push_back(static_cast<double>(path_.flows_open() - short_flows_open_));
  result_.trackers.push_back(static_cast<double>(path_.trackers_in_use()));
  status_.packets.fetch_add(frames.size(), std::memory_order_relaxed);
  keep_records();
}

/// At the load's own time, among its flows.
void BenchWorker::short_flows_piece() {
  if (!short_load_) return;
  const auto frames = short_load_->fill_at(now_);
  if (frames.empty()) return;
  const uint64_t open_before = path_.flows_open();
  Piece piece = timed([&] { path_.process(frames); });
  short_flows_open_ += path_.flows_open() - open_before;  // may count down, modulo 2^64
  piece.items = static_cast<uint32_t>(frames.size());
  result_.short_flows[short_flows_->place_of(short_load_->source(0))].push_back(piece);
  keep_records();
}

void BenchWorker::floor_piece() {
  const auto frames = floor_load_.fill();
  if (frames.empty()) {
    floor_.clear();
    warm_floor();
    return;
  }
  for (size_t i = 0; i < frames.size(); ++i)
    if (floor_load_.source(i).first_of_flow) floor_.add(frames[i]);
  Piece piece = timed([&] { floor_.process(frames); });
  for (size_t i = 0; i < frames.size(); ++i)
    if (floor_load_.source(i).last_of_flow) floor_.remove(frames[i]);
  piece.items = static_cast<uint32_t>(frames.size());
  result_.floor.push_back(piece);
}

void BenchWorker::rows_piece() {
  if (records_.empty()) return;
  const exporters::LogShape shape{flowstats::Schema::mplane, flowstats::Log::tcp_complete,
                                  flowstats::GroupMask::all()};
  text_.clear();
  Piece piece = timed([&] {
    for (size_t i = 0; i < kRowsPerPiece; ++i)
      append_row(text_, shape, records_[next_row_++ % records_.size()]);
  });
  piece.items = kRowsPerPiece;
  piece.wire_bytes = text_.size();
  result_.rows.push_back(piece);
}

/// What the shard reserves for its flows, beyond what it has for a single one.
uint64_t BenchWorker::flow_bytes(dataplane::LinkType link_type) const {
  flowstats::Measurement single = plan_.measurement;
  single.limits.tcp_flows_max = 1;
  return path_.bytes() - dataplane::FramePath(single, link_type).bytes();
}

BenchWorkerResult BenchWorker::run() {
  warm_path();
  warm_floor();
  shared_.ready.arrive_and_wait();
  const double round = plan_.seconds / plan_.rounds;
  for (unsigned i = 0; i < plan_.rounds && !stopped(); ++i) {
    repeat_for(round * kPathShare, [this] { path_piece(); });
    if (short_load_) repeat_for(round * kShortFlowsShare, [this] { short_flows_piece(); });
    repeat_for(round * kFloorShare, [this] { floor_piece(); });
    repeat_for(round * kRowsShare, [this] { rows_piece(); });
    if (!stopped()) status_.rounds_done.store(i + 1, std::memory_order_relaxed);
  }
  if (result_.rows.empty()) {  // no flow has ended so far
    path_.finish();
    keep_records();
    repeat_for(round * kRowsShare, [this] { rows_piece(); });
  }
  result_.flows_refused = path_.counters().get(Counter::flows_refused_table_full);
  result_.floor_missed = floor_.missed();
  return std::move(result_);
}

}  // namespace tapstat::control
