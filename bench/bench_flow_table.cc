/// Measures how flows are found, come and go: the index beside DPDK's rte_hash, turn-over, and the
/// pauses that housekeeping makes.
///
/// The index is the first random memory access of a packet, so everything depends on how many cache
/// misses overlap. lookup_hit and lookup_miss: bursts of 32 and 64 in the stages of a worker
/// (prefetch the buckets, then the candidates' first lines, then compare), the same without
/// prefetching, and rte_hash. insert_remove: the index alone. turnover: a whole flow of four
/// packets through a shard, for each flow. wheel: a shard whose flows are all alive, and one whose
/// flows all expire at once, with the longest and the 99.9th percentile pause of a burst.
/// sweep_turn: the longest pause of tstat mode. Keys are uniformly random.
#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>
#include <rte_hash.h>

#include "bench/cpu_timer.h"
#include "bench/random.h"
#include "dataplane/eal.h"
#include "dataplane/flow_shard.h"
#include "dataplane/flow_table.h"

namespace tapstat::bench {
namespace {

using flowstats::FiveTuple;
using flowstats::IpAddress;
using flowstats::kNoEntry;
using flowstats::Mode;
using flowstats::Segment;
namespace tcp_flag = flowstats::tcp_flag;

constexpr uint64_t kSeed = flowstats::Measurement{}.hash_seed;
constexpr size_t kBurst = 32;  // the worker's

FiveTuple tuple_number(uint32_t i) {
  return flowstats::make_tuple(
             {IpAddress::v4(0x0a000000U + i / 16'384), static_cast<uint16_t>(1024 + i % 16'384)},
             {IpAddress::v4(0xc6120000U + i % 4096), 443}, flowstats::kProtocolTcp,
             flowstats::IpVersion::v4)
      .tuple;
}

struct Key {
  FiveTuple tuple;
  uint64_t hash;
};

class Keys {
 public:
  Keys(uint32_t first, uint32_t count, size_t burst)
      : first_(first), count_(count), burst_(burst) {}
  /// A burst of random keys, hashed.
  const std::vector<Key>& next() {
    for (Key& key : burst_) {
      key.tuple = tuple_number(first_ + random_.below(count_));
      key.hash = hash_tuple(key.tuple, kSeed);
    }
    return burst_;
  }

 private:
  uint32_t first_, count_;
  Random random_{3};
  std::vector<Key> burst_;
};

/// The index with entries of one line each.
class FilledTable {
 public:
  explicit FilledTable(uint32_t flows) : table(flows + 1), entries(flows + 1) {
    for (uint32_t i = 0; i < flows; ++i) {
      entries[i].tuple = tuple_number(i);
      table.insert(i, hash_tuple(entries[i].tuple, kSeed));
    }
  }
  struct alignas(64) Entry {
    FiveTuple tuple;
    uint64_t packets = 0;
  };
  dataplane::FlowTable table;
  flowstats::Arena<Entry> entries;
};

/// Key making and hashing are part of every case alike; `keys_only` is their cost.
void keys_only(benchmark::State& state, uint32_t flows) {
  Keys keys(0, flows, kBurst);
  for (auto _ : state) benchmark::DoNotOptimize(keys.next().data());
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(kBurst));
}

void lookup(benchmark::State& state, uint32_t flows, bool hit, size_t burst_size, bool prefetch) {
  FilledTable filled(flows);
  Keys keys(hit ? 0 : flows, flows, burst_size);
  uint64_t found = 0;
  for (auto _ : state) {
    const auto& burst = keys.next();
    if (prefetch) {
      for (const Key& key : burst) filled.table.prefetch(key.hash);
      for (const Key& key : burst)
        if (const uint32_t entry = filled.table.candidate(key.hash); entry != kNoEntry)
          __builtin_prefetch(&filled.entries[entry], 1);
    }
    for (const Key& key : burst) {
      const uint32_t entry = filled.table.find(
          key.hash, [&](uint32_t e) { return filled.entries[e].tuple == key.tuple; });
      if (entry == kNoEntry) continue;
      ++found;
      ++filled.entries[entry].packets;
    }
  }
  const auto looked_up = static_cast<uint64_t>(state.iterations()) * burst_size;
  if (found != (hit ? looked_up : 0))
    state.SkipWithError("the table found what is not there, or not what is");
  state.SetItemsProcessed(static_cast<int64_t>(looked_up));
  state.counters["longest_probe"] = filled.table.probe_max();
  state.counters["bytes_per_flow"] = static_cast<double>(filled.table.bytes()) / flows;
}

void insert_remove(benchmark::State& state, uint32_t flows) {
  FilledTable filled(flows);
  Keys keys(flows, flows, kBurst);
  for (auto _ : state)
    for (const Key& key : keys.next()) {
      filled.table.insert(flows, key.hash);
      filled.table.erase(flows, key.hash);
    }
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(kBurst));
}

