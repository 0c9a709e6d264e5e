/// MD5 (RFC 1321) for names of mPlane messages, never as a security measure.
///
/// OpenSSL's where its providers allow it; a small one of our own where they refuse (FIPS). Pure
/// functions.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace tapstat::control::mplane {

using Md5Digest = std::array<uint8_t, 16>;

/// Empty when the provider refuses MD5; its complaint does not stay in OpenSSL's error queue.
[[nodiscard]] std::optional<Md5Digest> md5_of_openssl(std::string_view text);

[[nodiscard]] Md5Digest md5_of_our_own(std::string_view text);

}  // namespace tapstat::control::mplane
