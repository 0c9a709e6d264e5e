/// Values as characters, exactly as Tstat prints them: integers as %d and %lu, milliseconds as %f,
/// addresses as inet_ntop.
///
/// Text from the network is escaped so that a row stays one line of words (docs/log_formats.md). No
/// locale, no allocation; pure functions.
#pragma once

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <variant>

#include "exporters/row_buffer.h"
#include "flowstats/columns/column.h"

namespace tapstat::exporters {

inline constexpr size_t kIntegerCharsMax = 20;
inline constexpr size_t kDecimalCharsMax =
    320;                                        // %f of the largest double: 309 + 1 + 6, and a sign
inline constexpr size_t kAddressCharsMax = 45;  // INET6_ADDRSTRLEN without its zero byte

/// Six decimals, equal to printf("%f"). What is not a number prints as 0.000000: logs never hold
/// "nan" or "inf".
[[nodiscard]] char* write_decimal(char* out, double value);

/// Dotted quad, or the compressed lower-case form of RFC 5952 as the C library prints it.
[[nodiscard]] char* write_address(char* out, const flowstats::Address& address);

/// Text from the network as one word: bytes below 0x21, 0x7f, and a '#' in front become %XX;
/// nothing becomes "-".
void append_escaped(RowBuffer& out, std::string_view text);

/// The same for tab-separated logs, where blanks stay.
void append_phrase(RowBuffer& out, std::string_view text);

/// printf("%g") and "0x%0*x". What is not a number prints as 0.
[[nodiscard]] char* write_general(char* out, double value);
[[nodiscard]] char* write_hex(char* out, const flowstats::Hex& value);

/// As its specification writes it.
void append_community_id(RowBuffer& out, const flowstats::CommunityId& id);

/// Most values of a row have one digit.
[[nodiscard]] inline char* write_integer(char* out, uint64_t value) {
  if (value < 10) {
    *out = static_cast<char>('0' + value);
    return out + 1;
  }
  return std::to_chars(out, out + kIntegerCharsMax, value).ptr;
}
[[nodiscard]] inline char* write_integer(char* out, int64_t value) {
  return std::to_chars(out, out + kIntegerCharsMax, value).ptr;
}

/// In the header so that a row writer that knows its columns at compile time is left with the one
/// case that applies.
[[gnu::always_inline]] inline void append_value(RowBuffer& out, const flowstats::Value& value) {
  if (const auto* u = std::get_if<uint64_t>(&value))
    out.commit(write_integer(out.space(kIntegerCharsMax), *u));
  else if (const auto* d = std::get_if<double>(&value))
    out.commit(write_decimal(out.space(kDecimalCharsMax), *d));
  else if (const auto* i = std::get_if<int64_t>(&value))
    out.commit(write_integer(out.space(kIntegerCharsMax), *i));
  else if (const auto* a = std::get_if<flowstats::Address>(&value))
    out.commit(write_address(out.space(kAddressCharsMax), *a));
  else if (const auto* t = std::get_if<std::string_view>(&value))
    append_escaped(out, *t);
  else if (const auto* n = std::get_if<flowstats::Absent>(&value))
    out.append(n->text);
  else if (const auto* g = std::get_if<flowstats::General>(&value))
    out.commit(write_general(out.space(kDecimalCharsMax), g->value));
  else if (const auto* h = std::get_if<flowstats::Hex>(&value))
    out.commit(write_hex(out.space(kIntegerCharsMax), *h));
  else if (const auto* p = std::get_if<flowstats::Phrase>(&value))
    append_phrase(out, p->text);
  else if (const auto* c = std::get_if<flowstats::CommunityId>(&value))
    append_community_id(out, *c);
}

}  // namespace tapstat::exporters
