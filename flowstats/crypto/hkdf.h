/// HKDF with SHA-256 (RFC 5869) and the labelled expansion of TLS 1.3 (RFC 8446 section 7.1), for
/// keys of at most one digest.
///
/// Any thread; nothing is kept between calls. OpenSSL's digest contexts of version 3 take memory
/// from the heap for every digest, so the older functions over a context on the stack are used,
/// which do not.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "flowstats/base/byte_range.h"

namespace tapstat::flowstats::crypto {

using Secret = std::array<uint8_t, 32>;

/// HMAC-SHA-256 (RFC 2104). Precondition: a key of at most 64 bytes.
[[nodiscard]] Secret hmac_sha256(ByteRange key, ByteRange message);

/// Precondition: a salt of at most 64 bytes.
[[nodiscard]] Secret hkdf_extract(ByteRange salt, ByteRange input);

/// HKDF-Expand-Label with an empty context; `label` goes without "tls13 " and has at most 24
/// bytes, `out` at most 32.
void hkdf_expand_label(const Secret& secret, std::string_view label, std::span<uint8_t> out);

}  // namespace tapstat::flowstats::crypto
