#include "flowstats/layer7/ed2k_follower.h"

#include <algorithm>
#include <cstring>

namespace tapstat::flowstats::layer7 {

namespace {

/// A message whose opcode is known, and what is there of the one behind it.
bool begins_with_messages(const TcpSegmentView& view) {
  const auto first = ed2k_header(view.payload);
  if (!first.has_value() || !first->message.has_value()) return false;
  const auto length = static_cast<size_t>(view.length);
  if (first->bytes >= length) return true;
  const ByteRange second = view.payload.from(first->bytes);
  if (second.empty()) return false;  // not captured
  return second.has(0, kEd2kHeaderBytes) ? ed2k_header(second).has_value()
                                         : is_ed2k_protocol(second.u8(0));
}

}  // namespace

bool Ed2kFollower::on_segment(const TcpSegmentView& view, p2p::Shared& counts) {
  Side& side = sides_[view.side];
  if (side.is_followed) {
    const uint32_t next = side.message + side.header_size;
    const auto ahead = static_cast<int32_t>(next - view.offset);
    if (ahead >= view.length) return true;  // inside of a message, or sent again
    if (ahead >= 0) {
      read(side, view, static_cast<size_t>(ahead), counts);
      return true;
    }
    side = {};
  }
  if (!begins_with_messages(view)) return false;
  side.message = view.offset;
  side.is_followed = true;
  read(side, view, 0, counts);
  return true;
}

void Ed2kFollower::read(Side& side, const TcpSegmentView& view, size_t at, p2p::Shared& counts) {
  const auto length = static_cast<size_t>(view.length);
  while (at < length) {
    const ByteRange bytes = view.payload.from(at).first(kEd2kHeaderBytes - side.header_size);
    if (!bytes.empty()) std::memcpy(&side.header[side.header_size], bytes.data(), bytes.size());
    side.header_size = static_cast<uint8_t>(side.header_size + bytes.size());
    if (side.header_size < kEd2kHeaderBytes) {
      if (view.payload.size() < length) side = {};  // not captured
      return;
    }
    const auto header = ed2k_header({side.header.data(), kEd2kHeaderBytes});
    if (!header.has_value()) {
      side = {};
      return;
    }
    if (header->message.has_value()) count_ed2k(counts, *header->message);
    at += bytes.size() + header->bytes - kEd2kHeaderBytes;
    side.message += header->bytes;
    side.header_size = 0;
  }
}

}  // namespace tapstat::flowstats::layer7
