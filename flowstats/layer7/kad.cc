#include "flowstats/layer7/kad.h"

#include <algorithm>
#include <array>
#include <span>

namespace tapstat::flowstats::layer7 {
namespace {

/// Which UDP lengths an operation may have.
struct Operation {
  enum class Lengths : uint8_t {
    any,
    equal,     // to one of the two values
    at_least,  // the first value
    repeated,  // the first value and whole multiples of the second
    tags,      // the first value, or more when a list of tags fills the rest
  };
  uint8_t code = 0;
  Lengths lengths = Lengths::any;
  uint8_t first = 0, second = 0;
};
using enum Operation::Lengths;

constexpr std::array kEdonkey = {
    Operation{0x92},
    Operation{0x96, equal, 14},
    Operation{0x97, equal, 22, 26},
    Operation{0x97, equal, 34, 38},
    Operation{0x97, equal, 42, 50},
    Operation{0x98},
    Operation{0x99},
    Operation{0x9a, repeated, 10, 16},
    Operation{0x9b, equal, 33, 39},
    Operation{0x9b, equal, 56, 68},
    Operation{0x9b, equal, 79, 97},
};

constexpr std::array kEmule = {
    Operation{0x90},
    Operation{0x91},
    Operation{0x92, equal, 10},
    Operation{0x93, equal, 10},
    Operation{0x94},
    Operation{0x95, equal, 29},
    Operation{0xfe, equal, 10, 11},
};

constexpr std::array kKad = {
    Operation{0x00, equal, 35},
    Operation{0x01, equal, 10},
    Operation{0x08, repeated, 12, 25},
    Operation{0x09, repeated, 31, 25},
    Operation{0x10, equal, 35},
    Operation{0x11, tags, 30},
    Operation{0x18, equal, 35},
    Operation{0x19, tags, 30},
    Operation{0x20, equal, 43},
    Operation{0x21, equal, 43},
    Operation{0x22, at_least, 27},
    Operation{0x28, repeated, 52, 25},
    Operation{0x29, repeated, 52, 25},
    Operation{0x30, at_least, 27},
    Operation{0x32, equal, 42},
    Operation{0x33},
    Operation{0x34},
    Operation{0x35},
    Operation{0x38, at_least, 47},
    Operation{0x3a, at_least, 47},
    Operation{0x3b},
    Operation{0x40, at_least, 47},
    Operation{0x42, at_least, 47},
    Operation{0x43},
    Operation{0x44},
    Operation{0x45},
    Operation{0x48, equal, 26, 27},
    Operation{0x4a, equal, 26, 27},
    Operation{0x4b, equal, 27},
    Operation{0x4c, equal, 10},
    Operation{0x50, equal, 12},
    Operation{0x51, equal, 44, 45},
    Operation{0x52, equal, 44},
    Operation{0x53, equal, 29},
    Operation{0x58, equal, 14},
    Operation{0x59, equal, 10},
    Operation{0x5a, equal, 44, 45},
    Operation{0x60, equal, 10},
    Operation{0x61, equal, 10},
    Operation{0x62, equal, 13},
};

/// Corrected mode: answers without a contact, and one to a ping that tells the asker's port.
constexpr std::array kKadAlso = {
    Operation{0x28, equal, 27},
    Operation{0x29, equal, 27},
    Operation{0x61, equal, 12},
};

/// Bytes of a tag's value; the value itself begins at `offset`. More than there are: no such type.
size_t tag_value_bytes(ByteRange bytes, uint8_t type, size_t offset) {
  constexpr size_t kNone = SIZE_MAX / 2;
  switch (type) {
    case 0x01: return 16;  // hash
    case 0x02:             // text, little-endian length in front
      return bytes.has(offset, 2) ? size_t{2} + bytes.u8(offset) + bytes.u8(offset + 1) * 256U
                                  : kNone;
    case 0x03:
    case 0x04: return 4;  // integer, float
    case 0x08: return 2;
    case 0x09: return 1;
    case 0x0a: return bytes.has(offset, 1) ? size_t{1} + bytes.u8(offset) : kNone;  // bytes
    case 0x0b: return 8;
    default: return kNone;
  }
}

/// A count and as many tags - type, name with its length, value - up to the last byte.
bool is_tag_list(ByteRange bytes) {
  if (bytes.empty()) return false;
  size_t offset = 1;
  for (unsigned tags = bytes.u8(0); tags > 0; --tags) {
    if (!bytes.has(offset, 3)) return false;
    const uint8_t type = bytes.u8(offset);
    const size_t name_bytes = bytes.u8(offset + 1) + bytes.u8(offset + 2) * 256U;
    offset += 3 + name_bytes;
    offset += tag_value_bytes(bytes, type, offset);
    if (offset > bytes.size()) return false;
  }
  return offset == bytes.size();
}

bool fits(const Operation& operation, uint32_t length, ByteRange payload) {
  constexpr size_t kHelloTags = 21;  // behind protocol, operation, identifier, port and version
  switch (operation.lengths) {
    case any: return true;
    case equal: return length == operation.first || length == operation.second;
    case at_least: return length >= operation.first;
    case repeated:
      return length >= operation.first && (length - operation.first) % operation.second == 0;
    case tags: return length == operation.first || is_tag_list(payload.from(kHelloTags));
  }
  return false;
}

bool fits_one_of(std::span<const Operation> operations, uint32_t length, ByteRange payload) {
  return std::any_of(operations.begin(), operations.end(), [&](const Operation& operation) {
    return operation.code == payload.u8(1) && fits(operation, length, payload);
  });
}

/// Two bytes of a zlib stream (RFC 1950) behind protocol and operation.
bool is_packed(ByteRange payload) {
  return payload.has(2, 2) && (payload.u16(2) == 0x78da || payload.u16(2) == 0x789c);
}

}  // namespace

UdpType edonkey_signature(uint32_t udp_length, ByteRange payload, Mode mode) {
  constexpr uint32_t kLengthAbove = 9;
  if (udp_length <= kLengthAbove || !payload.has(0, 2)) return UdpType::unknown;
  const auto when = [](bool fit, UdpType type) { return fit ? type : UdpType::unknown; };
  const auto is_kad = [&] {
    return fits_one_of(kKad, udp_length, payload) ||
           (mode == Mode::corrected && fits_one_of(kKadAlso, udp_length, payload));
  };
  switch (payload.u8(0)) {
    case 0xe3: return when(fits_one_of(kEdonkey, udp_length, payload), UdpType::ed2k);
    case 0xc5: return when(fits_one_of(kEmule, udp_length, payload), UdpType::ed2k);
    case 0xe4: return when(is_kad(), UdpType::kad);
    case 0xa4: return when(is_kad(), UdpType::kadu);
    case 0xe5: return when(is_packed(payload), UdpType::kad);
    case 0xa5: return when(is_packed(payload), UdpType::kadu);
    default: return UdpType::unknown;
  }
}

}  // namespace tapstat::flowstats::layer7
