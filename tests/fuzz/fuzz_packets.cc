/// A sequence of frames with signed time steps through the parser into a flow shard of 64 entries:
/// the accounting closes, memory stays what it was, and the end of the trace hands out every flow.
///
/// Input: first byte = mode (bit 0) and link type; then records of a little-endian 32-bit time step
/// in microseconds, a 16-bit length, and the frame. A length with its top bit set stands for a
/// well-formed TCP segment instead, in eight bytes: side and port, flags, sequence number,
/// acknowledgment number, payload length (16 bits each).
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "dataplane/flow_shard.h"
#include "dataplane/parse.h"
#include "flowstats/base/check.h"
#include "tests/support/flow_records.h"

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

constexpr size_t kSegmentCode = 8;

/// Ethernet, IPv4 and TCP headers around the fields of an eight-byte code.
std::vector<uint8_t> tcp_segment(const uint8_t* code) {
  std::vector<uint8_t> frame(54, 0);
  const auto put16 = [&](size_t at, unsigned value) {
    frame[at] = static_cast<uint8_t>(value >> 8);
    frame[at + 1] = static_cast<uint8_t>(value);
  };
  const bool from_server = (code[0] & 1) != 0;
  const unsigned payload = code[6] | (code[7] & 7u) << 8;
  put16(12, 0x0800);
  frame[14] = 0x45;
  put16(16, 40 + payload);
  put16(18, code[2]);  // identification
  frame[22] = 64;
  frame[23] = 6;
  frame[from_server ? 30 : 26] = 10;
  frame[from_server ? 26 : 30] = 20;
  put16(from_server ? 36 : 34, 1000 + (code[0] >> 1));
  put16(from_server ? 34 : 36, 80);
  put16(40, code[2] | code[3] << 8);
  put16(44, code[4] | code[5] << 8);
  frame[38] = code[7] & 0xc0;  // any quadrant
  frame[46] = 0x50;
  frame[47] = code[1];
  put16(48, 8192);
  frame.resize(54 + payload);
  return frame;
}

flowstats::Measurement small(flowstats::Mode mode) {
  flowstats::Measurement measurement;
  measurement.mode = mode;
  measurement.limits.tcp_flows_max = measurement.limits.udp_flows_max = 64;
  measurement.limits.segment_records_max = 256;
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
    TAPSTAT_ASSERT(counters_.get(Counter::flows_exported) == records_);
    TAPSTAT_ASSERT(counters_.get(Counter::flows_created) ==
                   records_ + counters_.get(Counter::flows_dropped_not_local) +
                       counters_.get(Counter::flows_dropped_queue_full));
    TAPSTAT_ASSERT(shard_.flows_open() == 0);
    TAPSTAT_ASSERT(shard_.bytes() == bytes_at_start_);
  }

 private:
  void drain() {
    while (const size_t count = tests::drain_flows(ring_, drained_)) records_ += count;
  }

  flowstats::Measurement measurement_;
  dataplane::ParseRules rules_;
  flowstats::NetworkList internal_;
  flowstats::CounterBlock counters_;
  dataplane::RecordRing ring_;
  dataplane::FlowShard shard_;
  size_t bytes_at_start_;
  std::array<flowstats::TcpRecord, 16> drained_;
  Timestamp last_ = flowstats::kNever, clock_ = flowstats::kNever;
  uint64_t frames_ = 0, records_ = 0;
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
    if ((length & 0x8000) != 0 && input.has(kSegmentCode)) {
      rig.frame({time_us}, tcp_segment(input.take(kSegmentCode)));
      continue;
    }
    const size_t count = length % 2048 < input.left() ? length % 2048 : input.left();
    const uint8_t* const bytes = input.take(count);
    rig.frame({time_us}, {bytes, bytes + count});
  }
  rig.finish();
  return 0;
}
