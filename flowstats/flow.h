/// One TCP connection while it is alive, and the rules by which a segment changes it.
///
/// An entry of a worker's flow pool: owned and touched by that worker only. `update` applies one
/// segment in the order of operations that Tstat's numbers depend on and says whether it ended the
/// flow. Laid out in cache lines by who touches what and when; arrays are indexed by the direction
/// in the five-tuple, so that a segment names its lines before the flow has been read.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "flowstats/base/arena.h"
#include "flowstats/base/units.h"
#include "flowstats/flow_record.h"
#include "flowstats/measurement.h"
#include "flowstats/tcp/connection_state.h"
#include "flowstats/tcp/sequence_tracker.h"
#include "flowstats/wire/network_list.h"
#include "flowstats/wire/segment.h"

namespace tapstat::flowstats {

/// How a flow ended, which decides the log it is written to.
enum class FlowEnd : uint8_t { complete, not_complete };

struct alignas(64) TcpFlow {
  /// Counters and extremes of one direction: touched by each of its segments.
  struct SenderLine {
    core::Hot core;
    Timestamp last;  // latest segment of this direction
    options::Hot options;
    uint32_t sent_end = 0;  // end of the latest segment without repeated bytes; not a maximum
    end_to_end::Hops hops;
    uint8_t window_shift = 0;  // 0 unless both sides offered scaling
    AckMemory acks;            // of the other direction's bytes
  };
  /// Sequence space of one direction: touched by its payload and by what acknowledges it.
  struct SequenceLine {
    SequenceTracker tracker;
    uint32_t isn = 0;      // of the latest SYN
    uint32_t fin_seq = 0;  // sequence number + payload of the latest FIN
  };
  /// Round-trip times of one direction, and what is written a few times in a flow.
  struct SampleLine {
    end_to_end::RoundTrips round_trips;
    Timestamp first_data = kNever;
    Timestamp first_ack = kNever;
    uint32_t message_end = 0;      // sent_end when the latest message was closed by PSH or FIN
    uint32_t pushed_messages = 0;  // ended by PSH or FIN
  };
  /// Handshake, anomalies and the end.
  struct ColdPart {
    core::Cold core;
    options::Cold options;
  };

  // Touched by every segment.
  FiveTuple tuple;
  Timestamp last_clock;  // capture clock at the latest segment
  TimeBase base;
  ConnectionState state;
  std::array<uint32_t, 2> last_ack{};  // latest acknowledgment that a direction sent

  std::array<SenderLine, 2> sender;
  std::array<SequenceLine, 2> sequence;
  std::array<SampleLine, 2> sample;
  Timestamp first;
  std::array<ColdPart, 2> cold;

  /// Makes a fresh flow of its first segment, a SYN; the segment still has to be passed to
  /// update().
  void open(const Segment& syn, const NetworkList& networks);

  /// Applies a segment of this flow. A value means that the flow has ended with it.
  std::optional<FlowEnd> update(const Segment& segment, TrackerContext& context);

  /// The same in two steps, for a caller that has its flow at hand: the short way of nearly every
  /// segment (in flow_usual.h), which answers `no` and changes nothing for any other ...
  enum class Usual : uint8_t { no, yes, closed };
  [[nodiscard]] inline Usual apply_usual(const Segment& segment, TrackerContext& context);
  /// ... and the long way, for any segment.
  std::optional<FlowEnd> apply_any(const Segment& segment, TrackerContext& context);

  /// Fetches the lines that update() will need for a usual segment.
  void prefetch(Direction from, bool has_payload) const {
    const auto d = static_cast<size_t>(from);
    __builtin_prefetch(this, 1);
    __builtin_prefetch(&sender[d], 1);
    __builtin_prefetch(&sequence[has_payload ? d : 1 - d], 1);
    if (!has_payload) __builtin_prefetch(&sample[1 - d], 1);
  }

  /// Time of the latest segment, in arrival order.
  [[nodiscard]] Timestamp last() const {
    return sender[state.has(1, direction_flag::kIsLatest) ? 1 : 0].last;
  }
  /// Either address is in the internal networks, decided at the first segment.
  [[nodiscard]] bool is_internal() const { return state.has_either(direction_flag::kIsInternal); }

  /// The end of a flow that timed out: complete when both sides have sent a SYN.
  [[nodiscard]] FlowEnd end_by_timeout() const {
    return state.has_both(direction_flag::kSynSeen) ? FlowEnd::complete : FlowEnd::not_complete;
  }
  /// Idle, or only SYNs of one side for the shorter time. `last_heard` is last() or last_clock, by
  /// mode.
  [[nodiscard]] bool expired(Timestamp last_heard, Timestamp now,
                             const FlowTimeouts& timeouts) const;
  /// Corrected mode: expired() after this time, unless the flow is heard of before.
  [[nodiscard]] Timestamp deadline(const FlowTimeouts& timeouts) const;
  /// Corrected mode: this SYN opens another connection on the same five-tuple.
  [[nodiscard]] bool is_port_reuse(const Segment& syn) const;

  /// Returns what the flow holds of the worker's pools.
  void clear(TrackerContext& context);

  void fill_record(TcpRecord& record, FlowEnd end) const;

 private:
  template <Mode kMode>
  struct Update;
  /// Only SYNs, of one side.
  [[nodiscard]] bool is_unanswered() const;
  static void count_flag(uint32_t& counter, Mode mode);
  bool count_fin(const Segment& segment, size_t d, Mode mode);
  inline void count_packet(const Segment& segment, size_t d);
  [[nodiscard]] inline bool apply_acknowledgment(const Segment& segment, size_t d,
                                                 TrackerContext& context, const Moment& now);
  inline void note_in_flight(size_t d);
  void count_laps(size_t d, bool has_payload);
  void settle_window_scales(bool syn);
  void note_fin(const Segment& segment, size_t d, Mode mode);
  void note_firsts(const Segment& segment, size_t d);
  void note_message(size_t d, Mode mode);
  template <Mode kMode>
  std::optional<FlowEnd> update_as(const Segment& segment, TrackerContext& context);
};
static_assert(sizeof(TcpFlow::SenderLine) == 64 && sizeof(TcpFlow::SequenceLine) == 64);
static_assert(sizeof(TcpFlow::SampleLine) == 64);
static_assert(offsetof(TcpFlow, sender) == 64 && offsetof(TcpFlow, sequence) == 192);
static_assert(offsetof(TcpFlow, sample) == 320 && offsetof(TcpFlow, first) == 448);
static_assert(sizeof(TcpFlow) == 640);

}  // namespace tapstat::flowstats
