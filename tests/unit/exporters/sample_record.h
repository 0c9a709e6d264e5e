/// A record with a value in every field that some column prints, and the rows it must give.
#pragma once

#include <cstdint>

#include "flowstats/base/units.h"
#include "flowstats/columns/layouts.h"
#include "flowstats/flow_record.h"

namespace tapstat::tests {

inline constexpr flowstats::Timestamp kStart{1'500'000'000'000'100};  // 2017-07-14 02:40:00 UTC

inline flowstats::Timestamp after_us(int64_t us) { return kStart + flowstats::Duration{us}; }

/// Fields differ from one another and between the sides, so that a column that reads its neighbour
/// shows.
inline flowstats::TcpHalf sample_half(uint32_t base) {
  flowstats::TcpHalf half;
  half.core.packets = base + 1;
  half.core.rsts = base + 2;
  half.core.acks = base + 3;
  half.core.pure_acks = base + 4;
  half.core.bytes_unique = 5'000'000'000 + base;
  half.core.data_packets = base + 6;
  half.core.bytes = 6'000'000'000 + base;
  half.core.packets_retransmitted = base + 8;
  half.core.bytes_retransmitted = base + 9;
  half.core.packets_out_of_order = base + 10;
  half.core.syns = base + 11;
  half.core.fins = base + 12;
  half.core.first_data = after_us(base * 1000 + 1);
  half.core.last_data = after_us(base * 1000 + 2);
  half.core.first_ack = after_us(base * 1000 + 3);
  for (const int64_t us : {20'000, 22'000, 20'000})
    half.end_to_end.on_sample(flowstats::Duration{us + base});
  half.end_to_end.on_ttl(64);
  half.end_to_end.on_ttl(static_cast<uint8_t>(base % 50 + 1));
  half.options.window_scale_seen = true;
  half.options.timestamps_seen = base == 100;
  half.options.window_scale = 7;
  half.options.sack_permitted = true;
  half.options.sack_segments = base + 13;
  half.options.mss = base == 100 ? -25'536 : 1460;
  half.options.payload_max = base + 14;
  half.options.payload_min = base + 15;
  half.options.window_max = 4'000'000'000;
  half.options.window_min = base + 16;
  half.options.zero_windows = base + 17;
  half.options.in_flight_max = 7'000'000'000 + base;
  half.options.in_flight_min = base + 18;
  half.options.initial_window = base + 19;
  for (size_t c = 1; c < flowstats::options::kSegmentClasses; ++c)
    half.options.classified[static_cast<flowstats::options::SegmentClass>(c)] =
        base + 20 + static_cast<uint32_t>(c);
  half.options.inconsistent_syn_or_fin = base == 200;
  half.layer7.pushed_messages = base + 30;
  return half;
}

inline flowstats::TcpRecord sample_record() {
  flowstats::TcpRecord record;
  record.halves = {sample_half(100), sample_half(200)};
  record.address = {flowstats::IpAddress::v4(0xc000020a), flowstats::IpAddress::v4(0xc6336414)};
  record.port = {40'000, 443};
  record.internal = {true, false};
  record.complete = true;
  record.epoch = 1;
  record.first = kStart;
  record.last = after_us(1'234'567);
  record.closed = record.last;
  record.inspected = true;
  record.p2p = {3, 1, 2, 3, 4, 5, 6};
  record.layer7.connection_type = 8192;
  record.layer7.http_type = 2;
  return record;
}

inline constexpr const char* kSampleCoreMplane =
    "192.0.2.10 40000 101 102 103 104 5000000100 106 6000000100 108 109 110 111 112 "
    "198.51.100.20 443 201 202 203 204 5000000200 206 6000000200 208 209 210 211 212 "
    "1500000000000.100098 1500000001234.666992 1234.567000 100.001000 200.001000 100.002000 "
    "200.002000 100.003000 200.003000 1 0 8192 3 2";
inline constexpr const char* kSampleEndToEnd =
    "20.765974 20.100000 22.100000 1.154701 3 1 64 20.865971 20.200000 22.200000 1.154701 3 1 64";
inline constexpr const char* kSampleP2p = "1 2 3 4 5 6";
inline constexpr const char* kSampleOptions =
    "1 1 7 1 113 -25536 114 115 4000000000 116 117 7000000100 118 119 121 122 123 124 125 126 127 "
    "128 0 1 0 7 1 213 1460 214 215 4000000000 216 217 7000000200 218 219 221 222 223 224 225 226 "
    "227 228 1";
inline constexpr const char* kSampleLayer7Mplane = "130 230 - -";
inline constexpr const char* kSampleLayer7Tstat =
    "0 0 --- 130 230 - - 0 0 0 0.000000 0.000000 0.000000 0.000000 0 0 - - 0.0 0.0 - - - 0";

}  // namespace tapstat::tests
