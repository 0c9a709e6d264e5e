/// What one TCP segment says of an HTTP message: request line, status and the header fields that
/// log_http_complete prints (RFC 9112 sections 2 to 5).
///
/// Each segment is read alone; nothing is reassembled. Mode::tstat finds `Name: ` anywhere before
/// the first zero byte, bodies included, and case counts (cases 05_http_log_fields and
/// 06_http_log_req2_res2 of the layer-7 set). Mode::corrected reads lines up to the blank one, and
/// names in any case. Results are views into the segment; every length is bounded. Pure functions,
/// any thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "flowstats/base/byte_range.h"
#include "flowstats/layer7/http_part.h"
#include "flowstats/measurement.h"

namespace tapstat::flowstats::layer7 {

inline constexpr size_t kHttpSegmentBytesMin = 5;       // shorter ones begin no message
inline constexpr size_t kHttpShortValueBytesMax = 199;  // host, type, length, range, server, DNT
inline constexpr size_t kHttpLongValueBytesMax = 1599;
inline constexpr size_t kHttpMethodBytesMax = 9;

enum class HttpHeader : uint8_t {
  host,
  referer,
  user_agent,
  cookie,
  dnt,
  content_type,
  content_length,
  content_range,
  server,
  location,
  set_cookie,
};
inline constexpr size_t kHttpHeaders = 11;

struct HttpFields {
  std::string_view method, path;  // of a request
  std::string_view status;        // of a response: digits
  std::string_view rest;          // of a continuation: the end of the field that was cut before it
  std::array<std::string_view, kHttpHeaders> values;  // by HttpHeader; empty: not found
  uint32_t cut = 0;                                   // bits (1 << HttpField)

  [[nodiscard]] std::string_view operator[](HttpHeader header) const {
    return values[static_cast<size_t>(header)];
  }
  /// The value reaches the end of the segment; the next one may go on with it.
  [[nodiscard]] bool is_cut(HttpField field) const {
    return (cut >> static_cast<uint32_t>(field) & 1) != 0;
  }
};

/// One segment and what HttpFollower said of it.
struct HttpSegment {
  HttpPart part = HttpPart::none;
  HttpField continued = HttpField::none;
  ByteRange bytes;  // captured payload
};

/// Request fields for the parts of a request, response fields for those of a response.
[[nodiscard]] HttpFields read_http(const HttpSegment& segment, Mode mode);

/// The Host of a request or its continuation as read_http() finds it in tstat mode; empty: none.
[[nodiscard]] std::string_view tstat_http_host(const HttpSegment& segment);

/// The field that the end of the segment cuts; the first of them in the order of HttpField.
[[nodiscard]] HttpField http_field_cut(const HttpSegment& segment, Mode mode);

/// Mode::tstat tests prefixes only: `POSTER` begins a request.
[[nodiscard]] bool begins_http_request(ByteRange payload, Mode mode);
[[nodiscard]] bool begins_http_response(ByteRange payload);

/// How the segment that begins a message leaves its header part.
enum class HttpHeadEnd : uint8_t { complete, at_line_start, within_line };
[[nodiscard]] HttpHeadEnd http_head_end(ByteRange payload);

}  // namespace tapstat::flowstats::layer7
