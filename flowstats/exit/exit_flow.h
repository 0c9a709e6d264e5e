/// One TCP connection followed for its exit record: both ends as senders, and when it is over.
///
/// Beside the flow of the logs, in a pool of its own; only while exit records are wanted. Owned by
/// a follower. What follows in order costs a few comparisons: outstanding segments are kept in a
/// bounded list, and every estimate is made when the packet comes. Algorithms: RFC 6298 (round
/// trips), RFC 5681 and RFC 6675 (duplicate and selective acknowledgments, recovery), RFC 2883
/// (duplicates reported), RFC 3522 (needless recoveries by timestamps), RFC 3168 (ECN).
#pragma once

#include <array>
#include <cstdint>

#include "flowstats/base/units.h"
#include "flowstats/exit/exit_segments.h"
#include "flowstats/exit/exit_sender.h"
#include "flowstats/exit_record.h"
#include "flowstats/measurement.h"
#include "flowstats/wire/segment.h"

namespace tapstat::flowstats {

class alignas(64) ExitFlow {
 public:
  ExitFlow() = default;

  /// The first packet of the connection, which is also given to on_segment(). `internal`: whether
  /// the canonical ends a and b are in the internal networks; Local is the internal end, else the
  /// one that the first SYN went to, else, without a SYN, the lower port or the first destination.
  void open(const Segment& first, std::array<bool, 2> internal, uint32_t cid);

  /// Each packet of the connection, in order of arrival. A direction whose segments find the pool
  /// empty goes on without round trips and counts it in the pool.
  void on_segment(const Segment& segment, const ExitRecords& settings, ExitSegments& segments);
  /// The two ways of on_segment(): one for nearly all, false, and nothing done, when the segment
  /// must go the other (exit_flow_usual.h); and the one for any segment.
  [[nodiscard]] bool apply_usual(const Segment& segment, const ExitRecords& settings,
                                 ExitSegments& segments);
  void apply_any(const Segment& segment, const ExitRecords& settings, ExitSegments& segments);

  /// The handshake was seen: SYN, SYN-ACK, and one more segment that acknowledges.
  [[nodiscard]] bool is_complete() const;
  /// Reset, or FINs of both ends acknowledged: nothing but stragglers can come.
  [[nodiscard]] bool is_over() const { return reset_ || both_fins_acked(); }
  /// Brings what a usual packet of this direction reads and writes.
  void prefetch(Direction from, bool has_payload) const {
    // Most of it is of the end whose payload is sent or acknowledged.
    const size_t busier = static_cast<size_t>(from) ^ (has_payload ? 0 : 1);
    const auto* const lines = reinterpret_cast<const char*>(senders_.data() + busier);
    const auto* const other = reinterpret_cast<const char*>(senders_.data() + (busier ^ 1));
    __builtin_prefetch(this, 1);
    __builtin_prefetch(has_payload ? other : other + kPacketLine * kLine, 1);
    for (size_t line = 0; line < kHotLines; ++line) __builtin_prefetch(lines + line * kLine, 1);
  }
  /// One end has finished.
  [[nodiscard]] bool is_half_closed() const;
  /// A SYN that begins another connection between the same ports: its initial sequence number is
  /// none of this one's.
  [[nodiscard]] bool is_replaced_by(const Segment& segment) const;
  [[nodiscard]] Timestamp last() const { return {last_us_}; }    // time of the latest packet
  [[nodiscard]] Timestamp last_clock() const { return clock_; }  // capture clock at that packet
  [[nodiscard]] const FiveTuple& tuple() const { return tuple_; }
  [[nodiscard]] std::array<bool, 2> internal() const;  // Local, Rem

  enum class View : uint8_t { local, exchanged };
  /// Everything but RecordHead and `poll`.
  void fill(ExitRecord& record, View view, const ExitRecords& settings) const;
  /// Gives its segments back.
  void release(ExitSegments& segments);

 private:
  static constexpr uint8_t kNobody = 2;
  static constexpr size_t kLine = 64, kHotLines = 5, kPacketLine = 2;  // of a sender

  [[nodiscard]] bool both_fins_acked() const {
    return senders_[0].fin_acked() && senders_[1].fin_acked();
  }
  void on_handshake(const ExitPacket& packet, ExitSender& from, const ExitSender& to);
  void on_reset(const ExitPacket& packet, const ExitSender& from, const ExitSender& to);
  [[nodiscard]] ExitState state_of(unsigned local) const;

  int64_t last_us_ = 0;
  Timestamp clock_;
  bool is_steady_ = false;  // both senders
  FiveTuple tuple_;
  uint32_t cid_ = 0;
  std::array<bool, 2> internal_{};  // ends a and b
  uint8_t local_ = 0;               // Direction of what Local sends
  uint8_t opener_ = kNobody;        // of the first SYN
  uint8_t first_closer_ = kNobody;  // of the first FIN
  bool reset_ = false;
  Timestamp first_;
  std::array<ExitSender, 2> senders_;  // indexed by Direction
};

}  // namespace tapstat::flowstats
