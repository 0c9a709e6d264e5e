/// RTP and RTCP: any sequence of datagrams of one flow is measured without a read beyond its bytes,
/// the values of a line agree with one another, and what idle() says is true.
///
/// Input: one byte of options (1: corrected mode, 2: DTLS was recognised, 4: small pool, 8: a low
/// port), then datagrams: one byte of side (lowest bit) and pause (the others, in ms), one of
/// length, the payload. An engine that is not given the datagrams of idle sides must report the
/// same.
#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>
#include <vector>

#include "flowstats/base/check.h"
#include "flowstats/layer7/rtp_engine.h"

namespace {

using tapstat::flowstats::ByteRange;
using tapstat::flowstats::Measurement;
using tapstat::flowstats::milliseconds;
using tapstat::flowstats::Mode;
using tapstat::flowstats::Timestamp;
using tapstat::flowstats::layer7::kClient;
using tapstat::flowstats::layer7::kServer;
using tapstat::flowstats::layer7::RtpEngine;
using tapstat::flowstats::layer7::RtpState;
using tapstat::flowstats::layer7::RtpSummary;
using tapstat::flowstats::layer7::Spread;
using tapstat::flowstats::layer7::TypeCounts;
using tapstat::flowstats::layer7::UdpDatagramView;
using tapstat::flowstats::layer7::UdpType;

Measurement measurement_of(uint8_t options) {
  Measurement measurement;
  measurement.mode = (options & 1) != 0 ? Mode::corrected : Mode::tstat;
  measurement.inspection.rtp_streams_max = (options & 4) != 0 ? 3 : 200;
  return measurement;
}

struct Subject {
  explicit Subject(uint8_t options) : engine(measurement_of(options)) {
    if ((options & 2) != 0) type = {UdpType::dtls, UdpType::dtls};
  }

  std::vector<RtpSummary> lines() const {
    std::vector<RtpSummary> summaries;
    engine.for_each_stream(state, type, [&](const RtpSummary& line) { summaries.push_back(line); });
    return summaries;
  }

  RtpEngine engine;
  RtpState state;
  std::array<UdpType, 2> type{};
};

uint64_t sum_of_list(std::string_view list) {
  uint64_t sum = 0;
  while (!list.empty()) {
    uint64_t value = 0;
    const auto read = std::from_chars(list.data(), list.data() + list.size(), value);
    sum += value;
    list.remove_prefix(
        std::min<size_t>(list.size(), static_cast<size_t>(read.ptr - list.data()) + 1));
  }
  return sum;
}

bool is_ordered(const Spread& spread) {
  const double margin = spread.max * 1e-9;
  return spread.min <= spread.mean + margin && spread.mean <= spread.max + margin;
}

void check_line(const RtpSummary& line, uint32_t datagrams) {
  const std::string_view types = line.types.view();
  const bool lists_all = std::count(types.begin(), types.end(), ',') + 1 <
                         static_cast<std::ptrdiff_t>(TypeCounts::kTypesMax);
  TAPSTAT_ASSERT(line.packets >= 1 && line.packets <= datagrams);
  TAPSTAT_ASSERT(!lists_all || sum_of_list(line.type_counts.view()) == line.packets);
  TAPSTAT_ASSERT(line.out_of_sequence < line.packets);
  TAPSTAT_ASSERT(uint64_t{line.duplicates} + line.late < line.packets);
  TAPSTAT_ASSERT(is_ordered(line.ttl) && is_ordered(line.media_bytes));
  TAPSTAT_ASSERT(is_ordered(line.rtt_ms) && is_ordered(line.jitter_8khz));
  TAPSTAT_ASSERT(is_ordered(line.jitter_90khz) && (line.is_rtcp || is_ordered(line.jitter)));
  TAPSTAT_ASSERT(line.round_trips == 0 || line.is_rtcp);
}

void check_same(const std::vector<RtpSummary>& all, const std::vector<RtpSummary>& without_idle) {
  TAPSTAT_ASSERT(all.size() == without_idle.size());
  for (size_t i = 0; i < all.size(); ++i) {
    TAPSTAT_ASSERT(all[i].ssrc == without_idle[i].ssrc && all[i].side == without_idle[i].side);
    TAPSTAT_ASSERT(all[i].packets == without_idle[i].packets);
    TAPSTAT_ASSERT(all[i].bytes == without_idle[i].bytes);
    TAPSTAT_ASSERT(all[i].media_kinds == without_idle[i].media_kinds);
    TAPSTAT_ASSERT(all[i].ttl.mean == without_idle[i].ttl.mean);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const uint8_t options = data[0];
  Subject all(options), without_idle(options);
  std::array<uint32_t, 2> datagrams{};
  UdpDatagramView view;
  view.time = Timestamp{1'600'000'000'000'000};
  for (size_t at = 1; at + 2 <= size;) {
    const size_t length = std::min<size_t>(data[at + 1], size - at - 2);
    const std::unique_ptr<uint8_t[]> payload(new uint8_t[length]);
    if (length > 0) std::memcpy(payload.get(), data + at + 2, length);
    view.side = data[at] & 1;
    view.time = view.time + milliseconds(data[at] >> 1);
    view.ttl = data[at];
    view.packets_of_side = ++datagrams[view.side];
    view.packets = datagrams[kClient] + datagrams[kServer];
    view.payload = ByteRange(payload.get(), length);
    view.udp_length = view.ip_payload_length = 8 + data[at + 1];
    view.source_port = 40000;
    view.destination_port = (options & 8) != 0 ? 1024 : 20000;
    all.engine.on_datagram(all.state, all.type, view);
    if (!without_idle.engine.idle(without_idle.state, without_idle.type, view.side))
      without_idle.engine.on_datagram(without_idle.state, without_idle.type, view);
    at += 2 + length;
  }
  const std::vector<RtpSummary> lines = all.lines();
  for (const RtpSummary& line : lines) check_line(line, datagrams[line.side]);
  check_same(lines, without_idle.lines());
  all.engine.end(all.state);
  TAPSTAT_ASSERT(all.engine.streams_in_use() == 0);
  return 0;
}
