/// The statistics of one TCP connection at its end, in the variables of web100: what SideStream
/// kept of every connection that its hosts served.
///
/// Seen from Local: Out is from Local to Rem, In the other way. Made when a connection has ended,
/// trivially copyable; the writer prints it through columns/web100.h, which says of each
/// variable how exactly a tap can know it. Times inside are microseconds, sequence numbers host
/// byte order. Source: the web100 kernel instruments (Mathis, Heffner, Reddy: "Web100: Extended TCP
/// Instrumentation for Research, Education and Diagnosis") and RFC 4898.
#pragma once

#include <array>
#include <cstdint>

#include "flowstats/base/units.h"
#include "flowstats/record.h"

namespace tapstat::flowstats {

/// Connection states as the web100 MIB and tcpConnTable number them (RFC 4022).
enum class ExitState : uint8_t {
  closed = 1,
  syn_sent = 3,
  syn_received = 4,
  established = 5,
  fin_wait_1 = 6,
  fin_wait_2 = 7,
  close_wait = 8,
  last_ack = 9,
  closing = 10,
};

/// What limited Local's sending. Values index arrays.
enum class SendLimit : uint8_t { sender, congestion, receiver };

struct ExitVariables {
  ExitState state = ExitState::established;
  bool active_open = false;                            // Local sent the first SYN
  bool sack = false, timestamps = false, ecn = false;  // agreed by both SYNs

  // Options of the SYNs; -1: not there, or scaling not agreed.
  int8_t send_window_scale = -1, receive_window_scale = -1;   // in force
  int8_t window_scale_received = -1, window_scale_sent = -1;  // as on the SYNs
  uint16_t mss_received = 0, mss_sent = 0;                    // 0: none
  bool timestamp_sent = false, timestamp_received = false;

  // Segments and bytes.
  uint32_t packets_out = 0, data_packets_out = 0, packets_in = 0, data_packets_in = 0;
  uint64_t data_bytes_out = 0, data_bytes_in = 0;
  uint32_t packets_retransmitted = 0, bytes_retransmitted = 0;

  // Sequence space.
  uint32_t send_initial = 0, receive_initial = 0;  // of the first payload byte
  uint32_t send_una = 0, send_next = 0, send_max = 0, receive_next = 0;
  uint64_t bytes_acked = 0, bytes_received = 0;  // unwrapped; a FIN counts one

  // Time.
  Timestamp first, last;

  // Limits, indexed by SendLimit. The times add up to last - first.
  std::array<uint32_t, 3> limit_entries{};
  std::array<uint64_t, 3> limit_bytes{};
  std::array<Duration, 3> limit_time{};

  // Congestion.
  uint32_t slow_start = 0, congestion_avoidance = 0;
  uint32_t fast_retransmits = 0, timeouts = 0, subsequent_timeouts = 0, abrupt_timeouts = 0;
  uint32_t timeouts_in_a_row = 0;  // at exit
  uint32_t congestion_signals = 0, needless_recoveries = 0, acks_after_needless_recovery = 0;
  uint32_t dup_acks_in = 0, dup_acks_out = 0, dup_ack_episodes = 0;  // episodes: sent by Local
  uint32_t sack_segments_received = 0, sack_blocks_received = 0, dsack_duplicates = 0;
  uint32_t unrepaired_dup_acks = 0, unrepaired_episodes = 0, bytes_reordered = 0;
  uint32_t ce_received = 0, ecn_signals = 0, ece_sent = 0;

  // Windows, bytes.
  uint32_t window_now = 0, window_max = 0;  // of congestion: what was seen in flight
  uint32_t threshold_now = 0, threshold_max = 0, threshold_min = 0;
  uint32_t pipe_max = 0;
  uint32_t retransmit_queue_now = 0, retransmit_queue_max = 0;
  uint32_t reassembly_queue_now = 0, reassembly_queue_max = 0;
  uint32_t rwin_sent_now = 0, rwin_sent_max = 0, rwin_sent_min = 0;
  uint32_t rwin_received_now = 0, rwin_received_max = 0, rwin_received_min = 0;
  uint32_t zero_windows_received = 0, zero_windows_sent = 0;

  // Round trips between the tap, Rem and the tap.
  uint32_t rtt_samples = 0;  // 0: the durations mean nothing
  Duration rtt_latest, rtt_smoothed, rtt_variance, rtt_max, rtt_min, rtt_sum;
  Duration rto_now, rto_max, rto_min;
  Duration receiver_rtt;             // Local's estimate from the data it receives
  uint64_t congestion_pipe_sum = 0;  // just before each signal
  Duration rtt_sum_before_congestion, rtt_sum_after_congestion;
  uint32_t rtt_samples_after_congestion = 0;

  // Segment sizes, bytes.
  uint32_t mss_now = 0, mss_max = 0, mss_min = 0;

  // IP header of the latest packet.
  uint8_t ttl_in = 0, tos_in = 0, tos_out = 0;

  // Not printed: for the check against the kernel.
  Duration busy_time;  // data outstanding, or the window closed

  constexpr bool operator==(const ExitVariables&) const = default;
};

struct ExitRecord : RecordHead {
  uint32_t cid = 0;  // unique among the live connections of the process
  Timestamp poll;    // when the connection was found to be over: names the file
  /// Local first. `internal` as everywhere; a remote one may be excluded from the records.
  Ends ends;
  ExitVariables variables;
};

}  // namespace tapstat::flowstats
