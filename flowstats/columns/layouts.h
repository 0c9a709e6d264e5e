/// The layouts of the TCP logs: the sequence of blocks IS the file format.
///
/// Two schemas: that of 2014, which mPlane clients read, and Tstat 3.3's. A log prints the columns
/// of its layout whose group is switched on, numbered from 1 without a gap; log_tcp_nocomplete has
/// the core columns only.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <span>
#include <string_view>

#include "flowstats/active_config.h"
#include "flowstats/columns/column.h"
#include "flowstats/columns/core.h"
#include "flowstats/columns/end_to_end.h"
#include "flowstats/columns/fingerprint.h"
#include "flowstats/columns/layer7.h"
#include "flowstats/columns/options.h"
#include "flowstats/columns/p2p.h"

namespace tapstat::flowstats {

using TcpBlock = Block<TcpRecord>;
using TcpColumn = Column<TcpRecord>;

inline constexpr TcpBlock kMplaneTcpNocomplete[] = {
    {Group::core, Sides::client, kCoreDirectional},
    {Group::core, Sides::server, kCoreDirectional},
    {Group::core, Sides::flow, kCoreTimes},
    {Group::core, Sides::alternating, kCoreSideTimes},
    {Group::core, Sides::alternating, kCoreInternal},
    {Group::core, Sides::flow, kCoreClasses},
};

inline constexpr TcpBlock kMplaneTcpComplete[] = {
    {Group::core, Sides::client, kCoreDirectional},
    {Group::core, Sides::server, kCoreDirectional},
    {Group::core, Sides::flow, kCoreTimes},
    {Group::core, Sides::alternating, kCoreSideTimes},
    {Group::core, Sides::alternating, kCoreInternal},
    {Group::core, Sides::flow, kCoreClasses},
    {Group::end_to_end, Sides::client, kEndToEndDirectional},
    {Group::end_to_end, Sides::server, kEndToEndDirectional},
    {Group::p2p, Sides::flow, kP2pFlow},
    {Group::options, Sides::client, kOptionsDirectional},
    {Group::options, Sides::server, kOptionsDirectional},
    {Group::layer7, Sides::alternating, kLayer7Messages},
    {Group::layer7, Sides::flow, kLayer7Names},
    {Group::fingerprint, Sides::flow, kFingerprintFlow<TcpRecord>},
    {Group::fingerprint, Sides::flow, kFingerprintTcp},
};

inline constexpr TcpBlock kTstatTcpNocomplete[] = {
    {Group::core, Sides::client, kCoreDirectional},
    {Group::core, Sides::server, kCoreDirectional},
    {Group::core, Sides::flow, kCoreTimes},
    {Group::core, Sides::alternating, kCoreSideTimes},
    {Group::core, Sides::alternating, kCoreInternal},
    {Group::core, Sides::alternating, kCoreEncrypted},
    {Group::core, Sides::flow, kCoreClasses},
};

inline constexpr TcpBlock kTstatTcpComplete[] = {
    {Group::core, Sides::client, kCoreDirectional},
    {Group::core, Sides::server, kCoreDirectional},
    {Group::core, Sides::flow, kCoreTimes},
    {Group::core, Sides::alternating, kCoreSideTimes},
    {Group::core, Sides::alternating, kCoreInternal},
    {Group::core, Sides::alternating, kCoreEncrypted},
    {Group::core, Sides::flow, kCoreClasses},
    {Group::end_to_end, Sides::client, kEndToEndDirectional},
    {Group::end_to_end, Sides::server, kEndToEndDirectional},
    {Group::p2p, Sides::flow, kP2pFlow},
    {Group::options, Sides::client, kOptionsDirectional},
    {Group::options, Sides::server, kOptionsDirectional},
    {Group::layer7, Sides::flow, kLayer7Http},
    {Group::layer7, Sides::alternating, kLayer7Messages},
    {Group::layer7, Sides::flow, kLayer7Names},
    {Group::layer7, Sides::alternating, kLayer7Negotiation},
    {Group::layer7, Sides::flow, kLayer7Session},
    {Group::layer7, Sides::alternating, kLayer7Phases},
    {Group::layer7, Sides::flow, kLayer7Resolution},
    {Group::layer7, Sides::alternating, kLayer7Versions},
    {Group::layer7, Sides::flow, kLayer7DnsChannel},
    {Group::fingerprint, Sides::flow, kFingerprintFlow<TcpRecord>},
    {Group::fingerprint, Sides::flow, kFingerprintTcp},
};

/// Beyond Tstat's columns.
inline constexpr size_t kFingerprintTcpColumns =
    std::size(kFingerprintFlow<TcpRecord>) + std::size(kFingerprintTcp);

inline constexpr auto kMplaneTcpNocompleteColumns = expand<TcpRecord, kMplaneTcpNocomplete>();
inline constexpr auto kMplaneTcpCompleteColumns = expand<TcpRecord, kMplaneTcpComplete>();
inline constexpr auto kTstatTcpNocompleteColumns = expand<TcpRecord, kTstatTcpNocomplete>();
inline constexpr auto kTstatTcpCompleteColumns = expand<TcpRecord, kTstatTcpComplete>();

static_assert(kMplaneTcpNocompleteColumns.size() == 42);
static_assert(kMplaneTcpCompleteColumns.size() == 42 + 14 + 6 + 46 + 4 + kFingerprintTcpColumns);
static_assert(kTstatTcpNocompleteColumns.size() == 44);
static_assert(kTstatTcpCompleteColumns.size() == 134 + kFingerprintTcpColumns);
static_assert(names_are_unique_per_group(kMplaneTcpCompleteColumns));
static_assert(names_are_unique_per_group(kTstatTcpCompleteColumns));

/// All columns of a log of TCP flows, whatever groups are on; empty for other logs.
[[nodiscard]] constexpr std::span<const TcpColumn> columns_of(Schema schema, Log log) {
  if (log == Log::tcp_complete)
    return schema == Schema::mplane ? std::span<const TcpColumn>{kMplaneTcpCompleteColumns}
                                    : std::span<const TcpColumn>{kTstatTcpCompleteColumns};
  if (log != Log::tcp_nocomplete) return {};
  return schema == Schema::mplane ? std::span<const TcpColumn>{kMplaneTcpNocompleteColumns}
                                  : std::span<const TcpColumn>{kTstatTcpNocompleteColumns};
}

}  // namespace tapstat::flowstats
