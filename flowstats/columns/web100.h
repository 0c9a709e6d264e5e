/// The layout of .web100 files: web100's variables in the order of SideStream's key line, and the
/// extra keys behind them.
///
/// A file has a key list of its own, which is a subsequence of this order
/// (exporters/web100_rows.h); in front of it stand always the record's number and the moment when
/// the connection was found to be over.
#pragma once

#include <algorithm>
#include <array>
#include <iterator>

#include "flowstats/columns/column.h"
#include "flowstats/columns/web100_connection.h"
#include "flowstats/columns/web100_names.h"
#include "flowstats/columns/web100_receiver.h"
#include "flowstats/columns/web100_sender.h"
#include "flowstats/columns/web100_variable.h"

namespace tapstat::flowstats {

using Web100Column = Column<ExitRecord>;

inline constexpr auto kWeb100Variables = [] {
  std::array<Web100Variable, kWeb100Names.size()> all{};
  auto out = std::copy(std::begin(web100::kConnection), std::end(web100::kConnection), all.begin());
  out = std::copy(std::begin(web100::kSender), std::end(web100::kSender), out);
  out = std::copy(std::begin(web100::kReceiver), std::end(web100::kReceiver), out);
  std::copy(std::begin(web100::kExtra), std::end(web100::kExtra), out);
  return all;
}();

/// Parallel to kWeb100Variables and kWeb100Names.
inline constexpr auto kWeb100Columns = [] {
  std::array<Web100Column, kWeb100Variables.size()> columns{};
  for (size_t i = 0; i < columns.size(); ++i)
    columns[i] = make_column(Group::core, Side::flow, kWeb100Variables[i].column);
  return columns;
}();

inline constexpr size_t kWeb100UsualKeys = 87 + kWeb100ExtraKeys;

static_assert(std::size(web100::kConnection) + std::size(web100::kSender) +
                  std::size(web100::kReceiver) ==
              kWeb100StandardKeys);
static_assert(std::size(web100::kExtra) == kWeb100ExtraKeys);
static_assert(std::equal(kWeb100Columns.begin(), kWeb100Columns.end(), kWeb100Names.begin(),
                         [](const Web100Column& column, const Web100Name& known) {
                           return column.text() == known.name;
                         }));
static_assert(std::count_if(kWeb100Variables.begin(), kWeb100Variables.end(),
                            [](const Web100Variable& v) { return v.is_usual(); }) ==
              kWeb100UsualKeys);

}  // namespace tapstat::flowstats
