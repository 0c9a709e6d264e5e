/// Columns of the TCP options group: options, windows, bytes in flight and the classes of anomalous
/// segments, first of the client, then of the server.
#pragma once

#include "flowstats/columns/column.h"

namespace tapstat::flowstats {

using options::SegmentClass;

constexpr Value classified(const TcpHalf& half, SegmentClass c) {
  return integer(half.options.classified[c]);
}

// Three lines for each column.
// clang-format off
inline constexpr TcpColumnSpec kOptionsDirectional[] = {
    {"f1323_opt", "%.RFC1323.ws", Unit::flag, {},
     "1 when the window-scale option was seen",
     [](const TcpRecord& r, Side s) { return integer(r.half(s).options.window_scale_seen); }},
    {"tm_opt", "%.RFC1323.ts", Unit::flag, {},
     "1 when the timestamps option was seen",
     [](const TcpRecord& r, Side s) { return integer(r.half(s).options.timestamps_seen); }},
    {"win_scl", "%.win_scale", Unit::shift, {0, 238, 2},
     "window scale in use, as a shift; 0 unless both sides offered it",
     [](const TcpRecord& r, Side s) { return integer(r.half(s).options.window_scale); }},
    {"sack_opt", "%.SACK_set", Unit::flag, {},
     "1 when SACK-permitted was seen",
     [](const TcpRecord& r, Side s) { return integer(r.half(s).options.sack_permitted); }},
    {"sack_cnt", "%.SACK", Unit::packets, {},
     "segments with a SACK option",
     [](const TcpRecord& r, Side s) { return integer(r.half(s).options.sack_segments); }},
    {"mss", "%.MSS.bytes", Unit::bytes, {},
     "maximum segment size that was declared; 0 = none",
     [](const TcpRecord& r, Side s) { return integer(r.half(s).options.mss); }},
    {"mss_max", "%.segment.max.bytes", Unit::bytes, {},
     "largest payload of a segment",
     [](const TcpRecord& r, Side s) { return integer(r.half(s).options.payload_max); }},
    {"mss_min", "%.segment.min.bytes", Unit::bytes, {},
     "smallest payload of a data segment",
     [](const TcpRecord& r, Side s) { return integer(r.half(s).options.payload_min); }},
    {"win_max", "%.window.max.bytes", Unit::bytes, {},
     "largest receive window announced, scaled",
     [](const TcpRecord& r, Side s) { return integer(r.half(s).options.window_max); }},
    {"win_min", "%.window.min.bytes", Unit::bytes, {},
     "smallest receive window announced that is not zero, scaled",
     [](const TcpRecord& r, Side s) { return integer(r.half(s).options.window_min); }},
    {"win_0", "%.window.zero", Unit::packets, {},
     "segments that announced a zero window",
     [](const TcpRecord& r, Side s) { return integer(r.half(s).options.zero_windows); }},
    {"cwin_max", "%.cwin.max.bytes", Unit::bytes, {},
     "most bytes in flight, as estimated at the probe",
     [](const TcpRecord& r, Side s) { return integer(r.half(s).options.in_flight_max); }},
    {"cwin_min", "%.cwin.min.bytes", Unit::bytes, {},
     "fewest bytes in flight that are not zero",
     [](const TcpRecord& r, Side s) { return integer(r.half(s).options.in_flight_min); }},
    {"cwin_ini", "%.cwin.first.bytes", Unit::bytes, {},
     "bytes sent before the first acknowledgment of data",
     [](const TcpRecord& r, Side s) { return integer(r.half(s).options.initial_window); }},
    {"pkts_rto", "%.rxmit.RTO", Unit::packets, {},
     "sent again after a retransmission timeout",
     [](const TcpRecord& r, Side s) {
       return classified(r.half(s), SegmentClass::retransmission_rto);
     }},
    {"pkts_fs", {"%.rxmit.FR", 17}, Unit::packets, {},
     "sent again by fast retransmit",
     [](const TcpRecord& r, Side s) {
       return classified(r.half(s), SegmentClass::fast_retransmit);
     }},
    {"pkts_reor", {"%.reordering", 19}, Unit::packets, {},
     "reordered by the network",
     [](const TcpRecord& r, Side s) { return classified(r.half(s), SegmentClass::reordering); }},
    {"pkts_dup", {"%.net_dup", 20}, Unit::packets, {},
     "duplicated by the network",
     [](const TcpRecord& r, Side s) {
       return classified(r.half(s), SegmentClass::network_duplicate);
     }},
    {"pkts_unk", {"%.unknown", 21}, Unit::packets, {},
     "out of sequence or repeated for a reason that cannot be told",
     [](const TcpRecord& r, Side s) { return classified(r.half(s), SegmentClass::unknown); }},
    {"pkts_fc", {"%.flow_control", 22}, Unit::packets, {},
     "sent again to probe a closed window",
     [](const TcpRecord& r, Side s) { return classified(r.half(s), SegmentClass::flow_control); }},
    {"pkts_unrto", {"%.rxmit.RTO.unnecessary", 16}, Unit::packets, {},
     "sent again by timeout though already acknowledged",
     [](const TcpRecord& r, Side s) {
       return classified(r.half(s), SegmentClass::unnecessary_rto);
     }},
    {"pkts_unfs", {"%.rxmit.FR.unnecessary", 18}, Unit::packets, {},
     "sent again by fast retransmit though already acknowledged",
     [](const TcpRecord& r, Side s) {
       return classified(r.half(s), SegmentClass::unnecessary_fast_retransmit);
     }},
    {"syn_retx", "%.SYN.equal_seqno", Unit::flag, {},
     "1 when a later SYN or FIN had another sequence number",
     [](const TcpRecord& r, Side s) { return integer(r.half(s).options.inconsistent_syn_or_fin); }},
};
// clang-format on

}  // namespace tapstat::flowstats
