/// What a line of the tables of web100's variables is: a column, how exactly a tap can know it, and
/// how far it may lie from what the host would have counted.
///
/// The tables are web100_connection.h, web100_sender.h and web100_receiver.h; web100.h puts them in
/// file order. Form of numbers: counters in decimal, modulo 2^32 where web100 keeps them in 32
/// bits; round trips in whole milliseconds, so that 0 means that there was no sample.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string_view>

#include "flowstats/base/units.h"
#include "flowstats/columns/column.h"
#include "flowstats/exit_record.h"

namespace tapstat::flowstats {

/// Where a variable's value comes from.
enum class Knowledge : uint8_t {
  exact,      // counted from the packets at the tap
  good,       // estimated, close to the host's value
  fair,       // estimated, comparable in most connections
  weak,       // estimated, a hint
  host_only,  // no packet shows it
};

[[nodiscard]] constexpr std::string_view knowledge_name(Knowledge knowledge) {
  constexpr std::array<std::string_view, 5> kNames = {"exact", "estimated, a", "estimated, b",
                                                      "estimated, c", "host only"};
  return kNames[static_cast<size_t>(knowledge)];
}

struct Web100Variable {
  ColumnSpec<ExitRecord> column{"", "", Unit::count, {}, "", nullptr};
  Knowledge knowledge = Knowledge::exact;
  std::string_view tolerance;  // against the host's own counter; empty: none to compare with

  /// In the default key list: what is measured, and not merely hinted at.
  [[nodiscard]] constexpr bool is_usual() const { return knowledge < Knowledge::weak; }
};

/// Rounded half up, and never to zero: zero milliseconds means no sample.
[[nodiscard]] constexpr uint32_t web100_milliseconds(Duration length) {
  if (length.us <= 0) return 0;
  return static_cast<uint32_t>(std::max<int64_t>(1, (length.us + 500) / 1'000));
}

namespace web100 {

using Variables = ExitVariables;
using Read = Value (*)(const ExitRecord&, Side);

template <auto kMember>
constexpr Value field(const ExitRecord& r, Side) {
  return integer(r.variables.*kMember);
}

template <auto kMember>
constexpr Value round_trip(const ExitRecord& r, Side) {
  return integer(r.variables.rtt_samples == 0 ? 0U : web100_milliseconds(r.variables.*kMember));
}

template <auto kMember>
constexpr Value milliseconds_of(const ExitRecord& r, Side) {
  return integer(web100_milliseconds(r.variables.*kMember));
}

template <auto kMember, SendLimit kLimit>
constexpr Value while_limited(const ExitRecord& r, Side) {
  const auto& value = (r.variables.*kMember)[static_cast<size_t>(kLimit)];
  if constexpr (std::integral<std::decay_t<decltype(value)>>)
    return integer(value);
  else
    return integer(static_cast<uint32_t>(value.us));
}

constexpr Value unobservable(const ExitRecord&, Side) { return integer(0U); }

[[nodiscard]] constexpr Duration lifetime(const ExitRecord& r) {
  return elapsed(r.variables.first, r.variables.last);
}

constexpr std::string_view kEqual = "equal";
constexpr std::string_view kEqualNearLocal =
    "equal with the tap next to Local; elsewhere estimated, b";

[[nodiscard]] constexpr Web100Variable exact(std::string_view name, Unit unit, Read read,
                                             std::string_view help,
                                             std::string_view tolerance = kEqual) {
  return {{name, "", unit, {}, help, read}, Knowledge::exact, tolerance};
}

[[nodiscard]] constexpr Web100Variable estimated(Knowledge knowledge, std::string_view name,
                                                 Unit unit, Read read, std::string_view help,
                                                 std::string_view tolerance = {}) {
  return {{name, "", unit, {}, help, read}, knowledge, tolerance};
}

[[nodiscard]] constexpr Web100Variable host_only(std::string_view name, Unit unit,
                                                 std::string_view help) {
  return {{name, "", unit, {}, help, unobservable}, Knowledge::host_only, {}};
}

}  // namespace web100

}  // namespace tapstat::flowstats
