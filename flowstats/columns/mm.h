/// Columns of log_mm_complete: one line for each RTP or RTCP source of a direction.
///
/// A layout is kMmKind, kMmEnd for the client, kMmEnd for the server, kMmStream. Columns that only
/// RTP has print as Tstat's "0.0" for RTCP.
#pragma once

#include "flowstats/columns/column.h"
#include "flowstats/layer7/rtp_summary.h"
#include "flowstats/rtp_record.h"

namespace tapstat::flowstats {

using MmColumnSpec = ColumnSpec<RtpRecord>;

constexpr double in_seconds(Timestamp t) { return static_cast<double>(t.us) / 1e6; }

constexpr Value whole(double value) { return integer(static_cast<uint64_t>(value)); }

/// Of RTP only.
constexpr Value rtp_general(const RtpRecord& r, double value) {
  return r.stream.is_rtcp ? Value{Absent{"0.0"}} : Value{General{value}};
}
constexpr Value rtp_decimal(const RtpRecord& r, double value) {
  return r.stream.is_rtcp ? Value{Absent{"0.0"}} : Value{value};
}

// Three lines for each column.
// clang-format off
inline constexpr MmColumnSpec kMmKind[] = {
    {"a_proto", "", Unit::code, {},
     "R: RTP, T: RTCP",
     [](const RtpRecord& r, Side) {
       return Value{std::string_view{r.stream.is_rtcp ? "T" : "R"}}; }},
    {"direction", "", Unit::code, {},
     "C: sent by the client, S: by the server",
     [](const RtpRecord& r, Side) {
       return Value{std::string_view{r.stream.side == 0 ? "C" : "S"}}; }},
};

inline constexpr MmColumnSpec kMmEnd[] = {
    {"proto", "", Unit::code, {},
     "class of what this end sent, as in log_udp_complete; 29: RTP",
     [](const RtpRecord& r, Side s) {
       return integer(static_cast<uint8_t>(r.stream.type[static_cast<size_t>(s)])); }},
    {"ip", "", Unit::address, {},
     "address",
     [](const RtpRecord& r, Side s) {
       return Value{Address{r.ends.address[static_cast<size_t>(s)], r.ends.ip_version}}; }},
    {"port", "", Unit::port, {},
     "UDP port",
     [](const RtpRecord& r, Side s) { return integer(r.ends.port[static_cast<size_t>(s)]); }},
    {"internal", "", Unit::flag, {},
     "1 when the address is in the internal networks",
     [](const RtpRecord& r, Side s) { return integer(r.ends.internal[static_cast<size_t>(s)]); }},
    {"iscrypto", "", Unit::flag, {},
     "1 when the address was anonymised",
     [](const RtpRecord& r, Side s) { return integer(r.ends.encrypted[static_cast<size_t>(s)]); }},
    {"mux_prot", "", Unit::code, {},
     "protocols that this end sent: 1 RTP, 2 RTCP, 4 DTLS, 8 STUN, 16 TURN, 32 ZRTP, 64 MTURN",
     [](const RtpRecord& r, Side s) {
       return integer(r.stream.media_kinds[static_cast<size_t>(s)]); }},
};

inline constexpr MmColumnSpec kMmStream[] = {
    {"packets", "", Unit::packets, {},
     "packets of this SSRC",
     [](const RtpRecord& r, Side) { return integer(r.stream.packets); }},
    {"ipg", "", Unit::milliseconds, {},
     "mean gap between packets; RTP: of packets in sequence",
     [](const RtpRecord& r, Side) { return Value{General{r.stream.gap_ms}}; }},
    {"jitter_avg", "", Unit::count, {},
     "RTP: latest jitter estimate in ms; RTCP: mean of the reported ones, in time stamp units",
     [](const RtpRecord& r, Side) { return Value{General{r.stream.jitter.mean}}; }},
    {"jitter_max", "", Unit::count, {},
     "largest jitter",
     [](const RtpRecord& r, Side) { return Value{General{r.stream.jitter.max}}; }},
    {"jitter_min", "", Unit::count, {},
     "smallest jitter",
     [](const RtpRecord& r, Side) { return Value{General{r.stream.jitter.min}}; }},
    {"ttl_avg", "", Unit::hops, {},
     "mean TTL of all datagrams of the direction",
     [](const RtpRecord& r, Side) { return Value{General{r.stream.ttl.mean}}; }},
    {"ttl_max", "", Unit::hops, {},
     "largest TTL of the direction",
     [](const RtpRecord& r, Side) { return whole(r.stream.ttl.max); }},
    {"ttl_min", "", Unit::hops, {},
     "smallest TTL of the direction",
     [](const RtpRecord& r, Side) { return whole(r.stream.ttl.min); }},
    {"starttime", "", Unit::count, {},
     "first packet, in seconds since 1970",
     [](const RtpRecord& r, Side) { return Value{in_seconds(r.stream.first)}; }},
    {"duration", "", Unit::count, {},
     "first to last packet in seconds; tstat mode, RTCP: in milliseconds",
     [](const RtpRecord& r, Side) { return Value{r.stream.duration}; }},
    {"databytes", "", Unit::bytes, {},
     "RTP: media; RTCP: UDP payload",
     [](const RtpRecord& r, Side) { return integer(r.stream.bytes); }},
    {"speed", "", Unit::count, {},
     "bits in a unit of duration",
     [](const RtpRecord& r, Side) { return Value{General{r.stream.speed}}; }},
    {"SSRC", "", Unit::code, {},
     "source identifier",
     [](const RtpRecord& r, Side) { return Value{Hex{r.stream.ssrc}}; }},
    {"losses", "", Unit::packets, {},
     "RTP packets that did not come while 16 later ones did",
     [](const RtpRecord& r, Side) { return integer(r.stream.losses); }},
    {"oos", "", Unit::packets, {},
     "RTP packets that did not follow the largest sequence number",
     [](const RtpRecord& r, Side) { return integer(r.stream.out_of_sequence); }},
    {"dup", "", Unit::packets, {},
     "RTP packets that came again",
     [](const RtpRecord& r, Side) { return integer(r.stream.duplicates); }},
    {"late", "", Unit::packets, {},
     "RTP packets that came when 16 later ones had come",
     [](const RtpRecord& r, Side) { return integer(r.stream.late); }},
    {"pt_id", "", Unit::text, {},
     "payload types (RTP) or packet types (RTCP), the first ten",
     [](const RtpRecord& r, Side) { return Value{r.stream.types.view()}; }},
    {"pt_counters", "", Unit::text, {},
     "packets of each of these types",
     [](const RtpRecord& r, Side) { return Value{r.stream.type_counts.view()}; }},
    {"bogus", "", Unit::flag, {},
     "1 when the sequence numbers began anew",
     [](const RtpRecord& r, Side) { return integer(r.stream.was_restarted); }},
    {"rtcp_losses", "", Unit::packets, {},
     "latest reported cumulative loss",
     [](const RtpRecord& r, Side) { return integer(r.stream.reported_losses); }},
    {"rtcp_fraclost", "", Unit::count, {},
     "mean of the reported fractions lost, in percent",
     [](const RtpRecord& r, Side) { return Value{General{r.stream.reported_loss_percent}}; }},
    {"rtcp_lenpack", "", Unit::packets, {},
     "sender's packet count in the latest sender report",
     [](const RtpRecord& r, Side) { return integer(r.stream.sender_packets); }},
    {"rtcp_lenbytes", "", Unit::bytes, {},
     "sender's octet count in the latest sender report",
     [](const RtpRecord& r, Side) { return integer(r.stream.sender_bytes); }},
    {"rtt_avg", "", Unit::milliseconds, {},
     "mean round trip from the probe to the reporter and back",
     [](const RtpRecord& r, Side) { return Value{General{r.stream.rtt_ms.mean}}; }},
    {"rtt_max", "", Unit::milliseconds, {},
     "largest round trip",
     [](const RtpRecord& r, Side) { return Value{General{r.stream.rtt_ms.max}}; }},
    {"rtt_min", "", Unit::milliseconds, {},
     "smallest round trip",
     [](const RtpRecord& r, Side) { return Value{General{r.stream.rtt_ms.min}}; }},
    {"rtt_samples", "", Unit::samples, {},
     "round trips",
     [](const RtpRecord& r, Side) { return integer(r.stream.round_trips); }},
    {"rtcp_trunc", "", Unit::code, {},
     "1: a report was cut, 2: reports with more than one block were skipped",
     [](const RtpRecord& r, Side) { return integer(r.stream.rtcp_flags); }},
    {"rtp_max_payload", "", Unit::bytes, {},
     "largest media payload",
     [](const RtpRecord& r, Side) { return whole(r.stream.media_bytes.max); }},
    {"rtp_min_payload", "", Unit::bytes, {},
     "smallest media payload",
     [](const RtpRecord& r, Side) { return whole(r.stream.media_bytes.min); }},
    {"rtp_avg_payload", "", Unit::bytes, {},
     "mean media payload",
     [](const RtpRecord& r, Side) { return rtp_decimal(r, r.stream.media_bytes.mean); }},
    {"rtp_stdev_payload", "", Unit::bytes, {},
     "deviation of the media payload; tstat mode: divided by the root of the packets less one",
     [](const RtpRecord& r, Side) { return rtp_decimal(r, r.stream.media_bytes_deviation); }},
    {"jitter8k_avg", "", Unit::milliseconds, {},
     "latest jitter estimate with a clock of 8 kHz",
     [](const RtpRecord& r, Side) { return rtp_general(r, r.stream.jitter_8khz.mean); }},
    {"jitter8k_max", "", Unit::milliseconds, {},
     "the largest",
     [](const RtpRecord& r, Side) { return rtp_general(r, r.stream.jitter_8khz.max); }},
    {"jitter8k_min", "", Unit::milliseconds, {},
     "the smallest",
     [](const RtpRecord& r, Side) { return rtp_general(r, r.stream.jitter_8khz.min); }},
    {"jitter90k_avg", "", Unit::milliseconds, {},
     "latest jitter estimate with a clock of 90 kHz",
     [](const RtpRecord& r, Side) { return rtp_general(r, r.stream.jitter_90khz.mean); }},
    {"jitter90k_max", "", Unit::milliseconds, {},
     "the largest",
     [](const RtpRecord& r, Side) { return rtp_general(r, r.stream.jitter_90khz.max); }},
    {"jitter90k_min", "", Unit::milliseconds, {},
     "the smallest",
     [](const RtpRecord& r, Side) { return rtp_general(r, r.stream.jitter_90khz.min); }},
};
// clang-format on

}  // namespace tapstat::flowstats
