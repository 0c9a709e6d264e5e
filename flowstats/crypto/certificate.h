/// The name that an X.509 certificate (RFC 5280) gives to its owner, read by OpenSSL.
///
/// Any thread; nothing is kept between calls. OpenSSL takes memory for the parsed certificate and
/// gives it back before the call returns, so callers read one certificate a connection at most.
#pragma once

#include <cstddef>

#include "flowstats/base/byte_range.h"
#include "flowstats/base/text.h"

namespace tapstat::flowstats::crypto {

/// Longer certificates are not read.
inline constexpr size_t kCertificateMax = size_t{16} << 10;  // bytes
inline constexpr size_t kOwnerNameMax = 79;                  // bytes that are kept of a name

/// The subject's common name, the last when it has several; without one the first DNS name of the
/// subjectAltName extension. UTF-8, cut to the size of `name`. False when `der` does not begin with
/// a certificate or that names nobody; then `name` is empty.
[[nodiscard]] bool read_owner_name(ByteRange der, Text<kOwnerNameMax>& name);

}  // namespace tapstat::flowstats::crypto
