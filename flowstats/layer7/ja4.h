/// JA4, the fingerprint of a client by the ClientHello that it sends (the TLS client method, which
/// FoxIO publishes under BSD-3-Clause): "t13d1516h2_8daaf6152771_e5627efa2ab1".
///
/// The order of cipher suites and extensions does not matter, and GREASE is left out everywhere.
/// Lists are read up to their first kJa4ListMax entries. Any thread; nothing is allocated.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "flowstats/layer7/client_hello.h"

namespace tapstat::flowstats::layer7 {

inline constexpr size_t kJa4Size = 36;      // characters
inline constexpr size_t kJa4ListMax = 512;  // cipher suites, extensions, signature algorithms

/// `transport` is 't' for TLS over TCP, 'q' for QUIC, 'd' for DTLS. The hello must be complete.
[[nodiscard]] std::array<char, kJa4Size> ja4(char transport, const ClientHello& hello);

/// The newest version that `hello` offers, in supported_versions or else in the legacy field; the
/// numbers of DTLS, which fall, are compared by what they mean.
[[nodiscard]] uint16_t highest_version(const ClientHello& hello);

}  // namespace tapstat::flowstats::layer7
