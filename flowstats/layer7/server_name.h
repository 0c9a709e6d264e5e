/// Which texts count as a name of a server, in a TLS or QUIC hello or in a certificate.
///
/// Tstat keeps a name when its end looks like one: at least one letter or digit, a dot, 2 to 24
/// letters or digits, and perhaps a final dot; anything may stand before. So `localhost`, addresses
/// of IPv6 and `name:443` are none. Any thread; any bytes.
#pragma once

#include <cstddef>
#include <string_view>

namespace tapstat::flowstats::layer7 {

/// Bytes of a name that are kept. A longer one is cut before it is tested.
inline constexpr size_t kServerNameMax = 79;

[[nodiscard]] bool is_server_name(std::string_view text);

}  // namespace tapstat::flowstats::layer7
