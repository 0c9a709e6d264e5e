/// `tapstat describe`: documentation made from the tables of columns, counters and configuration
/// keys. Cold path.
#pragma once

#include <string>
#include <vector>

#include <tl/expected.hpp>

#include "control/command_line.h"
#include "exporters/catalogue.h"

namespace tapstat::control {

/// The page, or what is wrong with tapstat.toml and the environment ("FILE:LINE:COLUMN: ...").
[[nodiscard]] tl::expected<std::string, std::vector<std::string>> describe(
    const DescribeArguments& arguments);

/// One line for each key of tapstat.toml that has an effect: type, values that it may have,
/// default, variable of the environment.
[[nodiscard]] std::string describe_config(exporters::CatalogueForm form);

}  // namespace tapstat::control
