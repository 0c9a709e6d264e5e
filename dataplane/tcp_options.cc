#include "dataplane/tcp_options.h"

namespace tapstat::dataplane {

using flowstats::ByteRange;
using flowstats::TcpOptions;

namespace {

/// `at` is the offset of the kind byte of a complete option.
void note_option(ByteRange bytes, size_t at, TcpOptions& options) {
  switch (bytes.u8(at)) {
    case 2:
      if (!bytes.has(at + 2, 2)) return;
      options.seen |= TcpOptions::kMss;
      options.mss = bytes.u16(at + 2);
      return;
    case 3:
      if (!bytes.has(at + 2, 1)) return;
      options.seen |= TcpOptions::kWindowScale;
      options.window_scale = bytes.u8(at + 2);
      return;
    case 4: options.seen |= TcpOptions::kSackPermitted; return;
    case 5: options.seen |= TcpOptions::kSack; return;
    case 8: options.seen |= TcpOptions::kTimestamps; return;
    default: return;
  }
}

}  // namespace

void walk_tcp_options(ByteRange bytes, uint32_t declared, TcpOptions& options) {
  size_t at = 0;
  while (at < declared && bytes.has(at, 1)) {
    if (bytes.u8(at) <= 1) {  // end of list and NOP: one byte
      ++at;
      continue;
    }
    if (!bytes.has(at + 1, 1)) return;
    const uint8_t length = bytes.u8(at + 1);
    if (length == 0 || !bytes.has(at, length)) return;
    note_option(bytes, at, options);
    at += length;
  }
}

}  // namespace tapstat::dataplane
