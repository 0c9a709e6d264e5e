/// SHA-1 (FIPS 180-4) of bytes at hand, by OpenSSL: for identifiers that are defined by it, not for
/// secrets.
///
/// Any thread. Nothing is kept between calls; OpenSSL takes and gives back memory, so this is not
/// for workers.
#pragma once

#include <array>
#include <cstdint>

#include "flowstats/base/byte_range.h"

namespace tapstat::flowstats::crypto {

[[nodiscard]] std::array<uint8_t, 20> sha1(ByteRange bytes);

}  // namespace tapstat::flowstats::crypto
