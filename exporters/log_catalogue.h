/// The columns of every log but those of TCP flows, whatever record they are read from: for
/// documentation.
///
/// Made from the layouts in flowstats/columns. Cold path, pure functions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "flowstats/columns/column.h"
#include "flowstats/log_mask.h"

namespace tapstat::exporters {

struct DescribedColumn {
  std::string name;
  flowstats::Group group{};
  flowstats::Unit unit{};
  flowstats::IpfixElement ipfix;
  std::string_view help;
  // Of exit records only: how well a tap can know the value, how far it may lie from the host's,
  // its other spelling, and whether it is in the usual key list.
  std::string_view knowledge, tolerance, canonical;
  bool is_usual = false;
};

struct DescribedLog {
  std::string name;                      // of the file; with the kind of row where a file has two
  std::vector<DescribedColumn> columns;  // in file order, all groups on

  [[nodiscard]] bool tells_knowledge() const {
    return !columns.empty() && !columns.front().knowledge.empty();
  }
};

/// In the order of their bits, exit records last.
[[nodiscard]] std::vector<DescribedLog> describe_other_logs();

}  // namespace tapstat::exporters
