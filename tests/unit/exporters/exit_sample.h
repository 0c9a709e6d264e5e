/// Exit records for tests: one between two ends, and one with another value in every variable.
#pragma once

#include <cstdint>

#include "flowstats/base/units.h"
#include "flowstats/exit_record.h"

namespace tapstat::tests {

inline constexpr flowstats::Timestamp kHour{1'486'080'000'000'000};  // 2017-02-03 00:00:00 UTC

inline constexpr flowstats::IpAddress kLocalV4 = flowstats::IpAddress::v4(0xc6120001);
inline constexpr flowstats::IpAddress kRemoteV4 = flowstats::IpAddress::v4(0xc6130002);

/// Between 198.18.0.1 and 198.19.0.2, found to be over `seconds` behind kHour.
inline flowstats::ExitRecord exit_record(uint32_t cid, double seconds = 0) {
  flowstats::ExitRecord record;
  record.units = flowstats::record_units(sizeof record);
  record.kind = flowstats::RecordKind::exit;
  record.cid = cid;
  record.poll = kHour + flowstats::Duration{static_cast<int64_t>(seconds * 1e6)};
  record.ends.address = {kLocalV4, kRemoteV4};
  record.ends.port = {80, static_cast<uint16_t>(1024 + cid % 60'000)};
  record.variables.state = flowstats::ExitState::closed;
  // Neighbours differ in their starts too: no two records are the same connection.
  record.variables.first = record.poll + flowstats::Duration{-60'000'000 + int64_t{cid % 1'000}};
  record.variables.last = record.variables.first + flowstats::milliseconds(1'500);
  record.variables.data_bytes_out = 1'000;
  record.variables.data_bytes_in = 10;
  return record;
}

}  // namespace tapstat::tests
