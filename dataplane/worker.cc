#include "dataplane/worker.h"

#include <rte_mbuf.h>

namespace tapstat::dataplane {

using flowstats::Counter;
using flowstats::CounterBlock;
using flowstats::Mode;
using flowstats::Timestamp;

Worker::Worker(const flowstats::Measurement& measurement, FlowShard& shard, CounterBlock& counters,
               ConfigEpoch& config, uint32_t reader_id, WorkerStatus& status, TraceTap* trace)
    : measurement_(measurement),
      shard_(shard),
      counters_(counters),
      config_(config),
      reader_id_(reader_id),
      status_(status),
      trace_(trace) {}

/// Loops 2 to 5 of a burst whose frames have been located; gives its buffers back.
void Worker::process_located(const Burst& burst) {
  const ParseRules rules{measurement_.mode, burst.link_type, measurement_.hash_seed};
  const FrameBurst frames = frames_.of(burst);
  const ParsedBurst parsed = parse_burst(rules, frames, segments_.data(), counters_);
  if (trace_ != nullptr) trace_->take(burst, frames, {segments_.data(), parsed.segments});
  if (parsed.first_ip != flowstats::kNever) shard_.note_ip_packet(parsed.first_ip);
  const flowstats::ActiveConfig& config = config_.current();
  shard_.follow(config);
  shard_.process({segments_.data(), parsed.segments}, config.epoch);
  rte_pktmbuf_free_bulk(const_cast<rte_mbuf**>(burst.packets.data()), burst.count);
  config_.quiescent(reader_id_);
  status_.rounds.store(status_.rounds.load(std::memory_order_relaxed) + 1,
                       std::memory_order_relaxed);
  status_.clock_us.store(burst.clocks[burst.count - 1].us, std::memory_order_relaxed);
  status_.packets_done.store(status_.packets_done.load(std::memory_order_relaxed) + burst.count,
                             std::memory_order_release);
}

/// Tstat judges idle flows by the last frame in file order, corrected mode by the largest time.
void Worker::finish_trace(Timestamp last_frame, Timestamp clock) {
  shard_.finish(measurement_.mode == Mode::tstat ? last_frame : clock, config_.current().epoch);
}

void Worker::finish() {
  shard_.close_records();
  if (trace_ != nullptr) trace_->finish();
  config_.offline(reader_id_);
  status_.finished.store(true, std::memory_order_release);
}

/// Nothing to process up to `clock`.
void Worker::pass_time(Timestamp clock) {
  if (clock == flowstats::kNever) return;
  shard_.follow(config_.current());
  shard_.pass_time(clock, config_.current().epoch);
  if (trace_ != nullptr) trace_->advance(clock);
}

void Worker::rest(bool may_nap) {
  config_.quiescent(reader_id_);
  status_.rounds.store(status_.rounds.load(std::memory_order_relaxed) + 1,
                       std::memory_order_relaxed);
  idle_.rest(may_nap);
}

void Worker::run_from_source(PacketSource& source) {
  config_.online(reader_id_);
  Burst burst;
  for (;;) {
    const PacketSource::State state = source.receive(burst);
    if (state == PacketSource::State::packets) {
      idle_.worked();
      counters_.add(Counter::rx_bytes, frames_.locate(burst));
      counters_.add(Counter::rx_packets, burst.count);
      process_located(burst);
    } else if (state == PacketSource::State::round_ended) {
      finish_trace(source.last_frame(), source.clock());
    } else if (state == PacketSource::State::finished) {
      break;
    } else {
      status_.held_at.store(source.holding_at(), std::memory_order_release);
      pass_time(source.silent_until());
      rest(source.may_nap());
    }
  }
  finish();
}

/// The dispatcher has counted these packets already. Leaves an empty burst.
void Worker::process_handed(Burst& burst) {
  if (burst.count == 0) return;
  frames_.locate(burst);
  process_located(burst);
  burst.count = 0;
}

/// Everything handed over before the mark has been processed. True at the end of the run.
bool Worker::take_mark(const HandedPacket& mark) {
  switch (mark.mark) {
    case HandedPacket::Mark::none: break;
    case HandedPacket::Mark::first_ip: shard_.note_ip_packet(mark.time); break;
    case HandedPacket::Mark::end_of_round: finish_trace(mark.time, mark.clock); break;
    case HandedPacket::Mark::end_of_run: return true;
  }
  return false;
}

void Worker::run_from_dispatcher(PacketHandoff& handoff) {
  config_.online(reader_id_);
  std::array<HandedPacket, kBurst> handed;
  Burst burst;
  burst.has_hashes = true;
  bool finished = false;
  while (!finished) {
    const Timestamp seen_up_to = handoff.clock();
    const size_t count = handoff.pop(handed);
    if (count == 0) {
      pass_time(seen_up_to);
      rest(true);
      continue;
    }
    idle_.worked();
    for (size_t i = 0; i < count; ++i) {
      const HandedPacket& h = handed[i];
      if (h.mark != HandedPacket::Mark::none) {
        process_handed(burst);
        finished = take_mark(h);
        continue;
      }
      if (h.link_type != burst.link_type) process_handed(burst);
      burst.link_type = h.link_type;
      burst.packets[burst.count] = h.packet;
      burst.times[burst.count] = h.time;
      burst.clocks[burst.count++] = h.clock;
    }
    process_handed(burst);
  }
  finish();
}

}  // namespace tapstat::dataplane
