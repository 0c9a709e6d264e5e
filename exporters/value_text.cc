#include "exporters/value_text.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>

namespace tapstat::exporters {

namespace {

constexpr uint64_t kMillion = 1'000'000;
constexpr int kMantissaBits = 52;
constexpr int kExponentBias = 1023;

constexpr std::array<char, 200> kDigitPairs = [] {
  std::array<char, 200> pairs{};
  for (size_t i = 0; i < 100; ++i) {
    pairs[2 * i] = static_cast<char>('0' + i / 10);
    pairs[2 * i + 1] = static_cast<char>('0' + i % 10);
  }
  return pairs;
}();

char* write_pair(char* out, uint32_t below_100) {
  std::memcpy(out, &kDigitPairs[2 * below_100], 2);
  return out + 2;
}

char* write_millionths(char* out, uint64_t millionths) {
  const uint64_t whole = millionths / kMillion;
  const auto fraction = static_cast<uint32_t>(millionths % kMillion);
  out = write_integer(out, whole);
  *out++ = '.';
  out = write_pair(out, fraction / 10'000);
  out = write_pair(out, fraction / 100 % 100);
  return write_pair(out, fraction % 100);
}

/// mantissa x 10^6 / 2^places, rounded to nearest, ties to even: what the C library does with the
/// exact value. `places` in 1..127; the product has at most 73 bits.
uint64_t scaled_to_millionths(uint64_t mantissa, int places) {
  const auto product = static_cast<unsigned __int128>(mantissa) * kMillion;
  const auto quotient = static_cast<uint64_t>(product >> places);
  const unsigned __int128 rest = product & ((static_cast<unsigned __int128>(1) << places) - 1);
  const unsigned __int128 half = static_cast<unsigned __int128>(1) << (places - 1);
  return quotient + ((rest > half || (rest == half && (quotient & 1) != 0)) ? 1 : 0);
}

template <class MustEscape>
void append_with_escapes(RowBuffer& out, std::string_view text, MustEscape must_escape) {
  if (text.empty()) return out.append("-");
  constexpr std::string_view kHex = "0123456789ABCDEF";
  char* at = out.space(3 * text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (must_escape(byte, i == 0)) {
      *at++ = '%';
      *at++ = kHex[byte >> 4];
      *at++ = kHex[byte & 15];
    } else {
      *at++ = text[i];
    }
  }
  out.commit(at);
}

}  // namespace

char* write_decimal(char* out, double value) {
  const auto bits = std::bit_cast<uint64_t>(value);
  if (bits == 0) {  // what did not happen: the most frequent time of all
    constexpr std::string_view kZero = "0.000000";
    std::memcpy(out, kZero.data(), kZero.size());
    return out + kZero.size();
  }
  const auto biased = static_cast<int>((bits >> kMantissaBits) & 0x7ff);
  if (biased == 0x7ff) return write_millionths(out, 0);
  if ((bits >> 63) != 0) *out++ = '-';
  const uint64_t fraction = bits & ((uint64_t{1} << kMantissaBits) - 1);
  const int places = kMantissaBits + kExponentBias - biased;
  // From 2^43 up the millionths could overflow 64 bits; no time in milliseconds comes near (year
  // 2248).
  if (places <= kMantissaBits - 43) {
    const double magnitude = std::bit_cast<double>(bits & ~(uint64_t{1} << 63));
    return std::to_chars(out, out + kDecimalCharsMax - 1, magnitude, std::chars_format::fixed, 6)
        .ptr;
  }
  // Below 2^-75 nothing is left at six decimals.
  if (biased == 0 || places > 127) return write_millionths(out, 0);
  return write_millionths(out,
                          scaled_to_millionths(fraction | (uint64_t{1} << kMantissaBits), places));
}

char* write_address(char* out, const flowstats::Address& address) {
  if (address.version == flowstats::IpVersion::v4) {
    const auto host = static_cast<uint32_t>(address.address.low);
    for (int shift = 24; shift >= 0; shift -= 8) {
      out = write_integer(out, static_cast<uint64_t>((host >> shift) & 0xff));
      if (shift != 0) *out++ = '.';
    }
    return out;
  }
  const std::array<uint64_t, 2> words = {__builtin_bswap64(address.address.high),
                                         __builtin_bswap64(address.address.low)};
  std::array<char, INET6_ADDRSTRLEN> text{};
  inet_ntop(AF_INET6, words.data(), text.data(), text.size());
  const size_t length = std::strlen(text.data());
  std::memcpy(out, text.data(), length);
  return out + length;
}

void append_escaped(RowBuffer& out, std::string_view text) {
  append_with_escapes(out, text, [](unsigned char byte, bool is_first) {
    return byte < 0x21 || byte == 0x7f || (byte == '#' && is_first);
  });
}

void append_phrase(RowBuffer& out, std::string_view text) {
  append_with_escapes(out, text, [](unsigned char byte, bool is_first) {
    return byte < 0x20 || byte == 0x7f || (byte == '#' && is_first);
  });
}

/// %g is the general form with six digits.
char* write_general(char* out, double value) {
  if (!std::isfinite(value)) value = 0;
  return std::to_chars(out, out + kDecimalCharsMax, value, std::chars_format::general, 6).ptr;
}

char* write_hex(char* out, const flowstats::Hex& value) {
  *out++ = '0';
  *out++ = 'x';
  const int digits = std::max(1, (static_cast<int>(std::bit_width(value.value)) + 3) / 4);
  for (int i = digits; i < value.digits; ++i) *out++ = '0';
  return std::to_chars(out, out + 16, value.value, 16).ptr;
}

void append_community_id(RowBuffer& out, const flowstats::CommunityId& id) {
  const auto text = flowstats::community_id_text(id);
  out.append({text.data(), text.size()});
}

}  // namespace tapstat::exporters
