/// Messages of eDonkey and of its distributed hash table KAD over UDP, told by their first two
/// bytes and their length.
///
/// A message begins with its protocol (E3 eDonkey, C5 eMule, E4 KAD, A4 KADU, E5 and A5 their
/// packed forms) and an operation; each operation has one or a few lengths. Pure functions; source:
/// the published descriptions of the eMule protocol, and Tstat 3.3 for the lengths.
#pragma once

#include <cstdint>

#include "flowstats/base/byte_range.h"
#include "flowstats/layer7/kind.h"
#include "flowstats/measurement.h"

namespace tapstat::flowstats::layer7 {

/// UdpType::ed2k, kad, kadu, or unknown. `udp_length` counts the UDP header. Corrected mode knows
/// more lengths.
[[nodiscard]] UdpType edonkey_signature(uint32_t udp_length, ByteRange payload, Mode mode);

}  // namespace tapstat::flowstats::layer7
