/// TCP options: terminates, never reads beyond its bytes, and the quick way gives what the long one
/// gives.
///
/// Input: first byte = data offset in 32-bit words beyond the fixed header (low four bits); the
/// rest is what follows the fixed header.
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>

#include "dataplane/tcp_options.h"
#include "flowstats/base/check.h"

using tapstat::flowstats::ByteRange;
using tapstat::flowstats::TcpOptions;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const uint32_t declared = (data[0] & 0x0fU) * 4;
  const size_t length = size - 1;
  const std::unique_ptr<uint8_t[]> copy(new uint8_t[length]);
  if (length > 0) std::memcpy(copy.get(), data + 1, length);
  TcpOptions quick, walked;
  tapstat::dataplane::read_tcp_options(ByteRange(copy.get(), length), declared, quick);
  tapstat::dataplane::walk_tcp_options(ByteRange(copy.get(), length), declared, walked);
  TAPSTAT_ASSERT(quick == walked);
  TAPSTAT_ASSERT(quick.has(TcpOptions::kMss) || quick.mss == 0);
  TAPSTAT_ASSERT(quick.has(TcpOptions::kWindowScale) || quick.window_scale == 0);
  if (declared == 0) TAPSTAT_ASSERT(quick == TcpOptions{});
  return 0;
}
