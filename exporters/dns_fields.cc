#include "exporters/dns_fields.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "exporters/value_text.h"
#include "flowstats/columns/column.h"

namespace tapstat::exporters {

namespace {

using flowstats::Address;
using flowstats::ByteRange;
using flowstats::IpAddress;
using flowstats::IpVersion;

/// Keys of RFC 9460 section 14.3.2, RFC 9461 and RFC 9540, by number.
constexpr std::array<std::string_view, 9> kKeyNames = {"mandatory", "alpn",     "no-default-alpn",
                                                       "port",      "ipv4hint", "ech",
                                                       "ipv6hint",  "dohpath",  "ohttp"};
enum Key : uint16_t { kMandatory, kAlpn, kNoDefaultAlpn, kPort, kIpv4Hint, kEch, kIpv6Hint };

void append_key(RowBuffer& out, uint16_t key) {
  if (key < kKeyNames.size()) return out.append(kKeyNames[key]);
  out.append("key");
  append_unsigned(out, key);
}

/// A list of values of `bytes` each, with commas between; false when it is empty or cut.
template <class Append>
bool append_list(RowBuffer& out, ByteRange value, size_t bytes, Append append) {
  if (value.empty() || value.size() % bytes != 0) return false;
  for (size_t at = 0; at < value.size(); at += bytes) {
    if (at != 0) out.append(",");
    append(out, value.from(at).first(bytes));
  }
  return true;
}

bool append_protocols(RowBuffer& out, ByteRange value) {
  if (value.empty()) return false;
  for (size_t at = 0; at < value.size(); at += size_t{1} + value.u8(at)) {
    if (!value.has(at + 1, value.u8(at))) return false;
    if (at != 0) out.append(",");
    append_word(out, value.from(at + 1).first(value.u8(at)));
  }
  return true;
}

bool append_value_of(RowBuffer& out, uint16_t key, ByteRange value) {
  switch (key) {
    case kMandatory:
      return append_list(out, value, 2,
                         [](RowBuffer& to, ByteRange one) { append_key(to, one.u16(0)); });
    case kAlpn: return append_protocols(out, value);
    case kPort:
      if (value.size() != 2) return false;
      append_unsigned(out, value.u16(0));
      return true;
    case kIpv4Hint: return append_list(out, value, 4, append_wire_address);
    case kIpv6Hint: return append_list(out, value, 16, append_wire_address);
    case kEch: append_base64(out, value); return true;
    default: append_quoted(out, value); return true;
  }
}

}  // namespace

char* write_decimal_escape(char* out, uint8_t byte) {
  *out++ = '\\';
  *out++ = static_cast<char>('0' + byte / 100);
  *out++ = static_cast<char>('0' + byte / 10 % 10);
  *out++ = static_cast<char>('0' + byte % 10);
  return out;
}

void append_unsigned(RowBuffer& out, uint64_t value) {
  out.commit(write_integer(out.space(kIntegerCharsMax), value));
}

void append_word(RowBuffer& out, ByteRange text) {
  char* at = out.space(4 * text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    const uint8_t byte = text.u8(i);
    if (byte == ' ') {
      *at++ = '\t';
    } else if (byte < ' ' || byte >= 127) {
      at = write_decimal_escape(at, byte);
    } else {
      if (byte == '"' || byte == '\\') *at++ = '\\';
      *at++ = static_cast<char>(byte);
    }
  }
  out.commit(at);
}

void append_quoted(RowBuffer& out, ByteRange text) {
  out.append("\"");
  append_word(out, text);
  out.append("\"");
}

void append_hexadecimal(RowBuffer& out, ByteRange bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  char* at = out.space(2 * bytes.size());
  for (size_t i = 0; i < bytes.size(); ++i) {
    *at++ = kDigits[bytes.u8(i) >> 4];
    *at++ = kDigits[bytes.u8(i) & 15];
  }
  out.commit(at);
}

/// RFC 4648 section 4.
void append_base64(RowBuffer& out, ByteRange bytes) {
  constexpr std::string_view kAlphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  char* at = out.space((bytes.size() + 2) / 3 * 4);
  for (size_t i = 0; i < bytes.size(); i += 3) {
    const size_t count = bytes.from(i).first(3).size();
    uint32_t three = uint32_t{bytes.u8(i)} << 16;
    if (count > 1) three |= uint32_t{bytes.u8(i + 1)} << 8;
    if (count > 2) three |= bytes.u8(i + 2);
    *at++ = kAlphabet[three >> 18];
    *at++ = kAlphabet[three >> 12 & 63];
    *at++ = count > 1 ? kAlphabet[three >> 6 & 63] : '=';
    *at++ = count > 2 ? kAlphabet[three & 63] : '=';
  }
  out.commit(at);
}

void append_wire_address(RowBuffer& out, ByteRange bytes) {
  Address address;
  if (bytes.size() == 4) {
    address = {IpAddress::v4(bytes.u32(0)), IpVersion::v4};
  } else if (bytes.size() == 16) {
    address.address.high = uint64_t{bytes.u32(0)} << 32 | bytes.u32(4);
    address.address.low = uint64_t{bytes.u32(8)} << 32 | bytes.u32(12);
    address.version = IpVersion::v6;
  } else {
    return;
  }
  out.commit(write_address(out.space(kAddressCharsMax), address));
}

bool append_service_values(RowBuffer& out, ByteRange values) {
  for (bool is_first = true; !values.empty(); is_first = false) {
    if (!values.has(0, 4) || !values.has(4, values.u16(2))) return false;
    const uint16_t key = values.u16(0);
    const ByteRange value = values.from(4).first(values.u16(2));
    values = values.from(4 + value.size());
    if (!is_first) out.append("\t");
    append_key(out, key);
    if (value.empty()) continue;
    out.append("=");
    if (!append_value_of(out, key, value)) return false;
  }
  return true;
}

}  // namespace tapstat::exporters