/// rte_hash takes its memory and its locks from EAL.
bool eal_runs() {
  static const auto eal =
      dataplane::start_eal({.worker_lcores = 1, .memory_mib = 512, .verbose = false});
  return eal.has_value();
}

struct FreeHash {
  void operator()(rte_hash* hash) const { rte_hash_free(hash); }
};

std::unique_ptr<rte_hash, FreeHash> filled_rte_hash(uint32_t flows) {
  rte_hash_parameters parameters{};
  parameters.name = "bench";
  parameters.entries = flows + flows / 4;
  parameters.key_len = sizeof(FiveTuple);
  parameters.hash_func = [](const void* key, uint32_t, uint32_t) {
    return static_cast<uint32_t>(hash_tuple(*static_cast<const FiveTuple*>(key), kSeed));
  };
  std::unique_ptr<rte_hash, FreeHash> hash(rte_hash_create(&parameters));
  if (!hash) return hash;
  for (uint32_t i = 0; i < flows; ++i) {
    const FiveTuple tuple = tuple_number(i);
    rte_hash_add_key_data(hash.get(), &tuple, reinterpret_cast<void*>(uintptr_t{i} + 1));
  }
  return hash;
}

void rte_hash_lookup(benchmark::State& state, uint32_t flows, bool bulk) {
  const auto hash = eal_runs() ? filled_rte_hash(flows) : nullptr;
  if (!hash) return state.SkipWithError("no memory for rte_hash");
  Keys keys(0, flows, kBurst);
  std::vector<const void*> pointers(kBurst);
  std::vector<void*> values(kBurst);
  for (auto _ : state) {
    const auto& burst = keys.next();
    uint64_t hits = 0;
    if (bulk) {
      for (size_t i = 0; i < kBurst; ++i) pointers[i] = &burst[i].tuple;
      rte_hash_lookup_bulk_data(hash.get(), pointers.data(), kBurst, &hits, values.data());
    } else {
      for (size_t i = 0; i < kBurst; ++i)
        rte_hash_lookup_with_hash_data(hash.get(), &burst[i].tuple,
                                       static_cast<uint32_t>(burst[i].hash), &values[i]);
    }
    benchmark::DoNotOptimize(values.data());
  }
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(kBurst));
}

/// A shard with connections that are open and silent, and packets by the burst.
class Shard {
 public:
  Shard(Mode mode, uint32_t resident, uint32_t room)
      : measurement_(measurement_for(mode, resident + room)),
        ring_(kRing, dataplane::RecordRing::WhenFull::drop),
        shard_(measurement_, internal_, ring_, counters_),
        drained_(kRing) {
    shard_.note_ip_packet(now);
    // The first records touch memory for the first time, which is no pause of the timers.
    for (uint32_t flow = 0; flow < kRing; ++flow) {
      add(resident + flow, 0, tcp_flag::kSyn, 100, 0);
      add(resident + flow, 0, tcp_flag::kRst, 100, 0);
    }
    flush();
    drain();
    for (uint32_t flow = 0; flow < resident; ++flow) {
      add(flow, 0, tcp_flag::kSyn, 100, 0);
      add(flow, 1, tcp_flag::kSyn | tcp_flag::kAck, 500, 101);
      add(flow, 0, tcp_flag::kAck, 101, 501);
    }
    flush();
  }

