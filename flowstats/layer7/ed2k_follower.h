/// Messages of ED2K in both directions of a flow, each counted once (corrected mode): several in a
/// segment, and those that begin in the middle of one.
///
/// A side is followed from a segment that begins with a message and, if it ends within, has another
/// one behind it. From there each message says where the next begins; a header may be cut anywhere.
/// Behind bytes that are missing, at most the start of a segment is tried again; what comes late is
/// not counted. At most one step for each six bytes. Trivially copyable; one owner thread. Source:
/// Tstat's published rules.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "flowstats/groups/p2p.h"
#include "flowstats/layer7/inspection.h"
#include "flowstats/layer7/p2p_signatures.h"

namespace tapstat::flowstats::layer7 {

class Ed2kFollower {
 public:
  /// Each segment with payload. True when it belongs to messages; those whose opcode is known and
  /// whose header ends in it are added to `counts`.
  bool on_segment(const TcpSegmentView& view, p2p::Shared& counts);

  /// Messages may begin anywhere in the side's next segments.
  [[nodiscard]] bool follows(size_t side) const { return sides_[side].is_followed; }

 private:
  struct Side {
    uint32_t message = 0;  // offset of the first byte of the message whose header comes next
    std::array<uint8_t, kEd2kHeaderBytes> header{};
    uint8_t header_size = 0;  // bytes of it that have come
    bool is_followed = false;
  };
  /// Reads the segment from `at` on.
  static void read(Side& side, const TcpSegmentView& view, size_t at, p2p::Shared& counts);

  std::array<Side, 2> sides_;
};

}  // namespace tapstat::flowstats::layer7
