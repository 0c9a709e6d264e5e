/// Tokens and schema hashes of both generations: MD5 over canonical text, as names, never as a
/// security measure. Pure functions.
#pragma once

#include <string>
#include <string_view>

#include "control/mplane/message.h"

namespace tapstat::control::mplane {

/// 32 lower-case hexadecimal digits (RFC 1321, through OpenSSL; our own where its provider
/// refuses).
[[nodiscard]] std::string md5_hex(std::string_view text);

/// Of parameter names, result names and (sdk) registry.
[[nodiscard]] std::string schema_hash(const Message& message);

/// The token of a capability, or of a specification that carries none. Empty when `when` is missing
/// or not parsable.
[[nodiscard]] std::string computed_token(const Message& message);

}  // namespace tapstat::control::mplane