  /// Side 1 is the one that answers. Bursts go to the shard as they are full.
  void add(uint32_t flow, int side, unsigned flags, uint32_t seq, uint32_t ack) {
    Segment s;
    s.tuple = tuple_number(flow);
    s.hash = hash_tuple(s.tuple, kSeed);
    s.time = s.clock = now;
    s.seq = seq;
    s.ack = ack;
    s.window = 1000;
    s.ttl = 64;
    s.flags = static_cast<uint8_t>(flags);
    s.direction = side == 0 ? flowstats::Direction::from_a : flowstats::Direction::from_b;
    burst_[count_++] = s;
    if (count_ == kBurst) flush();
  }
  void flush() {
    shard_.process({burst_.data(), count_}, 1);
    count_ = 0;
  }
  size_t drain() { return flowstats::take_flows(ring_, scratch_, drained_); }
  [[nodiscard]] uint64_t count(flowstats::Counter counter) const { return counters_.get(counter); }
  [[nodiscard]] uint64_t flows_open() const { return shard_.flows_open(); }

  flowstats::Timestamp now{1'600'000'000'000'000};

 private:
  static constexpr uint32_t kRing = 1 << 10;  // records

  static flowstats::Measurement measurement_for(Mode mode, uint32_t flows) {
    flowstats::Measurement measurement;
    measurement.mode = mode;
    measurement.inspection.enabled = false;  // bench_layer7 measures that
    measurement.limits.tcp_flows_max = flows;
    measurement.limits.segment_records_max = 4 * flows;
    return measurement;
  }

  flowstats::Measurement measurement_;
  flowstats::NetworkList internal_;
  flowstats::CounterBlock counters_;
  dataplane::RecordRing ring_;
  dataplane::FlowShard shard_;
  std::array<Segment, kBurst> burst_;
  size_t count_ = 0;
  std::vector<flowstats::TcpRecord> drained_;
  flowstats::RecordBuffer scratch_{flowstats::record_units(flowstats::kRecordBytesMax), 1};
};

/// Beside `flows` open connections: SYN, answer, acknowledgment, RST, record. Several connections
/// interleave, as they do on a link.
void turnover(benchmark::State& state, uint32_t flows) {
  constexpr uint32_t kTogether = 256;
  Shard shard(Mode::corrected, flows, 1'000);
  uint32_t next = flows;
  uint64_t records = 0;
  for (auto _ : state) {
    for (uint32_t i = 0; i < kTogether; ++i) shard.add(next + i, 0, tcp_flag::kSyn, 100, 0);
    for (uint32_t i = 0; i < kTogether; ++i)
      shard.add(next + i, 1, tcp_flag::kSyn | tcp_flag::kAck, 500, 101);
    for (uint32_t i = 0; i < kTogether; ++i) shard.add(next + i, 0, tcp_flag::kAck, 101, 501);
    for (uint32_t i = 0; i < kTogether; ++i) shard.add(next + i, 0, tcp_flag::kRst, 101, 0);
    next = next + 2 * kTogether < 1u << 27 ? next + kTogether : flows;
    records += shard.drain();
  }
  if (records != kTogether * static_cast<uint64_t>(state.iterations()))
    state.SkipWithError("not one record for each flow");
  state.SetItemsProcessed(state.iterations() * int64_t{kTogether});
}

/// Packets of one connection beside `flows` open and silent ones: what timers cost when nothing is
/// due.
void wheel_idle(benchmark::State& state, uint32_t flows) {
  Shard shard(Mode::corrected, flows, 1'000);
  for (auto _ : state)
    for (size_t i = 0; i < kBurst; ++i) shard.add(0, 0, tcp_flag::kAck, 101, 501);
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(kBurst));
}

/// All but one of `flows` connections are overdue at once; an iteration ends when all are gone.
/// Every iteration does the same work, so the pause of a burst is the shortest of the iterations:
/// what other programs add is no pause of ours.
void wheel_expire(benchmark::State& state, uint32_t flows) {
  std::vector<double> pauses_us;
  for (auto _ : state) {
    size_t burst = 0;
    Shard shard(Mode::corrected, flows, 1'000);
    shard.now = shard.now + flowstats::seconds(299);
    shard.add(0, 0, tcp_flag::kAck, 101, 501);
    shard.flush();
    shard.now = shard.now + flowstats::seconds(100);
    double seconds = 0;
    while (shard.flows_open() > 1) {
      for (size_t i = 0; i + 1 < kBurst; ++i) shard.add(0, 0, tcp_flag::kAck, 101, 501);
      const CpuTimer timer;
      shard.add(0, 0, tcp_flag::kAck, 101, 501);
      const double pause = timer.seconds();
      seconds += pause;
      if (burst == pauses_us.size()) pauses_us.push_back(pause * 1e6);
      pauses_us[burst] = std::min(pauses_us[burst], pause * 1e6);
      ++burst;
      shard.drain();
    }
    state.SetIterationTime(seconds);
  }
  std::sort(pauses_us.begin(), pauses_us.end());
  state.counters["longest_us"] = pauses_us.back();
  state.counters["p999_us"] = pauses_us[pauses_us.size() * 999 / 1000];
  state.counters["median_us"] = pauses_us[pauses_us.size() / 2];
  state.SetItemsProcessed(state.iterations() * int64_t{flows});
}

/// Tstat mode: after a pause of 6 s in which no flow was opened the next SYN makes the sweep look
/// at all `flows` connections, none of which has expired. The pause is that of one packet.
void sweep_turn(benchmark::State& state, uint32_t flows) {
  Shard shard(Mode::tstat, flows, 1'000);
  for (auto _ : state) {
    shard.now = shard.now + flowstats::seconds(6);
    shard.add(flows, 0, tcp_flag::kSyn, 100, 0);
    const CpuTimer timer;
    shard.flush();
    state.SetIterationTime(timer.seconds());
    shard.add(flows, 0, tcp_flag::kRst, 100, 0);
    shard.flush();
    shard.drain();
  }
  state.SetItemsProcessed(state.iterations() * int64_t{flows});
}

bool register_all() {
  const auto add = [](const std::string& name, auto body) {
    return benchmark::RegisterBenchmark(name.c_str(), body);
  };
  for (const uint32_t flows : {10'000u, 1'000'000u, 4'000'000u}) {
    const std::string n = std::to_string(flows);
    add("keys_only/" + n, [=](benchmark::State& s) { keys_only(s, flows); });
    for (const bool hit : {true, false}) {
      const std::string name = (hit ? "lookup_hit/" : "lookup_miss/") + n;
      add(name + "/burst32", [=](benchmark::State& s) { lookup(s, flows, hit, 32, true); });
      add(name + "/burst64", [=](benchmark::State& s) { lookup(s, flows, hit, 64, true); });
      add(name + "/no_prefetch", [=](benchmark::State& s) { lookup(s, flows, hit, 32, false); });
    }
    const std::string hit = "lookup_hit/" + n;
    add(hit + "/rte_hash_bulk", [=](benchmark::State& s) { rte_hash_lookup(s, flows, true); });
    add(hit + "/rte_hash_single", [=](benchmark::State& s) { rte_hash_lookup(s, flows, false); });
    add("insert_remove/" + n, [=](benchmark::State& s) { insert_remove(s, flows); });
    add("turnover/" + n, [=](benchmark::State& s) { turnover(s, flows); });
  }
  add("wheel/idle", [](benchmark::State& s) { wheel_idle(s, 10'000); });
  for (const uint32_t flows : {10'000u, 180'000u, 1'000'000u})
    add("sweep_turn/" + std::to_string(flows), [=](benchmark::State& s) { sweep_turn(s, flows); })
        ->UseManualTime()
        ->Iterations(20);
  add("wheel/expire_10k", [](benchmark::State& s) { wheel_expire(s, 10'000); })
      ->UseManualTime()
      ->Iterations(7);
  add("wheel/expire_1M/1000000", [](benchmark::State& s) { wheel_expire(s, 1'000'000); })
      ->UseManualTime()
      ->Iterations(7);
  return true;
}

const bool kRegistered = register_all();

}  // namespace
}  // namespace tapstat::bench
