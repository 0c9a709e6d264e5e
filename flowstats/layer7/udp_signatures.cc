#include "flowstats/layer7/udp_signatures.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "flowstats/layer7/kad.h"

namespace tapstat::flowstats::layer7 {
namespace {

using std::string_view_literals::operator""sv;

bool holds(ByteRange bytes, size_t offset, std::string_view expected) {
  return bytes.has(offset, expected.size()) &&
         std::memcmp(bytes.data() + offset, expected.data(), expected.size()) == 0;
}

bool is_one_of(uint32_t value, std::initializer_list<uint32_t> values) {
  return std::find(values.begin(), values.end(), value) != values.end();
}

bool is_alphanumeric(uint8_t byte) {
  return (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') ||
         (byte >= 'a' && byte <= 'z');
}

bool is_bittorrent_tracker(uint32_t length, ByteRange payload) {
  constexpr uint32_t kConnectBytes = 24;
  return length == kConnectBytes && holds(payload, 0, "\x00\x00\x04\x17\x27\x10\x19\x80"sv);
}

/// The DHT of Vuze: requests carry a connection identifier with its top bit set before the action,
/// answers the action first.
bool is_vuze(ByteRange payload) {
  if (!payload.has(0, 12)) return false;
  if (holds(payload, 8, "\x00\x00\x04"sv) && (payload.u8(0) & 0x80) != 0)
    return is_one_of(payload.u8(11), {0, 2, 4, 6, 0xa, 0xb, 0xc});
  return holds(payload, 0, "\x00\x00\x04"sv) && (payload.u8(8) & 0x80) != 0 &&
         is_one_of(payload.u8(3), {1, 3, 5, 7, 8, 9, 0xd});
}

bool is_bittorrent(uint32_t length, ByteRange payload) {
  return holds(payload, 0, "d1:ad2:id20:"sv) || holds(payload, 0, "d1:rd2:id20:"sv) ||
         is_bittorrent_tracker(length, payload) || is_vuze(payload);
}

bool is_sip(uint32_t /*length*/, ByteRange payload) {
  constexpr std::array kStarts = {
      "SIP/2.0"sv,     "REGISTER sip:"sv, "ACK sip:"sv,    "INVITE sip:"sv, "PRACK sip:"sv,
      "BYE sip:"sv,    "OPTIONS sip:"sv,  "CANCEL sip:"sv, "UPDATE sip:"sv, "SUBSCRIBE sip:"sv,
      "NOTIFY sip:"sv, "PUBLISH sip:"sv,  "INFO sip:"sv,   "REFER sip:"sv,  "MESSAGE sip:"sv,
  };
  const bool is_capital = payload.has(0, 1) && payload.u8(0) >= 'A' && payload.u8(0) <= 'Z';
  return is_capital &&
         std::any_of(kStarts.begin(), kStarts.end(),
                     [payload](std::string_view start) { return holds(payload, 0, start); });
}

bool is_pplive(uint32_t /*length*/, ByteRange payload) {
  if (holds(payload, 0, "\xe9\x03"sv) && holds(payload, 4, "\x98\xab\x01\x02"sv)) return true;
  return payload.has(0, 8) && payload.u16(1) != 0 && payload.u16(1) == payload.u16(5) &&
         payload.u8(3) == payload.u8(7);
}

bool is_sopcast(uint32_t length, ByteRange payload) {
  return payload.has(0, 12) && payload.u8(0) == 0 && payload.u8(2) == 1 &&
         is_one_of(payload.u16(8), {0x0601, 0x0101, 0x01ff, 0x03ff}) &&
         payload.u16(10) + 16U == length;
}

bool is_tvants(uint32_t /*length*/, ByteRange payload) {
  return payload.has(0, 13) && payload.u16(0) == 0x0400 && is_one_of(payload.u8(2), {5, 7}) &&
         payload.u8(3) == 0 && payload.u16(6) == 0 && is_one_of(payload.u8(8), {0x44, 0x53}) &&
         payload.u8(9) == 0x53 && payload.u8(10) == 0 &&
         is_one_of(payload.u8(11), {0x11, 0x12, 0x13}) && payload.u8(12) == 0;
}

bool is_ppstream(uint32_t length, ByteRange payload) {
  if (!payload.has(0, 3) || payload.u8(2) != 0x43) return false;
  const uint32_t stated = payload.u8(0) | payload.u8(1) << 8;  // little-endian
  return is_one_of(stated, {length - 8, length - 12, length - 14});
}

/// IPv6 in UDP (RFC 4380) from one of its addresses.
bool is_teredo(uint32_t /*length*/, ByteRange payload) {
  return holds(payload, 0, "\x60\x00\x00\x00"sv) && holds(payload, 8, "\x20\x01\x00\x00"sv);
}

/// A handshake record (RFC 6347 section 4.1) whose length is below that of a large datagram.
bool is_dtls(uint32_t /*length*/, ByteRange payload) {
  return payload.has(0, 12) && payload.u16(0) == 0x16fe && payload.u8(2) >= 0xfb &&
         payload.u8(11) <= 0x39;
}

bool is_mturn(uint32_t length, ByteRange payload) {
  return payload.has(0, 4) && payload.u16(0) == 0xff10 && payload.u16(2) + 12U == length;
}

struct Signature {
  UdpType type;
  uint32_t length_above;  // UDP lengths up to this one are too short
  bool (*fits)(uint32_t length, ByteRange payload);
};

/// Those after eDonkey and KAD, whose test names the class itself.
constexpr std::array kFirst = {
    Signature{UdpType::dns, 22, has_dns_signature},
    Signature{UdpType::bittorrent, 23, is_bittorrent},
};
constexpr std::array kRest = {
    Signature{UdpType::sopcast, 22, is_sopcast},   Signature{UdpType::tvants, 22, is_tvants},
    Signature{UdpType::ppstream, 12, is_ppstream}, Signature{UdpType::teredo, 21, is_teredo},
    Signature{UdpType::dtls, 25, is_dtls},         Signature{UdpType::mturn, 22, is_mturn},
};
constexpr Signature kSip{UdpType::sip, 22, is_sip};
constexpr Signature kPplive{UdpType::pplive, 22, is_pplive};

bool fits(const Signature& signature, uint32_t length, ByteRange payload) {
  return length > signature.length_above && signature.fits(length, payload);
}

template <size_t kCount>
UdpType first_fit(const std::array<Signature, kCount>& signatures, uint32_t length,
                  ByteRange payload) {
  for (const Signature& signature : signatures)
    if (fits(signature, length, payload)) return signature.type;
  return UdpType::unknown;
}

bool has_port(const UdpDatagramView& datagram, uint16_t port) {
  return datagram.source_port == port || datagram.destination_port == port;
}

bool may_be_pplive(const UdpDatagramView& datagram, Mode mode) {
  return mode == Mode::tstat && !has_port(datagram, 53) && !has_port(datagram, 137);
}

}  // namespace

bool has_dns_signature(uint32_t udp_length, ByteRange payload) {
  constexpr uint32_t kLengthAbove = 22;
  constexpr size_t kNameOffset = 12, kLabelBytesMax = 63;
  if (udp_length <= kLengthAbove || !payload.has(0, kNameOffset + 2)) return false;
  const uint16_t questions = payload.u16(4);
  const uint8_t label = payload.u8(kNameOffset);
  if (questions < 1 || questions > 2 || label < 1 || label > kLabelBytesMax) return false;
  if (!is_alphanumeric(payload.u8(kNameOffset + 1))) return false;
  const uint8_t* const end = payload.data() + payload.size();
  const auto zero =
      static_cast<size_t>(std::find(payload.data() + kNameOffset, end, 0) - payload.data());
  if (!payload.has(zero, 5)) return true;  // the name's end, or what follows, was not captured
  const uint16_t type = payload.u16(zero + 1), of_class = payload.u16(zero + 3);
  return ((type >= 1 && type <= 16) || is_one_of(type, {28, 33, 46, 64, 65, 252, 253, 255})) &&
         is_one_of(of_class, {1, 3, 4, 255});
}

UdpType udp_signature(const UdpDatagramView& datagram, Mode mode) {
  const uint32_t length = datagram.udp_length;
  const ByteRange payload = datagram.payload;
  if (!may_be_signed(payload)) return UdpType::unknown;
  if (const UdpType type = first_fit(kFirst, length, payload); type != UdpType::unknown)
    return type;
  if (const UdpType type = edonkey_signature(length, payload, mode); type != UdpType::unknown)
    return type;
  if (fits(kSip, length, payload)) return kSip.type;
  if (may_be_pplive(datagram, mode) && fits(kPplive, length, payload)) return kPplive.type;
  return first_fit(kRest, length, payload);
}

}  // namespace tapstat::flowstats::layer7
