/// TCP options (RFC 9293 section 3.1), read the way Tstat reads them.
///
/// Against the RFC: kind 0 does not end the list, an option is recognised by its kind alone, and
/// its length only serves to find the next one. Cost is bounded by the 40 bytes that options can
/// have.
#pragma once

#include <cstdint>

#include "flowstats/base/byte_range.h"
#include "flowstats/wire/segment.h"

namespace tapstat::dataplane {

/// Sets what the options say in `options`, which starts out empty. `bytes` begins right after the
/// fixed TCP header and ends where reading must stop; an option has to begin before `declared`
/// bytes (the data offset), but may end after it. The first option that is not complete ends the
/// walk; one whose value lies past the end is skipped.
void walk_tcp_options(flowstats::ByteRange bytes, uint32_t declared,
                      flowstats::TcpOptions& options);

/// The usual list of an established connection: NOP, NOP, timestamps.
[[nodiscard]] inline bool is_plain_list(flowstats::ByteRange bytes) {
  constexpr uint32_t kNopNopTimestamps = 0x0101080a;
  return bytes.size() == flowstats::TcpOptions::kPlainBytes && bytes.u32(0) == kNopNopTimestamps;
}

/// The same as walk_tcp_options(), with that list recognised at once.
inline void read_tcp_options(flowstats::ByteRange bytes, uint32_t declared,
                             flowstats::TcpOptions& options) {
  if (declared == flowstats::TcpOptions::kPlainBytes && is_plain_list(bytes.first(declared))) {
    options.seen |= flowstats::TcpOptions::kTimestamps;
    return;
  }
  if (declared != 0) walk_tcp_options(bytes, declared, options);
}

}  // namespace tapstat::dataplane
