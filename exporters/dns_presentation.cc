#include "exporters/dns_presentation.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>

#include "exporters/dns_fields.h"
#include "exporters/value_text.h"

namespace tapstat::exporters {

namespace {

using flowstats::ByteRange;
using flowstats::layer7::DnsName;
using flowstats::layer7::DnsResource;
using flowstats::layer7::DnsType;
using flowstats::layer7::find_dns_type;
namespace rdata_field = flowstats::layer7::rdata_field;

void append_label(RowBuffer& out, ByteRange label) {
  constexpr std::string_view kEscaped = ".;()\\";
  char* at = out.space(4 * label.size() + 1);
  for (size_t i = 0; i < label.size(); ++i) {
    const uint8_t byte = label.u8(i);
    if (byte <= ' ' || byte >= 127) {
      at = write_decimal_escape(at, byte);
      continue;
    }
    if (kEscaped.find(static_cast<char>(byte)) != std::string_view::npos) *at++ = '\\';
    *at++ = static_cast<char>(byte);
  }
  *at++ = '.';
  out.commit(at);
}

/// YYYYMMDDHHMMSS in UTC (RFC 4034 section 3.2). Seconds since 1970, up to 2106.
void append_time(RowBuffer& out, uint32_t seconds) {
  const std::chrono::sys_days day{std::chrono::days{seconds / 86'400}};
  const std::chrono::year_month_day date{day};
  const std::array<uint32_t, 6> parts = {static_cast<uint32_t>(static_cast<int>(date.year())),
                                         static_cast<unsigned>(date.month()),
                                         static_cast<unsigned>(date.day()),
                                         seconds / 3'600 % 24,
                                         seconds / 60 % 60,
                                         seconds % 60};
  for (const uint32_t part : parts) {
    char* at = out.space(kIntegerCharsMax);
    if (part < 10) *at++ = '0';
    out.commit(write_integer(at, uint64_t{part}));
  }
}

/// Base 32 with the alphabet of RFC 4648 section 7, without padding.
void append_base32(RowBuffer& out, ByteRange bytes) {
  constexpr std::string_view kAlphabet = "0123456789abcdefghijklmnopqrstuv";
  char* at = out.space(bytes.size() * 8 / 5 + 1);
  uint32_t held = 0;
  int bits = 0;
  for (size_t i = 0; i < bytes.size(); ++i) {
    held = held << 8 | bytes.u8(i);
    for (bits += 8; bits >= 5; bits -= 5) *at++ = kAlphabet[held >> (bits - 5) & 31];
  }
  if (bits > 0) *at++ = kAlphabet[held << (5 - bits) & 31];
  out.commit(at);
}

/// False when the bitmap is damaged.
bool append_type_bitmap(RowBuffer& out, ByteRange bytes) {
  bool is_first = true;
  for (size_t at = 0; at < bytes.size();) {
    if (!bytes.has(at, 2)) return false;
    const size_t length = bytes.u8(at + 1);
    if (length == 0 || length > 32 || !bytes.has(at + 2, length)) return false;
    for (size_t bit = 0; bit < 8 * length; ++bit) {
      if ((bytes.u8(at + 2 + bit / 8) << (bit % 8) & 0x80) == 0) continue;
      if (!is_first) out.append("\t");
      is_first = false;
      append_dns_type(out, static_cast<uint16_t>(bytes.u8(at) << 8 | bit));
    }
    at += 2 + length;
  }
  return true;
}

/// False when the bytes do not keep to the field's form.
bool append_field(RowBuffer& out, char field, const ByteRange& message, size_t offset,
                  size_t bytes) {
  const ByteRange value = message.from(offset).first(bytes);
  switch (field) {
    case rdata_field::kName: append_dns_name(out, {message, offset}); return true;
    case rdata_field::kInteger8: append_unsigned(out, value.u8(0)); return true;
    case rdata_field::kInteger16: append_unsigned(out, value.u16(0)); return true;
    case rdata_field::kInteger32: append_unsigned(out, value.u32(0)); return true;
    case rdata_field::kAddress4:
    case rdata_field::kAddress6: append_wire_address(out, value); return true;
    case rdata_field::kType: append_dns_type(out, value.u16(0)); return true;
    case rdata_field::kTime: append_time(out, value.u32(0)); return true;
    case rdata_field::kString: append_quoted(out, value.from(1)); return true;
    case rdata_field::kQuoted: append_quoted(out, value); return true;
    case rdata_field::kWord: append_word(out, value.from(1)); return true;
    case rdata_field::kSalt:
      if (bytes == 1)
        out.append("-");
      else
        append_hexadecimal(out, value.from(1));
      return true;
    case rdata_field::kHash: append_base32(out, value.from(1)); return true;
    case rdata_field::kHexadecimal: append_hexadecimal(out, value); return true;
    case rdata_field::kBase64: append_base64(out, value); return true;
    case rdata_field::kTypeBitmap: return append_type_bitmap(out, value);
    case rdata_field::kServiceValues: return append_service_values(out, value);
    default: return false;
  }
}

/// RFC 3597 section 5.
void append_generic(RowBuffer& out, ByteRange rdata) {
  out.append("\\#\t");
  append_unsigned(out, rdata.size());
  if (rdata.empty()) return;
  out.append("\t");
  append_hexadecimal(out, rdata);
}

}  // namespace

void append_dns_name(RowBuffer& out, const DnsName& name) {
  const size_t before = out.size();
  name.for_each_label([&out](ByteRange label) { append_label(out, label); });
  if (out.size() == before) out.append(".");
}

void append_raw_dns_name(RowBuffer& out, const DnsName& name) {
  name.for_each_label([&out](ByteRange label) {
    out.append({reinterpret_cast<const char*>(label.data()), label.size()});
    out.append(".");
  });
}

void append_dns_type(RowBuffer& out, uint16_t type) {
  if (const DnsType* known = find_dns_type(type)) return out.append(known->name);
  out.append("TYPE");
  append_unsigned(out, type);
}

void append_dns_class(RowBuffer& out, uint16_t dns_class) {
  const std::string_view name = flowstats::layer7::dns_class_name(dns_class);
  if (!name.empty()) return out.append(name);
  out.append("CLASS");
  append_unsigned(out, dns_class);
}

void append_rdata(RowBuffer& out, const DnsResource& record) {
  const DnsType* type = find_dns_type(record.type);
  if (type == nullptr || type->fields.empty() || record.rdata_bytes == 0)
    return append_generic(out, record.rdata());
  const size_t before = out.size();
  bool is_good = true;
  const bool is_whole = flowstats::layer7::walk_rdata(
      record, type->fields, [&](char field, size_t offset, size_t bytes) {
        // An empty field at the end, as a bitmap without types, brings no separator either.
        if (out.size() != before && (bytes != 0 || field == rdata_field::kQuoted)) out.append("\t");
        is_good = append_field(out, field, record.name.message, offset, bytes) && is_good;
      });
  if (is_whole && is_good) return;
  out.commit(out.text().data() + before);
  append_generic(out, record.rdata());
}

}  // namespace tapstat::exporters
