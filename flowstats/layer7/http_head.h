/// The header part of one HTTP request as it comes, in pieces of any size: where it ends, and its
/// Host (corrected mode).
///
/// The same for any split of the same bytes. Reads kHttpHeadBytesMax at most and keeps no more than
/// the value of the Host. Trivially copyable; one owner thread. Source: RFC 9112 sections 3 and 5.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "flowstats/base/byte_range.h"
#include "flowstats/base/text.h"
#include "flowstats/layer7/http_fields.h"

namespace tapstat::flowstats::layer7 {

inline constexpr size_t kHttpHeadBytesMax = size_t{16} << 10;

class HttpHead {
 public:
  /// The bytes to come begin with a request line. A Host that was found stays.
  void begin();
  /// The next bytes of the stream; those behind the blank line are left out. Does nothing unless
  /// is_open().
  void read(ByteRange bytes);
  /// tstat mode, which looks for it elsewhere.
  void take_host(std::string_view host);
  /// No further bytes will come: what is not complete is forgotten.
  void give_up();

  /// The blank line is still to come.
  [[nodiscard]] bool is_open() const { return is_open_; }
  /// The next byte begins a line, or ends the blank one.
  [[nodiscard]] bool at_line_start() const { return line_bytes_ == (begins_with_cr_ ? 1 : 0); }
  /// The first that was complete, in any request, cut at its bound; empty: none.
  [[nodiscard]] std::string_view host() const {
    return has_host_ ? host_.view() : std::string_view{};
  }

 private:
  enum class Line : uint8_t { request, name, host, other };
  void read_piece(std::string_view piece);
  void end_line();

  uint16_t bytes_ = 0;       // read, of this header part
  uint16_t line_bytes_ = 0;  // of the line that is not ended
  Line line_ = Line::request;
  uint8_t matched_ = 0;  // letters of the field's name
  bool is_open_ = false, has_host_ = false;
  bool begins_with_cr_ = false;  // the line
  Text<kHttpShortValueBytesMax> host_;
};

}  // namespace tapstat::flowstats::layer7
