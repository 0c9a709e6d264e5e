/// Addresses that are written out in a name: a literal in place of a host, or the name under which
/// its owner is asked for.
///
/// Pure functions; any thread.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "flowstats/columns/column.h"

namespace tapstat::exporters {

struct NamedAddress {
  flowstats::Address address;
  size_t begin = 0, size = 0;  // of the characters that say it
  bool reverse = false;        // as "1.2.0.192" of "1.2.0.192.in-addr.arpa" (RFC 1035 s.3.5)
};

/// "192.0.2.1", "192.0.2.1:80", "2001:db8::1", "[2001:db8::1]:443"; "1.2.0.192.in-addr.arpa" and
/// the 32 nibbles of "….ip6.arpa" (RFC 3596 s.2.5), with or without the last dot.
[[nodiscard]] std::optional<NamedAddress> address_in(std::string_view name);

/// The same name with another address of the same family in it.
[[nodiscard]] std::string with_address(std::string_view name, const NamedAddress& found,
                                       flowstats::IpAddress address);

}  // namespace tapstat::exporters
