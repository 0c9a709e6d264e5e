/// Base64 (RFC 4648 section 4) in one piece, without line breaks.
///
/// Pure functions; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "flowstats/base/byte_range.h"

namespace tapstat::flowstats::crypto {

[[nodiscard]] constexpr size_t base64_chars(size_t bytes) { return (bytes + 2) / 3 * 4; }

/// Writes base64_chars(bytes.size()) characters and a zero byte.
void write_base64(char* out, ByteRange bytes);

/// Empty unless `text` is whole: groups of four characters, "=" only where it belongs.
[[nodiscard]] std::optional<std::vector<uint8_t>> read_base64(std::string_view text);

}  // namespace tapstat::flowstats::crypto
