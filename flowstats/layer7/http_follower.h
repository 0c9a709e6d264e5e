/// HTTP messages of one TCP flow as its segments show them, for as long as the flow lives:
/// counters, the host, and which segments log_http_complete prints.
///
/// Owned by the flow's inspection state and used by its worker. Independent of the class of the
/// flow. tstat mode takes segments in the order of arrival, repeated ones too; in corrected mode
/// the caller puts those of a request's header part in order, and leaves out what came before. A
/// segment that neither begins a message nor follows the beginning of one costs a look at its first
/// four bytes.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>

#include "flowstats/base/byte_range.h"
#include "flowstats/layer7/http_fields.h"
#include "flowstats/layer7/http_head.h"
#include "flowstats/layer7/http_part.h"
#include "flowstats/layer7/inspection.h"
#include "flowstats/measurement.h"

namespace tapstat::flowstats::layer7 {

class HttpFollower {
 public:
  struct Seen {
    HttpPart part = HttpPart::none;
    HttpField continued = HttpField::none;  // of a continuation: what the segment before cut
  };

  /// Each payload segment of the flow. `part` is not `none` when log_http_complete may have a row
  /// for it.
  Seen on_segment(size_t side, ByteRange payload, Mode mode) {
    if (!awaits_rest(side) && !may_begin_message(side, payload)) return {};
    return on_candidate(side, payload, mode);
  }

  /// The side's next segment may continue a message, whatever it begins with.
  [[nodiscard]] bool awaits_rest(size_t side) const {
    return awaits_rest_[side] || (side == kClient && in_head());
  }

  /// corrected mode: the latest request's header part goes on, and the client's next segment for
  /// on_segment() is the one that continues it in sequence order.
  [[nodiscard]] bool in_head() const { return head_.is_open(); }
  /// More of it, which came before its turn.
  void read_head(ByteRange bytes) { head_.read(bytes); }
  /// Its rest will not come.
  void leave_head() { head_.give_up(); }

  /// http_req_cnt and http_res_cnt: segments that begin a message, at most one message each. Tstat
  /// counts a response without a slash behind HTTP; log_http_complete asks for it.
  [[nodiscard]] uint32_t requests() const { return messages_[kClient]; }
  [[nodiscard]] uint32_t responses() const { return messages_[kServer]; }
  /// http_hostname: the first Host in a request or in the continuation behind it; corrected mode:
  /// anywhere in a request's header part, if all of the line was there.
  [[nodiscard]] std::string_view host() const { return head_.host(); }

 private:
  [[nodiscard]] static constexpr uint32_t word(const char (&text)[5]) {
    return uint32_t{static_cast<uint8_t>(text[0])} << 24 |
           uint32_t{static_cast<uint8_t>(text[1])} << 16 |
           uint32_t{static_cast<uint8_t>(text[2])} << 8 | static_cast<uint8_t>(text[3]);
  }
  [[nodiscard]] static bool may_begin_message(size_t side, ByteRange payload) {
    if (payload.size() < kHttpSegmentBytesMin) return false;
    switch (payload.u32(0)) {
      case word("HTTP"): return side == kServer;
      case word("GET "):
      case word("POST"):
      case word("HEAD"):
      case word("PUT "):
      case word("PATC"):
      case word("DELE"):
      case word("OPTI"):
      case word("CONN"):
      case word("TRAC"): return side == kClient;
      default: return false;
    }
  }
  Seen on_candidate(size_t side, ByteRange payload, Mode mode);
  [[nodiscard]] HttpPart begin_of(size_t side, ByteRange payload, Mode mode);
  HttpHeadEnd await_rest(size_t side, const HttpSegment& segment, Mode mode);
  Seen on_rest_of_head(ByteRange payload);

  std::array<uint32_t, 2> messages_{};
  std::array<bool, 2> awaits_rest_{};    // the side's next segment may be a continuation
  std::array<HttpField, 2> cut_{};       // by the end of the message's first segment
  std::array<bool, 2> at_line_start_{};  // that segment ended with a whole header line
  HttpHead head_;
};
static_assert(std::is_trivially_copyable_v<HttpFollower> && sizeof(HttpFollower) <= 232);

}  // namespace tapstat::flowstats::layer7
