/// Columns of the core group: endpoints, packets, bytes and times of a TCP flow, in every log.
///
/// Each column is declared here and nowhere else; layouts.h puts the tables in file order.
#pragma once

#include "flowstats/columns/column.h"
#include "flowstats/columns/milliseconds.h"

namespace tapstat::flowstats {

// Three lines for each column.
// clang-format off

/// Columns 1 to 14 for the client, 15 to 28 for the server.
inline constexpr TcpColumnSpec kCoreDirectional[] = {
    {"ip", "%.ip4", Unit::address, {0, 8, 4, 12},
     "IPv4 or IPv6 address; over IPv6 the IPFIX elements are 27 and 28",
     [](const TcpRecord& r, Side s) {
       return Value{Address{r.address[static_cast<size_t>(s)], r.ip_version}};
     }},
    {"port", "%.port", Unit::port, {0, 7, 2, 11},
     "TCP port",
     [](const TcpRecord& r, Side s) { return integer(r.port[static_cast<size_t>(s)]); }},
    {"pkts_all", "packets.@", Unit::packets, {0, 86, 8},
     "segments sent, pure ACKs and RSTs included",
     [](const TcpRecord& r, Side s) { return integer(r.half(s).core.packets); }},
    {"rst_cnt", {"packets.@.rst", 6}, Unit::packets, {0, 220, 8},
     "segments with RST; the first one ends the flow",
     [](const TcpRecord& r, Side s) { return integer(r.half(s).core.rsts); }},
    {"ack_cnt", {"packets.@.ack", 7}, Unit::packets, {0, 222, 8},
     "segments with ACK, SYN-ACK and RST-ACK included",
     [](const TcpRecord& r, Side s) { return integer(r.half(s).core.acks); }},
    {"ack_cnt_p", {"packets.@.pure_ack", 8}, Unit::packets, {},
     "ACKs without payload, SYN, FIN and RST",
     [](const TcpRecord& r, Side s) { return integer(r.half(s).core.pure_acks); }},
    {"bytes_uniq", {"bytes.@.unique", 13}, Unit::bytes, {},
     "payload bytes, each counted once however often it was sent",
     [](const TcpRecord& r, Side s) { return integer(r.half(s).core.bytes_unique); }},
    {"pkts_data", {"packets.@.with_payload", 9}, Unit::packets, {},
     "segments with payload",
     [](const TcpRecord& r, Side s) { return integer(r.half(s).core.data_packets); }},
    {"bytes_all", {"bytes.@", 12}, Unit::bytes, {0, 231, 8, 232},
     "payload bytes as sent, repetitions included",
     [](const TcpRecord& r, Side s) { return integer(r.half(s).core.bytes); }},
    {"pkts_retx", "packets.@.rxmit", Unit::packets, {},
     "segments sent again, SYN and FIN included",
     [](const TcpRecord& r, Side s) { return integer(r.half(s).core.packets_retransmitted); }},
    {"bytes_retx", {"bytes.@.rxmit", 14}, Unit::bytes, {},
     "payload bytes sent again",
     [](const TcpRecord& r, Side s) { return integer(r.half(s).core.bytes_retransmitted); }},
    {"pkts_ooo", {"packets.@.outseq", 11}, Unit::packets, {},
     "segments that came out of order",
     [](const TcpRecord& r, Side s) { return integer(r.half(s).core.packets_out_of_order); }},
    {"syn_cnt", {"packets.@.syn", 4}, Unit::packets, {0, 218, 8},
     "segments with SYN, repetitions included",
     [](const TcpRecord& r, Side s) { return integer(r.half(s).core.syns); }},
    {"fin_cnt", {"packets.@.fin", 5}, Unit::packets, {0, 219, 8},
     "segments with FIN, repetitions included",
     [](const TcpRecord& r, Side s) { return integer(r.half(s).core.fins); }},
};

inline constexpr TcpColumnSpec kCoreTimes[] = {
    {"first", "start", Unit::epoch_milliseconds, {0, 152, 8},
     "time of the first segment of the flow",
     [](const TcpRecord& r, Side) { return Value{in_milliseconds(r.first)}; }},
    {"last", "end", Unit::epoch_milliseconds, {0, 153, 8},
     "time of the last segment in the order of arrival",
     [](const TcpRecord& r, Side) { return Value{in_milliseconds(r.last)}; }},
    {"durat", {"duration.ms", 0, MplanePrimitive::natural}, Unit::milliseconds, {0, 161, 4},
     "from the first to the last segment",
     [](const TcpRecord& r, Side) { return Value{milliseconds_since(r.first, r.last)}; }},
};

/// Zero also when the event never happened.
inline constexpr TcpColumnSpec kCoreSideTimes[] = {
    {"first", "%.TTFP.ms", Unit::milliseconds, {},
     "from the start of the flow to the first segment with payload",
     [](const TcpRecord& r, Side s) {
       return Value{milliseconds_since(r.first, r.half(s).core.first_data)};
     }},
    {"last", "%.TTLP.ms", Unit::milliseconds, {},
     "from the start of the flow to the last segment with payload",
     [](const TcpRecord& r, Side s) {
       return Value{milliseconds_since(r.first, r.half(s).core.last_data)};
     }},
    {"first_ack", "%.TTFA.ms", Unit::milliseconds, {},
     "from the start of the flow to the first ACK that is not a SYN",
     [](const TcpRecord& r, Side s) {
       return Value{milliseconds_since(r.first, r.half(s).core.first_ack)};
     }},
};

inline constexpr TcpColumnSpec kCoreInternal[] = {
    {"isint", "%.ip4.isinternal", Unit::flag, {},
     "1 when the address is in the internal networks",
     [](const TcpRecord& r, Side s) { return integer(r.internal[static_cast<size_t>(s)]); }},
};

/// In the 3.3 schema only.
inline constexpr TcpColumnSpec kCoreEncrypted[] = {
    {"iscrypto", "", Unit::flag, {},
     "1 when the address was anonymised",
     [](const TcpRecord& r, Side s) { return integer(r.encrypted[static_cast<size_t>(s)]); }},
};

inline constexpr TcpColumnSpec kCoreClasses[] = {
    {"con_t", "tstat.flow.class.conn", Unit::code, {},
     "application class of the connection, a bit mask; 0 = unclassified",
     [](const TcpRecord& r, Side) { return integer(r.layer7.connection_type); }},
    {"p2p_t", "tstat.flow.class.p2p", Unit::code, {},
     "peer-to-peer protocol; 0 = none",
     [](const TcpRecord& r, Side) { return integer(r.p2p.type); }},
    {"http_t", "tstat.flow.class.http", Unit::code, {},
     "class of the HTTP content; 0 = not HTTP",
     [](const TcpRecord& r, Side) { return integer(r.layer7.http_type); }},
};
// clang-format on

}  // namespace tapstat::flowstats
