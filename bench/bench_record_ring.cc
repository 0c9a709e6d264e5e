/// Measures the hand-over of a finished flow: from the flow entry into the ring, and out again.
///
/// Closing a flow must not stop a worker, so the record is filled in the ring's own memory
/// (`in_place`); `copied` fills a local record first and copies it, which is what a ring of values
/// would do. The argument is the number of records published at once: single records pay the ring's
/// synchronisation each time.
#include <vector>

#include <benchmark/benchmark.h>

#include "dataplane/record_ring.h"
#include "flowstats/flow.h"

namespace tapstat::bench {
namespace {

using flowstats::TcpRecord;

void hand_over(benchmark::State& state, bool in_place) {
  const auto bulk = static_cast<size_t>(state.range(0));
  dataplane::RecordRing ring(1 << 12, dataplane::RecordRing::WhenFull::drop);
  std::vector<TcpRecord> drained(bulk);
  flowstats::TcpFlow flow{};
  uint64_t records = 0;
  for (auto _ : state) {
    for (size_t i = 0; i < bulk; ++i) {
      TcpRecord* const place = ring.reserve();
      if (in_place) {
        flow.fill_record(*place, flowstats::FlowEnd::complete);
      } else {
        TcpRecord local;
        flow.fill_record(local, flowstats::FlowEnd::complete);
        benchmark::DoNotOptimize(local);
        *place = local;
      }
    }
    ring.publish();
    records += ring.drain(drained);
    benchmark::DoNotOptimize(drained.data());
  }
  state.SetItemsProcessed(static_cast<int64_t>(records));
  state.SetBytesProcessed(static_cast<int64_t>(records * sizeof(TcpRecord)));
}

BENCHMARK_CAPTURE(hand_over, in_place, true)->Arg(1)->Arg(8)->Arg(32);
BENCHMARK_CAPTURE(hand_over, copied, false)->Arg(1)->Arg(8)->Arg(32);

}  // namespace
}  // namespace tapstat::bench
