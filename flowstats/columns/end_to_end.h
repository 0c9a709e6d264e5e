/// Columns of the end-to-end group: round-trip times and hop counts, first of the client, then of
/// the server.
///
/// A side's round-trip time is that of its own segments: the client's covers the path from the
/// probe to the server.
#pragma once

#include "flowstats/columns/column.h"
#include "flowstats/columns/milliseconds.h"

namespace tapstat::flowstats {

inline double rtt_mean(const end_to_end::Half& h) {
  return mean_milliseconds(h.rtt_sum_us, h.rtt_samples);
}
inline double rtt_deviation(const end_to_end::Half& h) {
  return deviation_milliseconds(h.rtt_sum_us, h.rtt_sum_of_squares, h.rtt_samples);
}

// Three lines for each column.
// clang-format off
inline constexpr TcpColumnSpec kEndToEndDirectional[] = {
    {"rtt_avg", "rtt.average.ms", Unit::milliseconds, {},
     "mean round-trip time from the probe to the other side and back",
     [](const TcpRecord& r, Side s) { return Value{rtt_mean(r.half(s).end_to_end)}; }},
    {"rtt_min", "rtt.min.ms", Unit::milliseconds, {},
     "smallest round-trip time; 0 without samples",
     [](const TcpRecord& r, Side s) {
       return Value{in_milliseconds(r.half(s).end_to_end.rtt_min)};
     }},
    {"rtt_max", "rtt.max.ms", Unit::milliseconds, {},
     "largest round-trip time; 0 without samples",
     [](const TcpRecord& r, Side s) {
       return Value{in_milliseconds(r.half(s).end_to_end.rtt_max)};
     }},
    {"rtt_std", {"rtt.stddev", 0, MplanePrimitive::real}, Unit::milliseconds, {},
     "standard deviation of the round-trip time; 0 below three samples",
     [](const TcpRecord& r, Side s) { return Value{rtt_deviation(r.half(s).end_to_end)}; }},
    {"rtt_cnt", "rtt.samples", Unit::samples, {},
     "valid round-trip samples; repeated segments give none",
     [](const TcpRecord& r, Side s) { return integer(r.half(s).end_to_end.rtt_samples); }},
    {"ttl_min", "ttl.min", Unit::hops, {0, 52, 1},
     "smallest TTL or hop limit; 0 = unset",
     [](const TcpRecord& r, Side s) { return integer(r.half(s).end_to_end.ttl_min); }},
    {"ttl_max", "ttl.max", Unit::hops, {0, 53, 1},
     "largest TTL or hop limit",
     [](const TcpRecord& r, Side s) { return integer(r.half(s).end_to_end.ttl_max); }},
};
// clang-format on

}  // namespace tapstat::flowstats
