#include "dataplane/exit_message.h"

#include <algorithm>
#include <cstring>
#include <new>
#include <type_traits>

namespace tapstat::dataplane {

using flowstats::FiveTuple;
using flowstats::Segment;

namespace {

/// The units behind a message that tell whose segment it is.
struct alignas(kExitUnitBytes) Key {
  FiveTuple tuple;
  uint64_t hash;
};
static_assert(sizeof(Key) == 2 * kExitUnitBytes);
static_assert(std::is_trivially_copyable_v<ExitMessage> && std::is_trivially_copyable_v<Key>);
constexpr size_t kListUnits = 2;  // of options, 40 bytes at most

// A message begins with a piece of the segment as it lies in memory.
constexpr size_t in_segment(size_t offset) { return offset - offsetof(Segment, seq); }
static_assert(offsetof(ExitMessage, ack) == in_segment(offsetof(Segment, ack)));
static_assert(offsetof(ExitMessage, window) == in_segment(offsetof(Segment, window)));
static_assert(offsetof(ExitMessage, mark) == in_segment(offsetof(Segment, checksum)));
static_assert(offsetof(ExitMessage, flags) == in_segment(offsetof(Segment, flags)));
static_assert(offsetof(ExitMessage, kind) == in_segment(offsetof(Segment, malformed_offset)));
static_assert(offsetof(ExitMessage, direction) == in_segment(offsetof(Segment, direction)));
static_assert(offsetof(ExitMessage, ip_id_is_identifying) ==
              in_segment(offsetof(Segment, ip_id_is_identifying)));
static_assert(offsetof(ExitMessage, payload_length) ==
              in_segment(offsetof(Segment, payload_length)));
static_assert(offsetof(ExitMessage, ip_id) == in_segment(offsetof(Segment, ip_id)));
static_assert(offsetof(ExitMessage, ttl) == in_segment(offsetof(Segment, ttl)));
static_assert(offsetof(ExitMessage, tos) == in_segment(offsetof(Segment, tos)));
static_assert(offsetof(ExitMessage, options) == in_segment(offsetof(Segment, options)));
static_assert(offsetof(ExitMessage, option_bytes) == in_segment(offsetof(Segment, option_bytes)));
static_assert(offsetof(ExitMessage, time) == in_segment(offsetof(Segment, time)));
static_assert(offsetof(ExitMessage, clock) == in_segment(offsetof(Segment, clock)));
// As does a usual one.
static_assert(offsetof(UsualExitMessage, flags) == offsetof(ExitMessage, flags));
static_assert(offsetof(UsualExitMessage, place) == offsetof(ExitMessage, kind));
static_assert(offsetof(UsualExitMessage, direction) == offsetof(ExitMessage, direction));
static_assert(offsetof(UsualExitMessage, payload_length) == offsetof(ExitMessage, payload_length));
static_assert(offsetof(UsualExitMessage, ip_id) == offsetof(ExitMessage, ip_id));
static_assert(offsetof(UsualExitMessage, tos) == offsetof(ExitMessage, tos));

}  // namespace

void ExitMessage::set(Kind its_kind, uint32_t its_entry, const Segment& segment) {
  auto* const bytes = reinterpret_cast<std::byte*>(this);
  std::memcpy(bytes, &segment.seq, offsetof(ExitMessage, entry));
  mark = kUnusual;
  kind = its_kind;
  entry = its_entry;
  const uint8_t* const list = segment.payload_bytes - segment.option_bytes;
  const bool is_keyed = has_key(its_kind, segment.flags);
  if (is_keyed) ::new (bytes + sizeof(ExitMessage)) Key{segment.tuple, segment.hash};
  if (segment.option_bytes > kInlineOptions)
    std::memcpy(bytes + sizeof(ExitMessage) + (is_keyed ? sizeof(Key) : 0), list,
                std::min<size_t>(segment.option_bytes, kListUnits * kExitUnitBytes));
  else if (segment.option_bytes != 0)
    std::memcpy(inline_options.data(), list, segment.option_bytes);
}

Segment ExitMessage::segment() const {
  Segment s;
  const auto* const bytes = reinterpret_cast<const std::byte*>(this);
  if (has_key()) {
    const auto& key = *reinterpret_cast<const Key*>(bytes + sizeof(ExitMessage));
    s.tuple = key.tuple;
    s.hash = key.hash;
  }
  std::memcpy(static_cast<void*>(&s.seq), this, offsetof(ExitMessage, entry));
  s.checksum = 0;
  s.malformed_offset = false;
  s.payload_captured = 0;
  const auto* const list = option_bytes > kInlineOptions
                               ? bytes + (units() - kListUnits) * kExitUnitBytes
                               : reinterpret_cast<const std::byte*>(inline_options.data());
  s.payload_bytes = reinterpret_cast<const uint8_t*>(list) + option_bytes;
  return s;
}

}  // namespace tapstat::dataplane
