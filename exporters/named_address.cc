#include "exporters/named_address.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>

#include "exporters/value_text.h"

namespace tapstat::exporters {
namespace {

using flowstats::Address;
using flowstats::IpAddress;
using flowstats::IpVersion;

constexpr std::string_view kReverseV4 = ".in-addr.arpa", kReverseV6 = ".ip6.arpa";
constexpr size_t kNibbles = 32;
constexpr std::string_view kHex = "0123456789abcdef";

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool ends_with(std::string_view name, std::string_view end) {
  return name.size() > end.size() &&
         std::ranges::equal(name.substr(name.size() - end.size()), end, {}, lower);
}

std::optional<Address> literal(std::string_view text) {
  std::array<char, INET6_ADDRSTRLEN + 1> word{};
  if (text.size() >= word.size() || text.find('\0') != text.npos) return std::nullopt;
  std::memcpy(word.data(), text.data(), text.size());
  if (in_addr v4{}; inet_pton(AF_INET, word.data(), &v4) == 1)
    return Address{IpAddress::v4(ntohl(v4.s_addr)), IpVersion::v4};
  in6_addr v6{};
  if (inet_pton(AF_INET6, word.data(), &v6) != 1) return std::nullopt;
  uint64_t words[2];
  std::memcpy(words, &v6, sizeof words);
  return Address{{__builtin_bswap64(words[0]), __builtin_bswap64(words[1])}, IpVersion::v6};
}

std::optional<NamedAddress> located(std::string_view name, size_t begin, size_t size) {
  const auto address = literal(name.substr(begin, size));
  if (!address) return std::nullopt;
  return NamedAddress{*address, begin, size, false};
}

/// "192.0.2.1" with its four numbers in the opposite order.
std::string turned_around(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const size_t dot = text.rfind('.');
    out += text.substr(dot == text.npos ? 0 : dot + 1);
    if (dot == text.npos) return out;
    out += '.';
    text = text.substr(0, dot);
  }
  return out;
}

std::optional<NamedAddress> reverse_v4(std::string_view labels) {
  const auto address = literal(turned_around(labels));
  if (!address || address->version != IpVersion::v4) return std::nullopt;
  return NamedAddress{*address, 0, labels.size(), true};
}

std::optional<NamedAddress> reverse_v6(std::string_view labels) {
  if (labels.size() != 2 * kNibbles - 1) return std::nullopt;
  IpAddress address;
  for (size_t i = 0; i < kNibbles; ++i) {
    const size_t nibble = kHex.find(lower(labels[2 * i]));
    if (nibble == kHex.npos || (i + 1 < kNibbles && labels[2 * i + 1] != '.')) return std::nullopt;
    (i < kNibbles / 2 ? address.low : address.high) |= uint64_t{nibble} << (i % 16 * 4);
  }
  return NamedAddress{{address, IpVersion::v6}, 0, labels.size(), true};
}

std::string nibbles_of(IpAddress address) {
  std::string out;
  for (size_t i = 0; i < kNibbles; ++i) {
    const uint64_t half = i < kNibbles / 2 ? address.low : address.high;
    if (i > 0) out += '.';
    out += kHex[half >> (i % 16 * 4) & 15];
  }
  return out;
}

}  // namespace

std::optional<NamedAddress> address_in(std::string_view name) {
  const std::string_view no_dot = name.ends_with('.') ? name.substr(0, name.size() - 1) : name;
  if (ends_with(no_dot, kReverseV4))
    return reverse_v4(no_dot.substr(0, no_dot.size() - kReverseV4.size()));
  if (ends_with(no_dot, kReverseV6))
    return reverse_v6(no_dot.substr(0, no_dot.size() - kReverseV6.size()));
  if (name.starts_with('[')) {
    const size_t close = name.find(']');
    return close == name.npos ? std::nullopt : located(name, 1, close - 1);
  }
  const size_t colon = name.find(':');
  const bool has_port = colon != name.npos && name.find(':', colon + 1) == name.npos;
  return located(name, 0, has_port ? colon : no_dot.size());
}

std::string with_address(std::string_view name, const NamedAddress& found, IpAddress address) {
  std::array<char, kAddressCharsMax> text{};
  const char* const end = write_address(text.data(), {address, found.address.version});
  std::string said(text.data(), static_cast<size_t>(end - text.data()));
  if (found.reverse)
    said = found.address.version == IpVersion::v4 ? turned_around(said) : nibbles_of(address);
  return std::string(name.substr(0, found.begin)) + said +
         std::string(name.substr(found.begin + found.size));
}

}  // namespace tapstat::exporters
