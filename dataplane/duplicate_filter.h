/// Recognises frames that a mirror port copied twice: same IPv4 identification, TCP checksum and
/// length as the segment before it in the same direction of the same flow, within a short time.
///
/// Off by default, since Tstat counts such copies as retransmissions. Marks live beside the flows,
/// by entry number, so that flows pay nothing while the filter is off. Owner thread of the flows.
#pragma once

#include <array>
#include <cstdint>

#include "flowstats/base/arena.h"
#include "flowstats/base/units.h"
#include "flowstats/wire/segment.h"

namespace tapstat::dataplane {

class DuplicateFilter {
 public:
  /// `window` zero switches the filter off.
  DuplicateFilter(uint32_t entries, flowstats::Duration window)
      : marks_(window.us > 0 ? entries : 0), window_(window) {}

  [[nodiscard]] bool enabled() const { return window_.us > 0; }

  [[nodiscard]] size_t bytes() const { return enabled() ? marks_.bytes() : 0; }

  /// See PageBlock::touch().
  void touch() { marks_.touch(); }

  /// A new flow takes `entry`.
  void forget(uint32_t entry) { marks_[entry] = {}; }

  /// True when the segment is a copy; otherwise remembers it.
  [[nodiscard]] bool is_copy(uint32_t entry, const flowstats::Segment& s) {
    if (s.tuple.ip_version != flowstats::IpVersion::v4) return false;
    Mark& mark = marks_[entry][static_cast<size_t>(s.direction)];
    const Mark now{s.time, s.payload_length, s.ip_id, s.checksum, true};
    if (mark.valid && mark.ip_id == now.ip_id && mark.checksum == now.checksum &&
        mark.payload_length == now.payload_length && elapsed(mark.time, now.time) <= window_)
      return true;
    mark = now;
    return false;
  }

 private:
  struct Mark {
    flowstats::Timestamp time;
    int32_t payload_length = 0;
    uint16_t ip_id = 0, checksum = 0;
    bool valid = false;
  };

  flowstats::Arena<std::array<Mark, 2>> marks_;
  flowstats::Duration window_;
};

}  // namespace tapstat::dataplane
