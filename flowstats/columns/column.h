/// The column registry's vocabulary: what a column is, and how tables of columns become a log's
/// layout.
///
/// Every column is declared once, as one line of a constexpr table (core.h, end_to_end.h, p2p.h,
/// options.h, layer7.h); header lines, rows, documentation and capabilities are loops over those
/// tables. Nothing here has state; every thread may read it.
#pragma once

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <variant>

#include "flowstats/community_id.h"
#include "flowstats/flow_record.h"
#include "flowstats/group_mask.h"

namespace tapstat::flowstats {

/// What a value counts; also how documentation and exporters describe it.
enum class Unit : uint8_t {
  address,
  port,
  packets,
  bytes,
  milliseconds,        // a length of time
  epoch_milliseconds,  // a moment, since 1970-01-01 00:00:00 UTC
  epoch_seconds,       // the same
  hops,
  shift,  // binary places
  samples,
  messages,
  flag,  // 0 or 1
  code,  // an enumeration or a bit mask
  text,
  count,
  seconds,       // a length of time
  microseconds,  // the same
};

[[nodiscard]] constexpr std::string_view unit_name(Unit unit) {
  constexpr std::array<std::string_view, 17> kNames = {
      "address",      "port", "packets", "bytes",   "ms",       "ms since 1970",
      "s since 1970", "hops", "bits",    "samples", "messages", "0/1",
      "code",         "text", "count",   "s",       "us"};
  return kNames[static_cast<size_t>(unit)];
}

struct Address {
  IpAddress address;
  IpVersion version = IpVersion::v4;
};

/// The log's own word for "no value" (`-`, `---`, `0.0`), printed as it stands.
struct Absent {
  std::string_view text;
};

/// A number in the shortest of the forms of printf("%g").
struct General {
  double value = 0;
  bool operator==(const General&) const = default;
};

/// "0x" and at least `digits` hexadecimal digits.
struct Hex {
  uint64_t value = 0;
  uint8_t digits = 1;
  bool operator==(const Hex&) const = default;
};

/// Text from the network in a log whose columns are separated by tabs: blanks may stay.
struct Phrase {
  std::string_view text;
  bool operator==(const Phrase&) const = default;
};

/// One cell. Doubles are milliseconds, already divided as Tstat divides; a string_view is text from
/// the network, valid as long as the record, and is escaped by whoever prints it.
using Value = std::variant<uint64_t, int64_t, double, Address, std::string_view, Absent, General,
                           Hex, Phrase, CommunityId>;

/// Picks the signed or the unsigned alternative; bool prints as 0 or 1.
template <std::integral T>
constexpr Value integer(T value) {
  if constexpr (std::signed_integral<T>)
    return Value{static_cast<int64_t>(value)};
  else
    return Value{static_cast<uint64_t>(value)};
}

/// An IPFIX information element; id 0 means that IANA has none. A server column is the reverse
/// element (RFC 5103) of the client's unless `server_id` names its own (addresses, ports, octets).
struct IpfixElement {
  uint32_t enterprise = 0;
  uint16_t id = 0;
  uint16_t octets = 0;  // kVariableLength: text
  uint16_t server_id = 0;
};
inline constexpr uint16_t kVariableLength = 65535;     // RFC 7011 section 7
inline constexpr uint32_t kReverseEnterprise = 29305;  // RFC 5103 section 6.1

/// Types of values in an mPlane registry; `by_unit`: the unit says which.
enum class MplanePrimitive : uint8_t {
  by_unit,
  string,
  natural,
  real,
  boolean,
  time,
  address,
  url,
};

[[nodiscard]] constexpr std::string_view primitive_name(MplanePrimitive primitive) {
  constexpr std::array<std::string_view, 8> kNames = {"",        "string", "natural", "real",
                                                      "boolean", "time",   "address", "url"};
  return kNames[static_cast<size_t>(primitive)];
}

[[nodiscard]] constexpr MplanePrimitive primitive_of(Unit unit) {
  switch (unit) {
    case Unit::address: return MplanePrimitive::address;
    case Unit::milliseconds:
    case Unit::seconds:
    case Unit::microseconds:
    case Unit::epoch_milliseconds:
    case Unit::epoch_seconds: return MplanePrimitive::time;
    case Unit::flag: return MplanePrimitive::boolean;
    case Unit::code:
    case Unit::text: return MplanePrimitive::string;
    default: return MplanePrimitive::natural;
  }
}

/// A column's element in mPlane. In the name '@' stands for forward or backward, '%' for the
/// endpoint's role; an empty name: mPlane has none. `rank` is the element's place among those of
/// its table, from 1, where capabilities do not list it at the place that it has in the log.
struct MplaneElement {
  /// Not explicit: a string literal alone is the usual element.
  constexpr MplaneElement(const char* element, uint8_t place = 0,
                          MplanePrimitive kind = MplanePrimitive::by_unit)
      : name(element), rank(place), primitive(kind) {}

