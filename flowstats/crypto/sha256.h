/// SHA-256 (FIPS 180-4) of bytes at hand, by OpenSSL.
///
/// Any thread. Nothing is kept between calls.
#pragma once

#include <array>
#include <cstdint>

#include "flowstats/base/byte_range.h"

namespace tapstat::flowstats::crypto {

[[nodiscard]] std::array<uint8_t, 32> sha256(ByteRange bytes);

}  // namespace tapstat::flowstats::crypto
