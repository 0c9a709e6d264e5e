/// Measures the hand-over of a finished flow: from the flow entry into the ring, and out again.
///
/// Closing a flow must not stop a worker, so the record is filled in the ring's own memory.
/// `ring` is the ring alone, records of which only one word is written; its number is the records
/// published at once: single records pay the ring's synchronisation each time. `ring_full_size` is
/// the same through all of the ring's slots in turn, as in a run, so that every record is a line
/// that no cache has any more. `record_copy` is filling a record from a flow, and `hand_over` the
/// whole: filled in place, published, drained by the writer.
#include <vector>

#include <benchmark/benchmark.h>

#include "dataplane/record_ring.h"
#include "flowstats/flow.h"

namespace tapstat::bench {
namespace {

using dataplane::RecordRing;
using flowstats::TcpRecord;

constexpr uint32_t kSmallRing = 1 << 6;  // 64 records stay in the cache

/// Fills `bulk` records with `fill`, publishes and drains them.
template <class Fill>
void through_ring(benchmark::State& state, uint32_t capacity, Fill fill) {
  const auto bulk = static_cast<size_t>(state.range(0));
  RecordRing ring(capacity, RecordRing::WhenFull::drop);
  ring.touch();
  flowstats::RecordBuffer drained(
      static_cast<uint32_t>(bulk) * flowstats::record_units(sizeof(TcpRecord)),
      static_cast<uint32_t>(bulk));
  uint64_t records = 0;
  for (auto _ : state) {
    for (size_t i = 0; i < bulk; ++i)
      fill(*flowstats::make_record<TcpRecord>(ring, flowstats::RecordKind::tcp_flow));
    ring.publish(flowstats::kNever);
    drained.clear();
    records += ring.drain(drained, flowstats::kAlways);
    benchmark::DoNotOptimize(drained);
  }
  if (records != static_cast<uint64_t>(state.iterations()) * bulk)
    state.SkipWithError("records are missing");
  state.SetItemsProcessed(static_cast<int64_t>(records));
  state.SetBytesProcessed(static_cast<int64_t>(records * sizeof(TcpRecord)));
}

void ring(benchmark::State& state) {
  through_ring(state, kSmallRing, [](TcpRecord& record) { record.epoch = 1; });
}

void ring_full_size(benchmark::State& state) {
  through_ring(state, dataplane::kRecordRingDefault, [](TcpRecord& record) { record.epoch = 1; });
}

void hand_over(benchmark::State& state) {
  flowstats::TcpFlow flow{};
  through_ring(state, dataplane::kRecordRingDefault, [&flow](TcpRecord& record) {
    flow.fill_record(record, flowstats::FlowEnd::complete);
  });
}

void record_copy(benchmark::State& state) {
  flowstats::TcpFlow flow{};
  TcpRecord record;
  for (auto _ : state) {
    flow.fill_record(record, flowstats::FlowEnd::complete);
    benchmark::DoNotOptimize(record);
  }
  state.SetItemsProcessed(state.iterations());
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(sizeof(TcpRecord)));
}

BENCHMARK(record_copy);
BENCHMARK(ring)->Arg(1)->Arg(8)->Arg(32);
BENCHMARK(ring_full_size)->Arg(1)->Arg(8)->Arg(32);
BENCHMARK(hand_over)->Arg(1)->Arg(8)->Arg(32);

}  // namespace
}  // namespace tapstat::bench
