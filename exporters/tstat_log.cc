#include "exporters/tstat_log.h"

#include <algorithm>
#include <cstddef>

#include <fmt/format.h>

#include "exporters/row_writer.h"

namespace tapstat::exporters {

namespace {

using flowstats::Group;
using flowstats::GroupMask;
using flowstats::Log;
using flowstats::TcpColumn;
using flowstats::TcpRecord;

/// Where a group's columns lie in a layout; they are one run.
struct Run {
  size_t begin = 0;
  size_t count = 0;
};

template <const auto& kColumns>
consteval Run run_of(Group group) {
  const auto is_member = [group](const TcpColumn& c) { return c.group == group; };
  const auto first = std::find_if(kColumns.begin(), kColumns.end(), is_member);
  const auto last = std::find_if_not(first, kColumns.end(), is_member);
  return {static_cast<size_t>(first - kColumns.begin()), static_cast<size_t>(last - first)};
}

template <const auto& kColumns, Group kGroup>
void append_group(RowBuffer& out, const TcpRecord& record) {
  constexpr Run kRun = run_of<kColumns>(kGroup);
  append_columns<kColumns, kRun.begin, kRun.count>(out, record, ' ');
}

/// Groups in file order, which is not the order of their bits.
template <const auto& kColumns>
void append_groups(RowBuffer& out, GroupMask groups, const TcpRecord& record) {
  append_group<kColumns, Group::core>(out, record);
  if (groups.has(Group::end_to_end)) append_group<kColumns, Group::end_to_end>(out, record);
  if (groups.has(Group::p2p)) append_group<kColumns, Group::p2p>(out, record);
  if (groups.has(Group::options)) append_group<kColumns, Group::options>(out, record);
  if (groups.has(Group::layer7)) append_group<kColumns, Group::layer7>(out, record);
  if (groups.has(Group::fingerprint)) append_group<kColumns, Group::fingerprint>(out, record);
  out.back() = '\n';
}

template <const auto& kColumns>
consteval size_t columns_in_runs() {
  size_t n = 0;
  for (const Group g : {Group::core, Group::end_to_end, Group::p2p, Group::options, Group::layer7,
                        Group::fingerprint})
    n += run_of<kColumns>(g).count;
  return n;
}
static_assert(columns_in_runs<flowstats::kMplaneTcpCompleteColumns>() ==
              flowstats::kMplaneTcpCompleteColumns.size());
static_assert(columns_in_runs<flowstats::kTstatTcpCompleteColumns>() ==
              flowstats::kTstatTcpCompleteColumns.size());

/// log_tcp_nocomplete is the core group alone, so its layout needs no row writer of its own.
GroupMask groups_in_row(const LogShape& shape) {
  return shape.log == Log::tcp_nocomplete ? GroupMask{} : shape.groups;
}

}  // namespace

std::string header_line(const LogShape& shape) {
  std::string line = fmt::format("#{:02}#", shape.groups.bits());
  int position = 0;
  for (const TcpColumn& column : flowstats::columns_of(shape.schema, shape.log)) {
    if (!shape.groups.has(column.group)) continue;
    if (position != 0) line += ' ';
    line += fmt::format("{}:{}", column.text(), ++position);
  }
  line += '\n';
  return line;
}

void append_row(RowBuffer& out, const LogShape& shape, const TcpRecord& record) {
  if (shape.schema == flowstats::Schema::mplane)
    append_groups<flowstats::kMplaneTcpCompleteColumns>(out, groups_in_row(shape), record);
  else
    append_groups<flowstats::kTstatTcpCompleteColumns>(out, groups_in_row(shape), record);
}

}  // namespace tapstat::exporters
