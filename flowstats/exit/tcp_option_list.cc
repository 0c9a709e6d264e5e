#include "flowstats/exit/tcp_option_list.h"

#include <algorithm>
#include <cstddef>

namespace tapstat::flowstats {
namespace {

enum : uint8_t { kEndOfList = 0, kNoOperation = 1, kSack = 5, kTimestamps = 8 };
constexpr size_t kHeadBytes = 2, kTimestampsBytes = 10, kBlockBytes = 8;

/// The bytes behind kind and length of the first option of this kind that is there whole.
ByteRange find_option(ByteRange options, uint8_t kind) {
  size_t at = 0;
  while (options.has(at, 1)) {
    const uint8_t found = options.u8(at);
    if (found == kEndOfList) break;
    if (found == kNoOperation) {
      ++at;
      continue;
    }
    if (!options.has(at, kHeadBytes)) break;
    const size_t length = options.u8(at + 1);
    if (length < kHeadBytes || !options.has(at, length)) break;
    if (found == kind) return options.from(at + kHeadBytes).first(length - kHeadBytes);
    at += length;
  }
  return {};
}

}  // namespace

TcpTimestamps find_timestamps(ByteRange options) {
  const ByteRange body = find_option(options, kTimestamps);
  if (body.size() != kTimestampsBytes - kHeadBytes) return {};
  return {true, body.u32(0), body.u32(4)};
}

SackBlocks read_sack_blocks(ByteRange options) {
  const ByteRange body = find_option(options, kSack);
  SackBlocks blocks;
  blocks.count = static_cast<uint8_t>(std::min<size_t>(body.size() / kBlockBytes, blocks.kMax));
  for (size_t i = 0; i < blocks.count; ++i)
    blocks.block[i] = {body.u32(i * kBlockBytes), body.u32(i * kBlockBytes + 4)};
  return blocks;
}

}  // namespace tapstat::flowstats
