/// One connection followed for its exit record: any segments in any order, with any options, keep
/// the record's laws, stay inside the pool and give everything back; a packet that a router has
/// marked goes the general way and makes no other difference.
///
/// Input: first byte = bound of segments a side (low 3 bits, plus 1), size of the pool (next 3,
/// plus 1), internal ends (2). Then segments of ten bytes: flags; direction (bit 0), options (bits
/// 1 and 2: how many bytes of the next ones), time step / 8; sequence and acknowledgment number as
/// signed distances (16 bits each, times 64) from the other segments'; payload / 8; window / 256;
/// TOS; IP id. Option bytes follow the segment.
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>

#include "flowstats/base/check.h"
#include "flowstats/exit/exit_flow.h"

using namespace tapstat::flowstats;

namespace {

constexpr size_t kSegmentBytes = 10;
constexpr std::array<uint8_t, 4> kOptionBytes{0, 12, 24, 40};

int32_t distance(const uint8_t* bytes) {
  return static_cast<int16_t>(bytes[0] << 8 | bytes[1]) * 64;
}

void check_laws(const ExitFlow& flow, const ExitRecords& settings) {
  ExitRecord local, rem;
  flow.fill(local, ExitFlow::View::local, settings);
  flow.fill(rem, ExitFlow::View::exchanged, settings);
  for (const ExitVariables* v : {&local.variables, &rem.variables}) {
    int64_t time_us = 0;
    uint64_t bytes = 0;
    for (size_t i = 0; i < v->limit_time.size(); ++i) {
      TAPSTAT_ASSERT(v->limit_time[i].us >= 0);
      time_us += v->limit_time[i].us;
      bytes += v->limit_bytes[i];
    }
    TAPSTAT_ASSERT(time_us == (v->last - v->first).us);
    TAPSTAT_ASSERT(bytes == v->data_bytes_out);
    TAPSTAT_ASSERT(static_cast<int32_t>(v->send_max - v->send_una) >= 0);
    TAPSTAT_ASSERT(v->retransmit_queue_now == v->send_max - v->send_una);
    TAPSTAT_ASSERT(v->reassembly_queue_now <= v->reassembly_queue_max);
    TAPSTAT_ASSERT(v->busy_time.us >= 0 && v->busy_time.us <= time_us);
    TAPSTAT_ASSERT(v->rtt_min <= v->rtt_max && v->rto_min <= v->rto_max);
    TAPSTAT_ASSERT(v->window_max <= v->pipe_max && v->mss_min <= v->mss_max);
  }
  TAPSTAT_ASSERT(local.variables.packets_out == rem.variables.packets_in);
  TAPSTAT_ASSERT(local.variables.send_una == rem.variables.receive_next);
  TAPSTAT_ASSERT(local.variables.dup_acks_in == rem.variables.dup_acks_out);
}

/// `marked` followed the same packets, all of them marked.
void check_same(const ExitFlow& flow, const ExitFlow& marked, const ExitRecords& settings) {
  ExitRecord one, other;
  flow.fill(one, ExitFlow::View::local, settings);
  marked.fill(other, ExitFlow::View::local, settings);
  for (ExitVariables* v : {&one.variables, &other.variables})
    v->ce_received = v->tos_in = v->tos_out = 0;
  TAPSTAT_ASSERT(one.variables == other.variables);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  ExitRecords settings;
  settings.segments_per_side_max = 1 + (data[0] & 7);
  settings.rtt_of_both_halves = size % 2 == 0;
  ExitSegments segments(1u + (data[0] >> 3 & 7)), more_segments(segments.capacity());
  const auto flow = std::make_unique<ExitFlow>(), marked = std::make_unique<ExitFlow>();
  Segment s;
  s.tuple =
      make_tuple({IpAddress{0, 1}, 80}, {IpAddress{0, 2}, 9000}, kProtocolTcp, IpVersion::v4).tuple;
  std::array<uint32_t, 2> next{0xffff'0000, 5};
  bool opened = false;
  for (size_t at = 1; at + kSegmentBytes <= size;) {
    const uint8_t* const b = data + at;
    at += kSegmentBytes;
    const size_t from = b[1] & 1u;
    s.direction = static_cast<Direction>(from);
    s.flags = b[0];
    s.seq = next[from] + static_cast<uint32_t>(distance(b + 2));
    s.ack = next[1 - from] + static_cast<uint32_t>(distance(b + 4));
    s.payload_length = b[6] * 8 - (b[6] == 255 ? 4000 : 0);
    s.window = static_cast<uint16_t>(b[7] << 8);
    s.tos = b[8];
    s.ip_id = b[9];
    s.time.us += (b[1] >> 3) * 10'000 - 20'000;
    if (s.clock < s.time) s.clock = s.time;
    s.option_bytes = kOptionBytes[b[1] >> 1 & 3];
    if (s.option_bytes > size - at) s.option_bytes = 0;
    // Copied to the end of a block of their own size, so that every byte beyond them is seen.
    const std::unique_ptr<uint8_t[]> options(new uint8_t[s.option_bytes]);
    if (s.option_bytes != 0) std::memcpy(options.get(), data + at, s.option_bytes);
    at += s.option_bytes;
    s.payload_bytes = options.get() + s.option_bytes;
    s.options.seen = s.option_bytes == 0 ? b[9] & 7 : 0xff;
    s.options.window_scale = b[9];
    s.options.mss = b[9];
    if (s.payload_length > 0) next[from] += static_cast<uint32_t>(s.payload_length);
    if ((s.flags & (tcp_flag::kSyn | tcp_flag::kFin)) != 0) ++next[from];
    for (const auto& f : {flow.get(), marked.get()})
      if (!opened) f->open(s, {(data[0] & 64) != 0, (data[0] & 128) != 0}, 1);
    opened = true;
    static_cast<void>(flow->is_replaced_by(s));
    flow->on_segment(s, settings, segments);
    check_laws(*flow, settings);
    s.tos |= 3;
    marked->on_segment(s, settings, more_segments);
    check_same(*flow, *marked, settings);
  }
  flow->release(segments);
  marked->release(more_segments);
  TAPSTAT_ASSERT(segments.in_use() == 0 && more_segments.in_use() == 0);
  return 0;
}
