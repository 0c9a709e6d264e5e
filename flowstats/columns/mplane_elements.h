/// The elements of a group in the order in which mPlane capabilities list them, which is not quite
/// the log's.
///
/// Blocks keep the log's order; within a block the ranks of its table decide. Elements without a
/// side (end to end) stand for a client's and a server's column and are listed once. Pure function.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "flowstats/columns/layouts.h"
#include "flowstats/columns/mplane_name.h"

namespace tapstat::flowstats {

/// Place of a table's line among its elements, from 1.
[[nodiscard]] constexpr size_t mplane_rank(std::span<const TcpColumnSpec> table, size_t line) {
  const uint8_t rank = table[line].mplane.rank;
  return rank == 0 ? line + 1 : rank;
}

/// Every place is taken once.
[[nodiscard]] constexpr bool ranks_are_complete(std::span<const TcpColumnSpec> table) {
  for (size_t place = 1; place <= table.size(); ++place) {
    size_t lines = 0;
    for (size_t line = 0; line < table.size(); ++line)
      if (mplane_rank(table, line) == place) ++lines;
    if (lines != 1) return false;
  }
  return true;
}
static_assert(std::ranges::all_of(kMplaneTcpComplete,
                                  [](const TcpBlock& b) { return ranks_are_complete(b.specs); }));

struct MplaneColumn {
  const TcpColumn* column = nullptr;
  std::string name;
};

/// The elements of `group`, each with the (first) column that carries it.
[[nodiscard]] inline std::vector<MplaneColumn> mplane_elements(Group group,
                                                               MplaneVocabulary vocabulary) {
  std::vector<MplaneColumn> elements;
  size_t first = 0;  // of the block
  for (const TcpBlock& block : kMplaneTcpComplete) {
    const size_t count = block.specs.size() * (block.sides == Sides::alternating ? 2 : 1);
    const size_t per_line = count / block.specs.size();
    std::vector<const TcpColumn*> ordered(count);
    for (size_t i = 0; i < count; ++i) {
      const size_t place = mplane_rank(block.specs, i / per_line) - 1;
      ordered[place * per_line + i % per_line] = &kMplaneTcpCompleteColumns[first + i];
    }
    first += count;
    if (block.group != group) continue;
    for (const TcpColumn* column : ordered) {
      std::string name = mplane_name(*column, vocabulary);
      const bool known = std::ranges::any_of(
          elements, [&name](const MplaneColumn& other) { return other.name == name; });
      if (!known) elements.push_back({column, std::move(name)});
    }
  }
  return elements;
}

/// Type of the element's values, in the words of a registry.
[[nodiscard]] inline std::string_view primitive_text(const TcpColumn& column) {
  const MplanePrimitive own = column.spec->mplane.primitive;
  return primitive_name(own == MplanePrimitive::by_unit ? primitive_of(column.spec->unit) : own);
}

}  // namespace tapstat::flowstats
