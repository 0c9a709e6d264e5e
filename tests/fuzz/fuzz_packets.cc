/// A sequence of frames with signed time steps through the parser into a flow shard of 64 entries
/// that also makes exit records: the accounting of packets, flows and exit records closes, memory
/// stays what it was, and the end of the trace hands out every flow.
///
/// Input: first byte = mode (bit 0) and link type; then records of a little-endian 32-bit time step
/// in microseconds, a 16-bit length, and the frame. A length with its top bit set stands for a
/// coded segment instead (tests/support/coded_segment.h).
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "dataplane/flow_shard.h"
#include "dataplane/parse.h"
#include "flowstats/base/check.h"
#include "flowstats/records.h"
#include "tests/support/coded_segment.h"

namespace {

using namespace tapstat;
using flowstats::Counter;
using flowstats::Timestamp;

/// What is left of the input.
class Input {
 public:
  Input(const uint8_t* data, size_t size) : data_(data), size_(size) {}
  [[nodiscard]] bool has(size_t count) const { return count <= size_; }
  template <class T>
  T take() {
    T value{};
    std::memcpy(&value, take(sizeof value), sizeof value);
    return value;
  }
  const uint8_t* take(size_t count) {
    const uint8_t* const taken = data_;
    data_ += count;
    size_ -= count;
    return taken;
  }
  [[nodiscard]] size_t left() const { return size_; }

 private:
  const uint8_t* data_;
  size_t size_;
};

flowstats::Measurement small(flowstats::Mode mode) {
  flowstats::Measurement measurement;
  measurement.mode = mode;
  measurement.limits.tcp_flows_max = measurement.limits.udp_flows_max = 64;
  measurement.limits.segment_records_max = 256;
  auto& inspection = measurement.inspection;
  inspection.tcp_flows_max = 32;
  inspection.hello_buffers_max = inspection.quic_flows_max = inspection.rtp_streams_max = 4;
  auto& exits = measurement.exit_records;
  exits.enabled = exits.incomplete = exits.expired = exits.unfinished = exits.both_views = true;
  exits.connections_max = 32;
  exits.segments_max = 128;
  exits.segments_per_side_max = 16;
  return measurement;
}

class Rig {
 public:
  Rig(flowstats::Mode mode, dataplane::LinkType link_type)
      : measurement_(small(mode)),
        rules_{mode, link_type, measurement_.hash_seed},
        ring_(256, dataplane::RecordRing::WhenFull::drop),
        shard_(measurement_, internal_, ring_, counters_),
        bytes_at_start_(shard_.bytes()) {}

  void frame(Timestamp time, const std::vector<uint8_t>& bytes) {
    ++frames_;
    last_ = time;
    if (time > clock_) clock_ = time;
    flowstats::Segment segment;
    bool is_ip = false;
    const Counter outcome = parse(rules_, {bytes.data(), bytes.size()},
                                  static_cast<uint32_t>(bytes.size()), segment, is_ip);
    if (is_ip) shard_.note_ip_packet(time);
    if (outcome != Counter::analysed_packets) return counters_.add(outcome);
    segment.time = time;
    segment.clock = clock_;
    shard_.process({&segment, 1}, 1);
    drain();
  }

  void finish() {
    shard_.finish(measurement_.mode == flowstats::Mode::tstat ? last_ : clock_, 1);
    drain();
    uint64_t packets = counters_.get(Counter::analysed_packets);
    for (auto c = static_cast<size_t>(Counter::dropped_ring_full);
         c <= static_cast<size_t>(Counter::dropped_other); ++c)
      packets += counters_.get(static_cast<Counter>(c));
    TAPSTAT_ASSERT(packets == frames_);
    const auto count = [&](Counter counter) { return counters_.get(counter); };
    TAPSTAT_ASSERT(count(Counter::flows_exported) == tcp_records_);
    TAPSTAT_ASSERT(count(Counter::udp_flows_exported) == udp_records_);
    TAPSTAT_ASSERT(count(Counter::exit_records_exported) == exit_records_);
    TAPSTAT_ASSERT(count(Counter::flows_created) == tcp_records_ +
                                                        count(Counter::flows_dropped_not_local) +
                                                        count(Counter::flows_dropped_queue_full));
    TAPSTAT_ASSERT(count(Counter::udp_flows_created) ==
                   udp_records_ + count(Counter::udp_flows_dropped_not_local) +
                       count(Counter::udp_flows_dropped_queue_full));
    TAPSTAT_ASSERT(count(Counter::exit_connections_opened) ==
                   count(Counter::exit_connections_closed));
    TAPSTAT_ASSERT(count(Counter::exit_connections_closed) + count(Counter::exit_views_exchanged) ==
                   exit_records_ + count(Counter::exit_connections_incomplete) +
                       count(Counter::exit_connections_unfinished) +
                       count(Counter::exit_records_dropped_queue_full));
    TAPSTAT_ASSERT(shard_.flows_open() == 0);
    TAPSTAT_ASSERT(shard_.bytes() == bytes_at_start_);
  }

 private:
  void drain() {
    for (drained_.clear(); ring_.drain(drained_, flowstats::kAlways) > 0; drained_.clear())
      drained_.for_each([&](const flowstats::RecordHead& record) {
        using flowstats::RecordKind;
        if (record.kind == RecordKind::tcp_flow) ++tcp_records_;
        if (record.kind == RecordKind::udp_flow) ++udp_records_;
        if (record.kind == RecordKind::exit) ++exit_records_;
      });
  }

  flowstats::Measurement measurement_;
  dataplane::ParseRules rules_;
  flowstats::NetworkList internal_;
  flowstats::CounterBlock counters_;
  dataplane::RecordRing ring_;
  dataplane::FlowShard shard_;
  size_t bytes_at_start_;
  flowstats::RecordBuffer drained_{flowstats::record_units(flowstats::kRecordBytesMax), 64};
  Timestamp last_ = flowstats::kNever, clock_ = flowstats::kNever;
  uint64_t frames_ = 0, tcp_records_ = 0, udp_records_ = 0, exit_records_ = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  constexpr unsigned kLinkTypes = static_cast<unsigned>(dataplane::LinkType::slip) + 1;
  if (size == 0) return 0;
  Input input(data + 1, size - 1);
  Rig rig((data[0] & 1) != 0 ? flowstats::Mode::corrected : flowstats::Mode::tstat,
          static_cast<dataplane::LinkType>((data[0] >> 1) % kLinkTypes));
  int64_t time_us = 1'600'000'000'000'000;
  while (input.has(6)) {
    time_us += input.take<int32_t>();
    const auto length = input.take<uint16_t>();
    if ((length & 0x8000) != 0 && input.has(tests::kSegmentCode)) {
      rig.frame({time_us}, tests::coded_segment(input.take(tests::kSegmentCode)));
      continue;
    }
    const size_t count = length % 2048 < input.left() ? length % 2048 : input.left();
    const uint8_t* const bytes = input.take(count);
    rig.frame({time_us}, {bytes, bytes + count});
  }
  rig.finish();
  return 0;
}
