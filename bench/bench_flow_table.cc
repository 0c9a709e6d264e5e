/// Measures the flow table beside DPDK's rte_hash: look up, miss, insert and erase at 10 k and 1 M
/// flows, uniformly at random.
///
/// The table is the first random memory access of a packet, so everything depends on how many cache
/// misses overlap. `staged` is what a worker does: prefetch the buckets of a burst, then the
/// entries, then compare. `no_prefetch` shows what that is worth, `rte_hash_bulk` and
/// `rte_hash_single` what the library's table would cost.
#include <memory>
#include <optional>
#include <vector>

#include <benchmark/benchmark.h>
#include <rte_hash.h>

#include "bench/random.h"
#include "dataplane/eal.h"
#include "dataplane/flow_table.h"

namespace tapstat::bench {
namespace {

using flowstats::FiveTuple;
using flowstats::IpAddress;
using flowstats::kNoEntry;

constexpr uint64_t kSeed = 7;
constexpr size_t kBurst = 64;

/// As large as the part of a real entry that the lookup prefetches.
struct Entry {
  FiveTuple tuple;
  uint8_t state[448 - sizeof(FiveTuple)];
};
using Table = dataplane::FlowTable<Entry>;

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
  Keys(uint32_t first, uint32_t count) : first_(first), count_(count), burst_(kBurst) {}
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

std::unique_ptr<Table> filled_table(uint32_t flows) {
  auto table = std::make_unique<Table>(flows + 1);
  for (uint32_t i = 0; i < flows; ++i) {
    (*table)[i].tuple = tuple_number(i);
    table->insert(i, hash_tuple((*table)[i].tuple, kSeed));
  }
  return table;
}

/// Key making and hashing are part of every case alike; `keys_only` is their cost.
void keys_only(benchmark::State& state) {
  Keys keys(0, static_cast<uint32_t>(state.range(0)));
  for (auto _ : state) benchmark::DoNotOptimize(keys.next().data());
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(kBurst));
}

void staged(benchmark::State& state, bool hit, bool prefetch) {
  const auto flows = static_cast<uint32_t>(state.range(0));
  const auto table = filled_table(flows);
  Keys keys(hit ? 0 : flows, flows);
  uint64_t found = 0;
  for (auto _ : state) {
    const auto& burst = keys.next();
    if (prefetch) {
      for (const Key& key : burst) table->prefetch(key.hash);
      for (const Key& key : burst) table->prefetch_entry(key.hash);
    }
    for (const Key& key : burst) {
      const uint32_t entry = table->find(key.tuple, key.hash);
      if (entry == kNoEntry) continue;
      ++found;
      ++(*table)[entry].state[200];
    }
  }
  const auto looked_up = static_cast<uint64_t>(state.iterations()) * kBurst;
  if (found != (hit ? looked_up : 0))
    state.SkipWithError("the table found what is not there, or not what is");
  state.SetItemsProcessed(static_cast<int64_t>(looked_up));
}

void insert_erase(benchmark::State& state) {
  const auto flows = static_cast<uint32_t>(state.range(0));
  const auto table = filled_table(flows);
  Keys keys(flows, flows);
  for (auto _ : state)
    for (const Key& key : keys.next()) {
      (*table)[flows].tuple = key.tuple;
      table->insert(flows, key.hash);
      table->erase(flows, key.hash);
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

void rte_hash_lookup(benchmark::State& state, bool bulk) {
  const auto flows = static_cast<uint32_t>(state.range(0));
  const auto hash = eal_runs() ? filled_rte_hash(flows) : nullptr;
  if (!hash) return state.SkipWithError("no memory for rte_hash");
  Keys keys(0, flows);
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

void sizes(benchmark::internal::Benchmark* benchmark) { benchmark->Arg(10'000)->Arg(1'000'000); }

BENCHMARK(keys_only)->Apply(sizes);
BENCHMARK_CAPTURE(staged, hit, true, true)->Apply(sizes);
BENCHMARK_CAPTURE(staged, miss, false, true)->Apply(sizes);
BENCHMARK_CAPTURE(staged, hit_no_prefetch, true, false)->Apply(sizes);
BENCHMARK(insert_erase)->Apply(sizes);
BENCHMARK_CAPTURE(rte_hash_lookup, bulk, true)->Apply(sizes);
BENCHMARK_CAPTURE(rte_hash_lookup, single, false)->Apply(sizes);

}  // namespace
}  // namespace tapstat::bench
