/// The web site of the sample files: path -> answer, without sockets and without files on disk.
///
/// GET and HEAD of /, /Sample/ (a list) and /Sample/SIZE.txt; /Sample leads to /Sample/. A query is
/// not looked at, so that each address can be made new for a cache. Answers are whole, never
/// compressed, and tell caches neither to keep nor to change them (RFC 9111 section 5.2). The
/// server's thread.
#pragma once

#include <cstdint>

#include "control/http/router.h"

namespace tapstat::control {

/// Files that the kernel took to their last byte.
struct SampleCounters {
  uint64_t files = 0;
  uint64_t bytes = 0;  // of files, without headers
};

/// `counters` outlive the answers. Errors are sentences in plain text.
[[nodiscard]] http::RouteFamily sample_site(SampleCounters& counters);

}  // namespace tapstat::control
