#include "dataplane/dispatcher.h"

#include <utility>

#include <rte_mbuf.h>

#include "dataplane/shard.h"

namespace tapstat::dataplane {

using flowstats::Counter;
using flowstats::CounterBlock;
using flowstats::Timestamp;

Dispatcher::Dispatcher(const flowstats::Measurement& measurement, CounterBlock& counters,
                       std::vector<PacketHandoff*> handoffs,
                       const std::vector<WorkerStatus*>& workers, WorkerStatus& status)
    : measurement_(measurement),
      counters_(counters),
      handoffs_(std::move(handoffs)),
      workers_(workers),
      status_(status),
      lots_(handoffs_.size()) {}

void Dispatcher::dispatch(const Burst& burst) {
  counters_.add(Counter::rx_bytes, frames_.locate(burst));
  counters_.add(Counter::rx_packets, burst.count);
  const ParseRules rules{measurement_.mode, burst.link_type, measurement_.hash_seed};
  const Timestamp first_ip = find_keys(rules, frames_.of(burst), keys_.data());
  if (!ip_seen_ && first_ip != flowstats::kNever) {
    // Whatever it carries, and whoever gets it: all workers count from the same packet.
    ip_seen_ = true;
    mark_all(HandedPacket::Mark::first_ip, first_ip, burst.clocks[0]);
  }
  sort_into_lots(burst);
  const bool is_time = ++bursts_ % kBurstsBetweenHandOvers == 0;
  for (size_t w = 0; w < lots_.size(); ++w)
    if (is_time || lots_[w].count >= kLotMin) hand_over(w);
  note_clocks(burst.clocks[burst.count - 1]);
}

void Dispatcher::sort_into_lots(const Burst& burst) {
  std::array<rte_mbuf*, kBurst> dropped;
  unsigned dropped_count = 0;
  const auto workers = static_cast<uint32_t>(lots_.size());
  Lot* const lots = lots_.data();
  for (uint16_t i = 0; i < burst.count; ++i) {
    rte_mbuf* const packet = burst.packets[i];
    const PacketKey& key = keys_[i];
    if (key.outcome != Counter::analysed_packets) [[unlikely]] {
      counters_.add(key.outcome);
      dropped[dropped_count++] = packet;
      continue;
    }
    set_flow_hash(packet, key.hash);
    Lot& lot = lots[worker_of(key.hash, workers)];
    lot.packets[lot.count++] = {packet, burst.times[i], burst.clocks[i], HandedPacket::Mark::none,
                                burst.link_type};
  }
  sorted_ += burst.count - dropped_count;
  if (dropped_count > 0) rte_pktmbuf_free_bulk(dropped.data(), dropped_count);
}

void Dispatcher::note_clocks(Timestamp clock) {
  for (size_t w = 0; w < lots_.size(); ++w)
    if (lots_[w].count == 0) handoffs_[w]->advance(clock);
}

void Dispatcher::hand_over(size_t worker) {
  Lot& lot = lots_[worker];
  if (lot.count == 0) return;
  const size_t taken = handoffs_[worker]->push({lot.packets.data(), lot.count});
  if (taken < lot.count) drop({lot.packets.data() + taken, lot.count - taken});
  lot.count = 0;
}

/// The ring of a worker is full, and a live port does not wait.
[[gnu::noinline, gnu::cold]] void Dispatcher::drop(std::span<const HandedPacket> packets) {
  counters_.add(Counter::dropped_ring_full, packets.size());
  sorted_ -= packets.size();
  for (const HandedPacket& p : packets) rte_pktmbuf_free(p.packet);
}

void Dispatcher::hand_over() {
  for (size_t w = 0; w < lots_.size(); ++w) hand_over(w);
}

/// Behind everything that was dispatched before.
void Dispatcher::mark_all(HandedPacket::Mark mark, Timestamp time, Timestamp clock) {
  hand_over();
  const HandedPacket packet{nullptr, time, clock, mark, LinkType::ethernet};
  for (PacketHandoff* handoff : handoffs_) handoff->push_mark(packet);
}

bool Dispatcher::workers_caught_up() const {
  uint64_t done = 0;
  for (const WorkerStatus* w : workers_) done += w->packets_done.load(std::memory_order_acquire);
  return done == sorted_;
}

void Dispatcher::run(PacketSource& source) {
  Burst burst;
  for (;;) {
    const PacketSource::State state = source.receive(burst);
    status_.rounds.store(status_.rounds.load(std::memory_order_relaxed) + 1,
                         std::memory_order_relaxed);
    if (state == PacketSource::State::packets) {
      idle_.worked();
      dispatch(burst);
      status_.clock_us.store(burst.clocks[burst.count - 1].us, std::memory_order_relaxed);
    } else if (state == PacketSource::State::round_ended) {
      mark_all(HandedPacket::Mark::end_of_round, source.last_frame(), source.clock());
      ip_seen_ = false;
    } else if (state == PacketSource::State::finished) {
      break;
    } else {
      hand_over();
      if (source.silent_until() != flowstats::kNever) note_clocks(source.silent_until());
      if (workers_caught_up())
        status_.held_at.store(source.holding_at(), std::memory_order_release);
      idle_.rest(source.may_nap());
    }
  }
  mark_all(HandedPacket::Mark::end_of_run, source.last_frame(), source.clock());
  status_.finished.store(true, std::memory_order_release);
}

}  // namespace tapstat::dataplane
