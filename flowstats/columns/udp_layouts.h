/// The layouts of log_udp_complete and log_mm_complete: the sequence of blocks IS the file format.
///
/// The fingerprint group stands behind Tstat's columns; without it the header is Tstat's.
#pragma once

#include "flowstats/columns/column.h"
#include "flowstats/columns/fingerprint.h"
#include "flowstats/columns/mm.h"
#include "flowstats/columns/udp.h"
#include "flowstats/rtp_record.h"

namespace tapstat::flowstats {

inline constexpr Block<UdpRecord> kUdpComplete[] = {
    {Group::core, Sides::client, kUdpDirectional},
    {Group::core, Sides::server, kUdpDirectional},
    {Group::core, Sides::flow, kUdpFlow},
    {Group::fingerprint, Sides::flow, kFingerprintFlow<UdpRecord>},
    {Group::fingerprint, Sides::flow, kFingerprintUdp},
};
inline constexpr Block<RtpRecord> kMmComplete[] = {
    {Group::core, Sides::flow, kMmKind},
    {Group::core, Sides::client, kMmEnd},
    {Group::core, Sides::server, kMmEnd},
    {Group::core, Sides::flow, kMmStream},
};

inline constexpr auto kUdpColumns = expand<UdpRecord, kUdpComplete>();
inline constexpr auto kMmColumns = expand<RtpRecord, kMmComplete>();

inline constexpr size_t kUdpCoreColumns = 25;
static_assert(kUdpColumns.size() > kUdpCoreColumns &&
              kUdpColumns[kUdpCoreColumns - 1].group == Group::core &&
              kUdpColumns[kUdpCoreColumns].group == Group::fingerprint);
static_assert(kMmColumns.size() == 53);
static_assert(names_are_unique_per_group(kUdpColumns));
static_assert(names_are_unique_per_group(kMmColumns));

}  // namespace tapstat::flowstats
