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
};

struct DescribedLog {
  std::string name;                      // of the file; with the kind of row where a file has two
  std::vector<DescribedColumn> columns;  // in file order, all groups on
};

/// In the order of their bits.
[[nodiscard]] std::vector<DescribedLog> describe_other_logs();

}  // namespace tapstat::exporters
