#include "dataplane/worker.h"

#include <time.h>

#include <algorithm>

#include <rte_mbuf.h>
#include <rte_prefetch.h>

#include "dataplane/shard.h"

namespace tapstat::dataplane {

using flowstats::Counter;
using flowstats::CounterBlock;
using flowstats::Mode;
using flowstats::Segment;
using flowstats::Timestamp;

namespace {

/// A pause of a loop that has nothing to do; the CPU goes to whoever has.
void nap() {
  constexpr timespec kNap{0, 50'000};
  nanosleep(&kNap, nullptr);
}

void count_received(const Burst& burst, CounterBlock& counters) {
  uint64_t bytes = 0;
  for (uint16_t i = 0; i < burst.count; ++i) bytes += burst.packets[i]->pkt_len;
  counters.add(Counter::rx_packets, burst.count);
  counters.add(Counter::rx_bytes, bytes);
}

void prefetch_headers(const Burst& burst) {
  for (uint16_t i = 0; i < burst.count; ++i)
    rte_prefetch0(rte_pktmbuf_mtod(burst.packets[i], void*));
}

}  // namespace

Worker::Worker(const flowstats::Measurement& measurement, FlowShard& shard, CounterBlock& counters,
               ConfigEpoch& config, uint32_t reader_id, WorkerStatus& status)
    : measurement_(measurement),
      shard_(shard),
      counters_(counters),
      config_(config),
      reader_id_(reader_id),
      status_(status) {}

/// Parses and processes a burst and gives its buffers back.
void Worker::process(const Burst& burst) {
  prefetch_headers(burst);
  const ParseRules rules{measurement_.mode, burst.link_type, measurement_.hash_seed};
  size_t parsed = 0;
  for (uint16_t i = 0; i < burst.count; ++i) {
    Segment& segment = segments_[parsed];
    bool is_ip = false;
    const Counter outcome =
        parse(rules, first_buffer(burst.packets[i]), burst.packets[i]->pkt_len, segment, is_ip);
    if (is_ip) shard_.note_ip_packet(burst.times[i]);
    if (outcome != Counter::analysed_packets) {
      counters_.add(outcome);
      continue;
    }
    segment.time = burst.times[i];
    segment.clock = burst.clocks[i];
    ++parsed;
  }
  shard_.process({segments_.data(), parsed}, config_.current().epoch);
  rte_pktmbuf_free_bulk(const_cast<rte_mbuf**>(burst.packets.data()), burst.count);
  config_.quiescent(reader_id_);
  status_.clock_us.store(burst.clocks[burst.count - 1].us, std::memory_order_relaxed);
  status_.packets_done.store(status_.packets_done.load(std::memory_order_relaxed) + burst.count,
                             std::memory_order_release);
}

/// Tstat judges idle flows by the last frame in file order, corrected mode by the largest time.
void Worker::finish_trace(Timestamp last_frame, Timestamp clock) {
  shard_.finish(measurement_.mode == Mode::tstat ? last_frame : clock, config_.current().epoch);
}

void Worker::rest() {
  config_.quiescent(reader_id_);
  nap();
}

void Worker::run_from_source(ReplaySource& source) {
  config_.online(reader_id_);
  Burst burst;
  for (;;) {
    const ReplaySource::State state = source.receive(burst);
    if (state == ReplaySource::State::packets) {
      count_received(burst, counters_);
      process(burst);
    } else if (state == ReplaySource::State::round_ended) {
      finish_trace(source.last_frame(), source.clock());
    } else if (state == ReplaySource::State::finished) {
      break;
    } else {
      status_.held_at.store(source.holding_at(), std::memory_order_release);
      rest();
    }
  }
  config_.offline(reader_id_);
  status_.finished.store(true, std::memory_order_release);
}

void Worker::run_from_dispatcher(PacketHandoff& handoff) {
  config_.online(reader_id_);
  std::array<HandedPacket, kBurst> handed;
  Burst burst;
  bool finished = false;
  const auto process_collected = [&] {
    if (burst.count > 0) process(burst);
    burst.count = 0;
  };
  while (!finished) {
    const size_t count = handoff.pop(handed);
    if (count == 0) rest();
    for (size_t i = 0; i < count; ++i) {
      const HandedPacket& h = handed[i];
      if (h.mark != HandedPacket::Mark::none) {
        process_collected();
        if (h.mark == HandedPacket::Mark::end_of_round) finish_trace(h.time, h.clock);
        finished = h.mark == HandedPacket::Mark::end_of_run;
        continue;
      }
      if (h.link_type != burst.link_type) process_collected();
      burst.link_type = h.link_type;
      burst.packets[burst.count] = h.packet;
      burst.times[burst.count] = h.time;
      burst.clocks[burst.count++] = h.clock;
    }
    process_collected();
  }
  config_.offline(reader_id_);
  status_.finished.store(true, std::memory_order_release);
}

Dispatcher::Dispatcher(const flowstats::Measurement& measurement, CounterBlock& counters,
                       std::vector<PacketHandoff*> handoffs,
                       const std::vector<WorkerStatus*>& workers, WorkerStatus& status)
    : measurement_(measurement),
      counters_(counters),
      handoffs_(std::move(handoffs)),
      workers_(workers),
      status_(status),
      lots_(handoffs_.size()) {
  for (auto& lot : lots_) lot.reserve(kBurst);
}

void Dispatcher::dispatch(const Burst& burst) {
  prefetch_headers(burst);
  const ParseRules rules{measurement_.mode, burst.link_type, measurement_.hash_seed};
  const auto workers = static_cast<uint32_t>(handoffs_.size());
  Segment segment;
  for (uint16_t i = 0; i < burst.count; ++i) {
    rte_mbuf* packet = burst.packets[i];
    bool is_ip = false;
    const Counter outcome = parse(rules, first_buffer(packet), packet->pkt_len, segment, is_ip);
    if (outcome != Counter::analysed_packets) {
      counters_.add(outcome);
      rte_pktmbuf_free(packet);
      continue;
    }
    lots_[worker_of(segment.hash, workers)].push_back(
        {packet, burst.times[i], burst.clocks[i], HandedPacket::Mark::none, burst.link_type});
    ++handed_;
  }
  for (uint32_t w = 0; w < workers; ++w) {
    handoffs_[w]->push(lots_[w]);
    lots_[w].clear();
  }
}

void Dispatcher::mark_all(HandedPacket::Mark mark, const ReplaySource& source) {
  const HandedPacket packet{nullptr, source.last_frame(), source.clock(), mark, LinkType::ethernet};
  for (PacketHandoff* handoff : handoffs_) handoff->push({&packet, 1});
}

bool Dispatcher::workers_caught_up() const {
  uint64_t done = 0;
  for (const WorkerStatus* w : workers_) done += w->packets_done.load(std::memory_order_acquire);
  return done == handed_;
}

void Dispatcher::run(ReplaySource& source) {
  Burst burst;
  for (;;) {
    const ReplaySource::State state = source.receive(burst);
    if (state == ReplaySource::State::packets) {
      count_received(burst, counters_);
      dispatch(burst);
      status_.clock_us.store(burst.clocks[burst.count - 1].us, std::memory_order_relaxed);
    } else if (state == ReplaySource::State::round_ended) {
      mark_all(HandedPacket::Mark::end_of_round, source);
    } else if (state == ReplaySource::State::finished) {
      break;
    } else {
      if (workers_caught_up())
        status_.held_at.store(source.holding_at(), std::memory_order_release);
      nap();
    }
  }
  mark_all(HandedPacket::Mark::end_of_run, source);
  status_.finished.store(true, std::memory_order_release);
}

}  // namespace tapstat::dataplane
