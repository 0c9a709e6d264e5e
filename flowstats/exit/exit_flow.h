/// One TCP connection followed for its exit record: both ends as senders, and when it is over.
///
/// Beside the flow of the logs, in a pool of its own; only while exit records are wanted. Owned by
/// a worker. What follows in order costs a few comparisons: outstanding segments are kept in a
/// bounded list, and every estimate is made when the packet comes. Algorithms: RFC 6298 (round
/// trips), RFC 5681 and RFC 6675 (duplicate and selective acknowledgments, recovery), RFC 2883
/// (duplicates reported), RFC 3522 (needless recoveries by timestamps), RFC 3168 (ECN).
#pragma once

#include <cstdint>

#include "flowstats/base/units.h"
#include "flowstats/exit_record.h"
#include "flowstats/measurement.h"
#include "flowstats/wire/segment.h"

namespace tapstat::flowstats {

class ExitSegments;  // pool of outstanding segments, flowstats/exit/exit_segments.h

class ExitFlow {
 public:
  /// The first packet of the connection, which is also given to on_segment(). `internal`: whether
  /// the canonical ends a and b are in the internal networks; Local is the internal end, else the
  /// one that the first SYN went to, else, without a SYN, the lower port or the first destination.
  void open(const Segment& first, std::array<bool, 2> internal, uint32_t cid);

  /// Each packet of the connection, in order of arrival. A direction whose segments find the pool
  /// empty goes on without round trips and counts it in the pool.
  void on_segment(const Segment& segment, const ExitRecords& settings, ExitSegments& segments);

  /// The handshake was seen: SYN, SYN-ACK, and one more segment that acknowledges.
  [[nodiscard]] bool is_complete() const;
  /// Reset, or FINs of both ends acknowledged: nothing but stragglers can come.
  [[nodiscard]] bool is_over() const;
  /// One end has finished.
  [[nodiscard]] bool is_half_closed() const;
  /// A SYN that begins another connection between the same ports: its initial sequence number is
  /// none of this one's.
  [[nodiscard]] bool is_replaced_by(const Segment& segment) const;
  [[nodiscard]] Timestamp last() const;        // time of the latest packet
  [[nodiscard]] Timestamp last_clock() const;  // capture clock at the latest packet
  [[nodiscard]] const FiveTuple& tuple() const;
  [[nodiscard]] std::array<bool, 2> internal() const;  // Local, Rem

  enum class View : uint8_t { local, exchanged };
  /// Everything but RecordHead and `poll`.
  void fill(ExitRecord& record, View view, const ExitRecords& settings) const;
  /// Gives its segments back.
  void release(ExitSegments& segments);
};

}  // namespace tapstat::flowstats
