/// The counter table: every number the probe counts, with name, unit and meaning, in one place.
///
/// A CounterBlock has one writing thread (a worker, the dispatcher or the writer) and any number of
/// readers; cells are never reset while running. Readers add the blocks up. The laws between the
/// counters are computed by ledger.h.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "flowstats/log_mask.h"

namespace tapstat::flowstats {

enum class Counter : uint8_t {
  // Packets: received (of live ports port_packets, else rx_packets) = analysed + every dropped_*.
  rx_packets,
  rx_bytes,
  port_packets,
  dropped_nic_missed,
  dropped_nic_errors,
  dropped_nic_nobuf,
  analysed_packets,
  dropped_ring_full,
  dropped_too_short,
  dropped_bad_l2,
  dropped_bad_ip,
  dropped_bad_l4,
  dropped_not_ip,
  dropped_not_tcp_udp,
  dropped_fragment_incomplete,
  dropped_tunnel_too_deep,
  dropped_filtered,
  dropped_table_full,
  dropped_flow_rate,
  dropped_other,
  // Parts and properties of the analysed packets.
  tcp_segments,
  segments_without_flow,
  segments_after_close,
  udp_datagrams,
  malformed_segments,
  // TCP flows: created = exported + every flows_dropped_* + active.
  flows_created,
  flows_exported,
  flows_dropped_not_local,
  flows_dropped_queue_full,
  flows_refused_table_full,
  flows_refused_rate,
  flows_evicted,
  segment_records_merged,
  segment_records_exhausted,
  trackers_taken,
  trackers_returned,
  // UDP flows: as TCP flows.
  udp_flows_created,
  udp_flows_exported,
  udp_flows_dropped_not_local,
  udp_flows_dropped_queue_full,
  udp_flows_refused_table_full,
  udp_flows_refused_rate,
  udp_flows_evicted,
  // Connections for exit records: closed + exchanged views = exported + dropped + incomplete +
  // unfinished.
  exit_connections_opened,
  exit_connections_closed,
  exit_connections_refused,
  exit_connections_incomplete,
  exit_connections_unfinished,
  exit_views_exchanged,
  exit_records_exported,
  exit_records_dropped_queue_full,
  exit_segments_exhausted,
  exit_segments_dropped,
  // Inspection of payload, and what it hands to the writer beside flows.
  inspections_refused,
  hello_buffers_refused,
  quic_handshakes_refused,
  dns_segments_unread,
  dns_messages_too_long,
  rtp_streams_refused,
  events_exported,
  events_dropped_queue_full,
  names_learnt,
  names_overwritten,
  names_joined_early,
  // Rows, for each log: formatted = written + dropped + queued.
  rows_complete_formatted,
  rows_complete_written,
  rows_complete_dropped_write_error,
  rows_complete_dropped_log_disabled,
  rows_nocomplete_formatted,
  rows_nocomplete_written,
  rows_nocomplete_dropped_write_error,
  rows_nocomplete_dropped_log_disabled,
  rows_udp_formatted,
  rows_udp_written,
  rows_udp_dropped_write_error,
  rows_udp_dropped_log_disabled,
  rows_mm_formatted,
  rows_mm_written,
  rows_mm_dropped_write_error,
  rows_mm_dropped_log_disabled,
  rows_http_formatted,
  rows_http_written,
  rows_http_dropped_write_error,
  rows_http_dropped_log_disabled,
  rows_dns_formatted,
  rows_dns_written,
  rows_dns_dropped_write_error,
  rows_dns_dropped_log_disabled,
  rows_tcp_periodic_formatted,
  rows_tcp_periodic_written,
  rows_tcp_periodic_dropped_write_error,
  rows_tcp_periodic_dropped_log_disabled,
  rows_udp_periodic_formatted,
  rows_udp_periodic_written,
  rows_udp_periodic_dropped_write_error,
  rows_udp_periodic_dropped_log_disabled,
  // Exit records: the connections of all types = written + lost + excluded.
  exit_records_written,
  exit_records_lost,
  exit_records_excluded,
  exit_records_late,
  exit_connections_ipv4,
  exit_bytes_out_ipv4,
  exit_bytes_in_ipv4,
  exit_connections_ipv6,
  exit_bytes_out_ipv6,
  exit_bytes_in_ipv6,
  exit_connections_loopback_ipv4,
  exit_bytes_out_loopback_ipv4,
  exit_bytes_in_loopback_ipv4,
  exit_connections_loopback_ipv6,
  exit_bytes_out_loopback_ipv6,
  exit_bytes_in_loopback_ipv6,
  exit_connections_excluded,
  exit_bytes_out_excluded,
  exit_bytes_in_excluded,
  bytes_written,
  rows_spooled,
  bytes_spooled,
  directories_created,
  // Traces: matched = sampled out + written + dropped + queued.
  trace_matched,
  trace_sampled_out,
  trace_dropped_ring,
  trace_written,
  trace_dropped_disk,
  count_  // not a counter: how many there are
};
inline constexpr size_t kCounterCount = static_cast<size_t>(Counter::count_);

struct CounterSpec {
  std::string_view name, unit, help;
};

/// In the order of Counter; the array's size is checked below.
inline constexpr std::array<CounterSpec, kCounterCount> kCounterTable = {{
    {"rx_packets", "packets", "received from the source"},
    {"rx_bytes", "bytes", "captured bytes of the received packets"},
    {"port_packets", "packets",
     "that came to live ports, by their own count, what they lost included"},
    {"dropped_nic_missed", "packets",
     "a live port had no free descriptor, or the kernel's ring no room: workers too slow"},
    {"dropped_nic_errors", "packets", "damaged frames that a live port refused (CRC and the like)"},
    {"dropped_nic_nobuf", "packets", "a live port found no free packet buffer"},
    {"analysed_packets", "packets", "parsed as TCP or UDP and processed"},
    {"dropped_ring_full", "packets",
     "the ring to a worker was full (live ports only; a replay waits)"},
    {"dropped_too_short", "packets", "captured bytes end before the TCP or UDP header does"},
    {"dropped_bad_l2", "packets", "link-layer header cut or contradictory"},
    {"dropped_bad_ip", "packets", "IP version, header length or length field that cannot be"},
    {"dropped_bad_l4", "packets", "TCP or UDP header that cannot be"},
    {"dropped_not_ip", "packets", "neither IPv4 nor IPv6 (ARP, LLDP, unknown EtherType)"},
    {"dropped_not_tcp_udp", "packets",
     "IP, but another protocol (ICMP, SCTP, a tunnel that is not decoded)"},
    {"dropped_fragment_incomplete", "packets", "IP fragments other than the first"},
    {"dropped_tunnel_too_deep", "packets",
     "more nested tags, labels, tunnels or extension headers than are followed"},
    {"dropped_filtered", "packets", "excluded by a filter that was asked for"},
    {"dropped_table_full", "packets", "opened a flow for which the flow table had no room"},
    {"dropped_flow_rate", "packets", "opened a flow beyond [flows] max_new_per_s"},
    {"dropped_other", "packets", "any other reason; always 0"},
    {"tcp_segments", "packets", "TCP segments among the analysed packets"},
    {"segments_without_flow", "packets",
     "TCP segments that belong to no flow: handshake not in the capture, or flow closed"},
    {"segments_after_close", "packets",
     "of the segments without a flow, those of a connection that has just been closed: repeated "
     "FINs, last ACKs"},
    {"udp_datagrams", "packets", "UDP datagrams among the analysed packets"},
    {"malformed_segments", "packets",
     "analysed TCP segments whose data offset lies beyond the IP payload"},
    {"flows_created", "flows", "TCP flows opened by a SYN"},
    {"flows_exported", "flows", "records handed to the writer"},
    {"flows_dropped_not_local", "flows",
     "neither side is an internal network, so no row is written"},
    {"flows_dropped_queue_full", "flows",
     "the record ring was full (live ports only; a replay waits)"},
    {"flows_refused_table_full", "flows", "SYNs that found no room in the flow table"},
    {"flows_refused_rate", "flows", "SYNs beyond [flows] max_new_per_s"},
    {"flows_evicted", "flows",
     "ended early to make room, their rows written as by a time-out (corrected mode)"},
    {"segment_records_merged", "records",
     "oldest segment boundaries given up because a list was at its limit"},
    {"segment_records_exhausted", "records",
     "segments not remembered because the pool of segment records was empty"},
    {"trackers_taken", "trackers",
     "times a direction of a flow had more in flight than its flow holds, or a hole"},
    {"trackers_returned", "trackers", "times everything was acknowledged and in order again"},
    {"udp_flows_created", "flows", "UDP flows opened"},
    {"udp_flows_exported", "flows", "records of UDP flows handed to the writer"},
    {"udp_flows_dropped_not_local", "flows",
     "neither side is an internal network, so no row is written"},
    {"udp_flows_dropped_queue_full", "flows",
     "the record ring was full (live ports only; a replay waits)"},
    {"udp_flows_refused_table_full", "flows", "UDP datagrams that found no room for a new flow"},
    {"udp_flows_refused_rate", "flows",
     "UDP datagrams that would have opened a flow beyond [flows] max_new_per_s"},
    {"udp_flows_evicted", "flows",
     "ended early to make room, their rows written as by a time-out (corrected mode)"},
    {"exit_connections_opened", "connections", "TCP connections followed for exit records"},
    {"exit_connections_closed", "connections", "of these, those that have ended"},
    {"exit_connections_refused", "connections",
     "not followed because all places were taken ([output.web100] connections)"},
    {"exit_connections_incomplete", "connections",
     "no record: their handshake was not seen whole ([output.web100] incomplete)"},
    {"exit_connections_unfinished", "connections",
     "no record: silent, or alive at the end ([output.web100] expired, unfinished)"},
    {"exit_views_exchanged", "records", "second records with the ends exchanged"},
    {"exit_records_exported", "records", "exit records handed to the writer"},
    {"exit_records_dropped_queue_full", "records",
     "the record ring was full (live ports only; a replay waits)"},
    {"exit_segments_exhausted", "segments",
     "outstanding segments that found no place: no round trip is taken from them"},
    {"exit_segments_dropped", "segments",
     "exit records have not seen these: the queue to their thread was full (live ports only; a "
     "replay waits)"},
    {"inspections_refused", "flows",
     "TCP flows whose payload was not looked at because all places were taken"},
    {"hello_buffers_refused", "handshakes",
     "TLS handshakes in several segments, and HTTP requests out of order, that found no buffer"},
    {"quic_handshakes_refused", "handshakes",
     "QUIC handshakes that were not decrypted for a bound"},
    {"dns_segments_unread", "segments",
     "DNS over TCP (corrected mode): segments of connections that found no place"},
    {"dns_messages_too_long", "messages", "DNS over TCP: messages beyond 8 KiB, not read"},
    {"rtp_streams_refused", "streams", "RTP or RTCP sources that found no place"},
    {"events_exported", "records",
     "HTTP and DNS messages, streams and intervals handed to the writer"},
    {"events_dropped_queue_full", "records",
     "the same, lost because the record ring was full (live ports only; a replay waits)"},
    {"names_learnt", "names", "addresses that DNS answers gave a name"},
    {"names_overwritten", "names",
     "of these, overwritten by newer ones because the cache was full"},
    {"names_joined_early", "records",
     "rows named before the DNS answers of all workers were in, because one of them stood still"},
    {"rows_complete_formatted", "rows", "rows made for log_tcp_complete"},
    {"rows_complete_written", "rows", "rows written to log_tcp_complete"},
    {"rows_complete_dropped_write_error", "rows",
     "rows for log_tcp_complete lost because writing failed"},
    {"rows_complete_dropped_log_disabled", "rows",
     "complete flows while log_tcp_complete was switched off"},
    {"rows_nocomplete_formatted", "rows", "rows made for log_tcp_nocomplete"},
    {"rows_nocomplete_written", "rows", "rows written to log_tcp_nocomplete"},
    {"rows_nocomplete_dropped_write_error", "rows",
     "rows for log_tcp_nocomplete lost because writing failed"},
    {"rows_nocomplete_dropped_log_disabled", "rows",
     "other flows while log_tcp_nocomplete was switched off"},
    {"rows_udp_formatted", "rows", "rows made for log_udp_complete"},
    {"rows_udp_written", "rows", "rows written to log_udp_complete"},
    {"rows_udp_dropped_write_error", "rows",
     "rows for log_udp_complete lost because writing failed"},
    {"rows_udp_dropped_log_disabled", "rows", "UDP flows while log_udp_complete was switched off"},
    {"rows_mm_formatted", "rows", "rows made for log_mm_complete"},
    {"rows_mm_written", "rows", "rows written to log_mm_complete"},
    {"rows_mm_dropped_write_error", "rows", "rows for log_mm_complete lost because writing failed"},
    {"rows_mm_dropped_log_disabled", "rows",
     "RTP and RTCP streams while log_mm_complete was switched off"},
    {"rows_http_formatted", "rows", "rows made for log_http_complete"},
    {"rows_http_written", "rows", "rows written to log_http_complete"},
    {"rows_http_dropped_write_error", "rows",
     "rows for log_http_complete lost because writing failed"},
    {"rows_http_dropped_log_disabled", "rows",
     "HTTP messages while log_http_complete was switched off"},
    {"rows_dns_formatted", "rows", "rows made for log_dns_complete"},
    {"rows_dns_written", "rows", "rows written to log_dns_complete"},
    {"rows_dns_dropped_write_error", "rows",
     "rows for log_dns_complete lost because writing failed"},
    {"rows_dns_dropped_log_disabled", "rows",
     "DNS messages while log_dns_complete was switched off"},
    {"rows_tcp_periodic_formatted", "rows", "rows made for log_tcp_periodic"},
    {"rows_tcp_periodic_written", "rows", "rows written to log_tcp_periodic"},
    {"rows_tcp_periodic_dropped_write_error", "rows",
     "rows for log_tcp_periodic lost because writing failed"},
    {"rows_tcp_periodic_dropped_log_disabled", "rows",
     "intervals of TCP flows while log_tcp_periodic was switched off"},
    {"rows_udp_periodic_formatted", "rows", "rows made for log_udp_periodic"},
    {"rows_udp_periodic_written", "rows", "rows written to log_udp_periodic"},
    {"rows_udp_periodic_dropped_write_error", "rows",
     "rows for log_udp_periodic lost because writing failed"},
    {"rows_udp_periodic_dropped_log_disabled", "rows",
     "intervals of UDP flows while log_udp_periodic was switched off"},
    {"exit_records_written", "records", "records written to the files of exit records"},
    {"exit_records_lost", "records", "records lost because writing failed or files were too many"},
    {"exit_records_excluded", "records", "not written because Rem is in an excluded network"},
    {"exit_records_late", "records",
     "of those written, in a later hour's file because their own was finished"},
    {"exit_connections_ipv4", "connections", "ended connections with a Rem of IPv4"},
    {"exit_bytes_out_ipv4", "bytes", "payload from Local in these (DataBytesOut)"},
    {"exit_bytes_in_ipv4", "bytes", "payload from Rem in these (DataBytesIn)"},
    {"exit_connections_ipv6", "connections", "ended connections with a Rem of IPv6"},
    {"exit_bytes_out_ipv6", "bytes", "payload from Local in these (DataBytesOut)"},
    {"exit_bytes_in_ipv6", "bytes", "payload from Rem in these (DataBytesIn)"},
    {"exit_connections_loopback_ipv4", "connections",
     "ended connections with a Rem in 127.0.0.0/8"},
    {"exit_bytes_out_loopback_ipv4", "bytes", "payload from Local in these (DataBytesOut)"},
    {"exit_bytes_in_loopback_ipv4", "bytes", "payload from Rem in these (DataBytesIn)"},
    {"exit_connections_loopback_ipv6", "connections",
     "ended connections with a Rem that is ::1 or an IPv4-mapped loopback address"},
    {"exit_bytes_out_loopback_ipv6", "bytes", "payload from Local in these (DataBytesOut)"},
    {"exit_bytes_in_loopback_ipv6", "bytes", "payload from Rem in these (DataBytesIn)"},
    {"exit_connections_excluded", "connections",
     "ended connections with any other Rem that is in the list of excluded networks"},
    {"exit_bytes_out_excluded", "bytes", "payload from Local in these (DataBytesOut)"},
    {"exit_bytes_in_excluded", "bytes", "payload from Rem in these (DataBytesIn)"},
    {"bytes_written", "bytes", "bytes written to the log files, after compression"},
    {"rows_spooled", "rows",
     "of the written rows of all logs, those in the spool ([output.tstat] on_full)"},
    {"bytes_spooled", "bytes", "of the written bytes, those in the spool"},
    {"directories_created", "directories", "output directories opened"},
    {"trace_matched", "packets", "analysed packets that the filter of the traces takes"},
    {"trace_sampled_out", "packets",
     "of these, left out by sampling or beyond the limit of their connection"},
    {"trace_dropped_ring", "packets",
     "the ring to the trace writer was full (live ports only; a replay waits)"},
    {"trace_written", "packets", "written to the trace file of their hour"},
    {"trace_dropped_disk", "packets",
     "not written because writing failed or the file had reached its largest size"},
}};
static_assert(!kCounterTable.back().name.empty(),
              "kCounterTable must have one line for each Counter");

/// A copy of all counters at one moment.
struct CounterValues {
  std::array<uint64_t, kCounterCount> value{};
  [[nodiscard]] uint64_t operator[](Counter c) const { return value[static_cast<size_t>(c)]; }
  CounterValues& operator+=(const CounterValues& other) {
    for (size_t i = 0; i < kCounterCount; ++i) value[i] += other.value[i];
    return *this;
  }
};

/// What becomes of a row; the counters of a log stand in this order.
enum class RowFate : uint8_t { formatted, written, write_error, log_disabled };

[[nodiscard]] constexpr Counter row_counter(Log log, RowFate fate) {
  return static_cast<Counter>(static_cast<size_t>(Counter::rows_complete_formatted) +
                              4 * static_cast<size_t>(log) + static_cast<size_t>(fate));
}
static_assert(row_counter(Log::udp_periodic, RowFate::log_disabled) ==
              Counter::rows_udp_periodic_dropped_log_disabled);

/// The remote ends of exit records, as SideStream tells them apart in its counters.
enum class RemoteType : uint8_t { ipv4, ipv6, loopback_ipv4, loopback_ipv6, excluded };
enum class ExitAmount : uint8_t { connections, bytes_out, bytes_in };

[[nodiscard]] constexpr Counter exit_counter(RemoteType type, ExitAmount amount) {
  return static_cast<Counter>(static_cast<size_t>(Counter::exit_connections_ipv4) +
                              3 * static_cast<size_t>(type) + static_cast<size_t>(amount));
}
static_assert(exit_counter(RemoteType::excluded, ExitAmount::bytes_in) ==
              Counter::exit_bytes_in_excluded);

class alignas(128) CounterBlock {
 public:
  /// Owner thread only: a plain load, add and store.
  void add(Counter c, uint64_t n = 1) {
    auto& cell = cells_[static_cast<size_t>(c)];
    cell.store(cell.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
  }
  /// Any thread.
  [[nodiscard]] uint64_t get(Counter c) const {
    return cells_[static_cast<size_t>(c)].load(std::memory_order_relaxed);
  }
  [[nodiscard]] CounterValues snapshot() const {
    CounterValues v;
    for (size_t i = 0; i < kCounterCount; ++i)
      v.value[i] = cells_[i].load(std::memory_order_relaxed);
    return v;
  }

 private:
  std::array<std::atomic<uint64_t>, kCounterCount> cells_{};
};

}  // namespace tapstat::flowstats
