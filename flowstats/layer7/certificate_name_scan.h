/// The name that Tstat takes for the server's: a search of raw bytes for a common name, without
/// reading the certificate around it.
///
/// tstat mode only; corrected mode reads the certificate (crypto/certificate.h). Any thread.
#pragma once

#include <string_view>

#include "flowstats/base/byte_range.h"

namespace tapstat::flowstats::layer7 {

/// The first attribute of type commonName (object identifier 2.5.4.3) in `segment` whose text, cut
/// to kServerNameMax bytes, is a server name; the issuer's mostly is none. Empty: none. The view
/// lies in `segment`.
[[nodiscard]] std::string_view scan_common_name(ByteRange segment);

}  // namespace tapstat::flowstats::layer7
