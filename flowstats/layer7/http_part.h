/// How a segment belongs to HTTP messages, and the header fields that log_http_complete prints.
#pragma once

#include <cstdint>

namespace tapstat::flowstats::layer7 {

/// A continuation is the next segment of the same side, when it begins no message itself; at most
/// one follows a message.
enum class HttpPart : uint8_t { none, request, request_rest, response, response_rest };

/// Fields that may be cut at the end of a segment and go on in the next. A `_query` is the same
/// field, cut behind its '?': what follows is not for logs without queries.
enum class HttpField : uint8_t {
  none,
  path,
  referer,
  user_agent,
  cookie,
  location,
  set_cookie,
  path_query,
  referer_query,
  location_query,
};

/// The field without the note on its query.
[[nodiscard]] constexpr HttpField without_query(HttpField field) {
  switch (field) {
    case HttpField::path_query: return HttpField::path;
    case HttpField::referer_query: return HttpField::referer;
    case HttpField::location_query: return HttpField::location;
    default: return field;
  }
}

}  // namespace tapstat::flowstats::layer7
