/// The layouts of log_tcp_periodic and log_udp_periodic: what a flow did since its last row.
///
/// Times since the flow's first packet are of packets: an interval begins with the packet that
/// ended the one before and ends with the last one counted, so its length may be zero or exceed
/// the configured one.
#pragma once

#include "flowstats/columns/column.h"
#include "flowstats/columns/ends.h"
#include "flowstats/columns/milliseconds.h"
#include "flowstats/event_records.h"

namespace tapstat::flowstats {

template <class Record>
[[nodiscard]] constexpr const typename Record::Half& interval_half(const Record& record, Side s) {
  return record.halves[static_cast<size_t>(s)];
}

// Three lines for each column.
// clang-format off
template <class Record>
inline constexpr ColumnSpec<Record> kIntervalTimes[] = {
    {"time_abs_start", "", Unit::epoch_milliseconds, {0, 152, 8},
     "time of the packet that began the interval",
     [](const Record& r, Side) { return Value{in_milliseconds(r.start)}; }},
    {"time_rel_start", "", Unit::milliseconds, {},
     "the same, since the first packet of the flow",
     [](const Record& r, Side) { return Value{milliseconds_since(r.flow_first, r.start)}; }},
    {"time_rel_end", "", Unit::milliseconds, {},
     "from the first packet of the flow to the last packet of the interval",
     [](const Record& r, Side) { return Value{milliseconds_since(r.flow_first, r.end)}; }},
    {"bin_duration", "", Unit::milliseconds, {0, 161, 4},
     "from the first to the last packet of the interval",
     [](const Record& r, Side) { return Value{milliseconds_since(r.start, r.end)}; }},
};

inline constexpr ColumnSpec<TcpIntervalRecord> kTcpIntervalCounters[] = {
    {"pkts_all", "", Unit::packets, {0, 2, 8},
     "segments sent, pure ACKs and RSTs included",
     [](const TcpIntervalRecord& r, Side s) { return integer(interval_half(r, s).packets); }},
    {"rst_cnt", "", Unit::packets, {},
     "segments with RST",
     [](const TcpIntervalRecord& r, Side s) { return integer(interval_half(r, s).rsts); }},
    {"ack_cnt", "", Unit::packets, {},
     "segments with ACK",
     [](const TcpIntervalRecord& r, Side s) { return integer(interval_half(r, s).acks); }},
    {"ack_cnt_p", "", Unit::packets, {},
     "ACKs without payload, SYN, FIN and RST",
     [](const TcpIntervalRecord& r, Side s) { return integer(interval_half(r, s).pure_acks); }},
    {"bytes_uniq", "", Unit::bytes, {},
     "payload bytes sent for the first time",
     [](const TcpIntervalRecord& r, Side s) { return integer(interval_half(r, s).bytes_unique); }},
    {"pkts_data", "", Unit::packets, {},
     "segments with payload",
     [](const TcpIntervalRecord& r, Side s) { return integer(interval_half(r, s).data_packets); }},
    {"bytes_all", "", Unit::bytes, {},
     "payload bytes as sent, repetitions included",
     [](const TcpIntervalRecord& r, Side s) { return integer(interval_half(r, s).bytes); }},
    {"pkts_retx", "", Unit::packets, {},
     "segments sent again",
     [](const TcpIntervalRecord& r, Side s) {
       return integer(interval_half(r, s).packets_retransmitted);
     }},
    {"bytes_retx", "", Unit::bytes, {},
     "payload bytes sent again",
     [](const TcpIntervalRecord& r, Side s) {
       return integer(interval_half(r, s).bytes_retransmitted);
     }},
    {"pkts_ooo", "", Unit::packets, {},
     "segments that came out of order",
     [](const TcpIntervalRecord& r, Side s) {
       return integer(interval_half(r, s).packets_out_of_order);
     }},
    {"syn_cnt", "", Unit::packets, {},
     "segments with SYN",
     [](const TcpIntervalRecord& r, Side s) { return integer(interval_half(r, s).syns); }},
    {"fin_cnt", "", Unit::packets, {},
     "segments with FIN",
     [](const TcpIntervalRecord& r, Side s) { return integer(interval_half(r, s).fins); }},
};

inline constexpr ColumnSpec<TcpIntervalRecord> kTcpIntervalRtt[] = {
    {"rtt_avg", "", Unit::milliseconds, {},
     "mean of the interval's RTT samples; 0 when there is none",
     [](const TcpIntervalRecord& r, Side s) { return Value{interval_half(r, s).rtt_average_ms}; }},
    {"rtt_cnt", "", Unit::samples, {},
     "RTT samples of the interval",
     [](const TcpIntervalRecord& r, Side s) { return integer(interval_half(r, s).rtt_samples); }},
};

inline constexpr ColumnSpec<TcpIntervalRecord> kTcpIntervalWindow[] = {
    {"cwin_min", "", Unit::bytes, {},
     "smallest number of bytes in flight; 0 when there is no sample",
     [](const TcpIntervalRecord& r, Side s) { return integer(interval_half(r, s).in_flight_min); }},
    {"cwin_max", "", Unit::bytes, {},
     "largest number of bytes in flight; 0 when there is no sample",
     [](const TcpIntervalRecord& r, Side s) { return integer(interval_half(r, s).in_flight_max); }},
};

inline constexpr ColumnSpec<TcpIntervalRecord> kTcpIntervalSacks[] = {
    {"sack_cnt", "", Unit::packets, {},
     "segments with a SACK option",
     [](const TcpIntervalRecord& r, Side s) { return integer(interval_half(r, s).sacks); }},
};

inline constexpr ColumnSpec<UdpIntervalRecord> kUdpIntervalCounters[] = {
    {"pkts_all", "", Unit::packets, {0, 2, 8},
     "datagrams sent",
     [](const UdpIntervalRecord& r, Side s) { return integer(interval_half(r, s).packets); }},
    {"bytes_all", "", Unit::bytes, {},
     "payload bytes that the UDP headers claim",
     [](const UdpIntervalRecord& r, Side s) { return integer(interval_half(r, s).bytes); }},
};
// clang-format on

inline constexpr Block<TcpIntervalRecord> kTcpIntervalLayout[] = {
    {Group::core, Sides::client, kEndsAddress<TcpIntervalRecord>},
    {Group::core, Sides::server, kEndsAddress<TcpIntervalRecord>},
    {Group::core, Sides::flow, kIntervalTimes<TcpIntervalRecord>},
    {Group::core, Sides::client, kTcpIntervalCounters},
    {Group::core, Sides::server, kTcpIntervalCounters},
    {Group::core, Sides::client, kTcpIntervalRtt},
    {Group::core, Sides::server, kTcpIntervalRtt},
    {Group::core, Sides::client, kTcpIntervalWindow},
    {Group::core, Sides::server, kTcpIntervalWindow},
    {Group::core, Sides::alternating, kTcpIntervalSacks},
    {Group::core, Sides::alternating, kEndsInternal<TcpIntervalRecord>},
    {Group::core, Sides::alternating, kEndsEncrypted<TcpIntervalRecord>},
};

inline constexpr Block<UdpIntervalRecord> kUdpIntervalLayout[] = {
    {Group::core, Sides::client, kEndsAddress<UdpIntervalRecord>},
    {Group::core, Sides::client, kEndsInternal<UdpIntervalRecord>},
    {Group::core, Sides::client, kEndsEncrypted<UdpIntervalRecord>},
    {Group::core, Sides::server, kEndsAddress<UdpIntervalRecord>},
    {Group::core, Sides::server, kEndsInternal<UdpIntervalRecord>},
    {Group::core, Sides::server, kEndsEncrypted<UdpIntervalRecord>},
    {Group::core, Sides::flow, kIntervalTimes<UdpIntervalRecord>},
    {Group::core, Sides::client, kUdpIntervalCounters},
    {Group::core, Sides::server, kUdpIntervalCounters},
};

inline constexpr auto kTcpIntervalColumns = expand<TcpIntervalRecord, kTcpIntervalLayout>();
inline constexpr auto kUdpIntervalColumns = expand<UdpIntervalRecord, kUdpIntervalLayout>();
static_assert(kTcpIntervalColumns.size() == 46 && kUdpIntervalColumns.size() == 16);
static_assert(names_are_unique_per_group(kTcpIntervalColumns));
static_assert(names_are_unique_per_group(kUdpIntervalColumns));

}  // namespace tapstat::flowstats
