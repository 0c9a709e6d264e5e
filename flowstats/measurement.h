/// What is measured and within which bounds: the settings that shape every number in the logs.
///
/// Filled by control from flags and configuration before the first packet; then read-only for all
/// threads.
#pragma once

#include <cstdint>

#include "flowstats/base/units.h"

namespace tapstat::flowstats {

/// tstat: the numbers, line order and text of Tstat 3.3.0, quirks included. corrected: what the
/// network really did (docs/differences_from_tstat.md lists every difference).
enum class Mode : uint8_t { tstat, corrected };

inline constexpr uint32_t kSegmentsPerQuadrantMin = 48, kSegmentsPerQuadrantMax = 16'000;

/// Bounds of one worker. The defaults are Tstat's.
struct FlowLimits {
  uint32_t tcp_flows_max = 180'000;
  // Kept small until the second segment. Tstat mode: of these flows; corrected mode: beside them.
  uint32_t half_open_flows_max = 22'500;
  uint32_t udp_flows_max = 360'000;
  uint32_t new_flows_per_s_max = 0;          // TCP and UDP together; 0 = no limit
  uint32_t slot_search_max = 200;            // tstat mode: slots tried after the next one
  uint32_t segments_per_quadrant_max = 100;  // kSegmentsPerQuadrantMin to kSegmentsPerQuadrantMax
  // Pools shared by the worker's flows; a flow whose segments come in order takes nothing of them.
  uint32_t segment_records_max = 360'000;  // remembered segments of directions with holes
  uint32_t segment_trains_max = 22'500;    // directions in order with much in flight
};

struct FlowTimeouts {
  Duration tcp_idle = seconds(300);
  Duration tcp_singleton = seconds(10);  // only SYNs of one side seen
  Duration udp_idle = seconds(200);
  Duration udp_singleton = seconds(10);  // a single datagram
};

/// Inspection of payload: classes of flows, TLS, HTTP, names. Bounds are those of one worker.
struct Inspection {
  bool enabled = true;
  bool fingerprints = false;           // JA4 and what else the fingerprint group prints
  uint32_t tcp_flows_max = 180'000;    // inspected at the same time
  uint32_t hello_buffers_max = 2'000;  // handshakes in several segments, 16 KiB each
  uint32_t quic_flows_max = 20'000;    // QUIC handshakes at the same time
  uint32_t rtp_streams_max = 50'000;   // RTP and RTCP sources at the same time
  uint32_t entropy_sample = 60;        // bytes of each of the first four payloads (MSE)
  double entropy_threshold = 3.7;      // bits per nibble
};

/// Exit records in web100's variables (docs/web100.md). Bounds are those of one worker; nothing is
/// reserved while `enabled` is false.
struct ExitRecords {
  bool enabled = false;
  uint32_t connections_max = 180'000;      // at the same time, those that linger included
  uint32_t segments_max = 1'000'000;       // outstanding, of all connections together
  uint32_t segments_per_side_max = 1'024;  // beyond, neighbours become one without an RTT
  Duration linger = seconds(5);            // after the last packet of a closed connection
  Duration idle_max = seconds(86'400);     // of an established connection
  Duration half_closed_idle_max = seconds(300);
  bool incomplete = false;  // records of connections without a complete handshake
  bool expired = false;     // and of those that fell silent
  bool unfinished = false;  // and of those that are alive when the probe stops
  bool both_views = false;  // a second record with the ends exchanged when both are internal
  bool rtt_of_both_halves = false;  // adds the smallest round trip between tap and Local
  Duration rto_min = milliseconds(200);
};

struct Measurement {
  Mode mode = Mode::tstat;
  FlowLimits limits;
  Inspection inspection;
  FlowTimeouts timeouts;
  ExitRecords exit_records;
  Duration log_interval = seconds(1);  // of log_tcp_periodic and log_udp_periodic
  /// Segments of a flow that repeat IPv4 id, checksum and length of the one before them in their
  /// direction within this time are left out, as a mirror port that copies frames twice makes them.
  /// Zero: off.
  Duration duplicate_window;
  uint64_t hash_seed = 0x7461707374617400;  // fixed for replays, random for live ports
};

}  // namespace tapstat::flowstats
