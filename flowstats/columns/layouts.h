/// The layouts of the TCP logs: the sequence of blocks IS the file format.
///
/// Two schemas: that of 2014, which mPlane clients read, and Tstat 3.3's. A log prints the columns
/// of its layout whose group is switched on, numbered from 1 without a gap; log_tcp_nocomplete has
/// the core columns only.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "flowstats/active_config.h"
#include "flowstats/columns/column.h"
#include "flowstats/columns/core.h"
#include "flowstats/columns/end_to_end.h"
#include "flowstats/columns/layer7.h"
#include "flowstats/columns/options.h"
#include "flowstats/columns/p2p.h"

namespace tapstat::flowstats {

enum class TcpLog : uint8_t { complete, nocomplete };
inline constexpr std::array<TcpLog, 2> kTcpLogs = {TcpLog::complete, TcpLog::nocomplete};

[[nodiscard]] constexpr std::string_view log_name(TcpLog log) {
  return log == TcpLog::complete ? "log_tcp_complete" : "log_tcp_nocomplete";
}

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
};

inline constexpr auto kMplaneTcpNocompleteColumns = expand<TcpRecord, kMplaneTcpNocomplete>();
inline constexpr auto kMplaneTcpCompleteColumns = expand<TcpRecord, kMplaneTcpComplete>();
inline constexpr auto kTstatTcpNocompleteColumns = expand<TcpRecord, kTstatTcpNocomplete>();
inline constexpr auto kTstatTcpCompleteColumns = expand<TcpRecord, kTstatTcpComplete>();

static_assert(kMplaneTcpNocompleteColumns.size() == 42);
static_assert(kMplaneTcpCompleteColumns.size() == 42 + 14 + 6 + 46 + 4);
static_assert(kTstatTcpNocompleteColumns.size() == 44);
static_assert(kTstatTcpCompleteColumns.size() == 134);
static_assert(names_are_unique_per_group(kMplaneTcpCompleteColumns));
static_assert(names_are_unique_per_group(kTstatTcpCompleteColumns));

/// All columns of a log, whatever groups are on.
[[nodiscard]] constexpr std::span<const TcpColumn> columns_of(Schema schema, TcpLog log) {
  if (log == TcpLog::complete)
    return schema == Schema::mplane ? std::span<const TcpColumn>{kMplaneTcpCompleteColumns}
                                    : std::span<const TcpColumn>{kTstatTcpCompleteColumns};
  return schema == Schema::mplane ? std::span<const TcpColumn>{kMplaneTcpNocompleteColumns}
                                  : std::span<const TcpColumn>{kTstatTcpNocompleteColumns};
}

}  // namespace tapstat::flowstats