  std::string_view name;
  uint8_t rank;
  MplanePrimitive primitive;
};

/// One line of a group's table. `read` takes the side, so one line serves both directions; `name`
/// goes without c_ and s_.
template <class Record>
struct ColumnSpec {
  std::string_view name;
  MplaneElement mplane;
  Unit unit;
  IpfixElement ipfix;
  std::string_view help;
  Value (*read)(const Record&, Side);
};

using TcpColumnSpec = ColumnSpec<TcpRecord>;

/// How a block turns specs into columns: one each for a side or for the flow, or client and server
/// by turns.
enum class Sides : uint8_t { client, server, flow, alternating };

template <class Record>
struct Block {
  Group group;
  Sides sides;
  std::span<const ColumnSpec<Record>> specs;
};

inline constexpr std::array<std::string_view, 3> kSidePrefix = {"c_", "s_", ""};  // by Side
inline constexpr size_t kColumnNameBytesMax = 23;

/// What every reader of the registry sees.
template <class Record>
struct Column {
  std::array<char, kColumnNameBytesMax + 1> name{};
  Group group{};
  Side side{};
  const ColumnSpec<Record>* spec = nullptr;

  [[nodiscard]] constexpr std::string_view text() const { return name.data(); }
  [[nodiscard]] Value read(const Record& record) const { return spec->read(record, side); }
  [[nodiscard]] constexpr IpfixElement ipfix() const {
    IpfixElement element = spec->ipfix;
    if (element.id == 0 || side != Side::server) return element;
    if (element.server_id != 0)
      element.id = element.server_id;
    else
      element.enterprise = kReverseEnterprise;
    return element;
  }
};

template <class Record>
constexpr Column<Record> make_column(Group group, Side side, const ColumnSpec<Record>& spec) {
  Column<Record> column{{}, group, side, &spec};
  const std::string_view prefix = kSidePrefix[static_cast<size_t>(side)];
  std::copy(spec.name.begin(), spec.name.end(),
            std::copy(prefix.begin(), prefix.end(), column.name.begin()));
  return column;
}

/// The columns of a sequence of blocks, in file order. A name that is too long does not compile.
template <class Record, const auto& kBlocks>
consteval auto expand() {
  constexpr size_t kCount = [] {
    size_t n = 0;
    for (const Block<Record>& b : kBlocks)
      n += b.specs.size() * (b.sides == Sides::alternating ? 2 : 1);
    return n;
  }();
  std::array<Column<Record>, kCount> columns{};
  auto out = columns.begin();
  for (const Block<Record>& b : kBlocks) {
    for (const ColumnSpec<Record>& spec : b.specs) {
      if (b.sides == Sides::alternating) {
        *out++ = make_column(b.group, Side::client, spec);
        *out++ = make_column(b.group, Side::server, spec);
      } else {
        *out++ = make_column(b.group, static_cast<Side>(b.sides), spec);
      }
    }
  }
  return columns;
}

/// Names repeat in no group: a reader that knows the group finds the column by name.
template <class Record, size_t kCount>
consteval bool names_are_unique_per_group(const std::array<Column<Record>, kCount>& columns) {
  for (size_t i = 0; i < kCount; ++i)
    for (size_t j = i + 1; j < kCount; ++j)
      if (columns[i].group == columns[j].group && columns[i].text() == columns[j].text())
        return false;
  return true;
}

}  // namespace tapstat::flowstats
