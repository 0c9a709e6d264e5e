/// Documentation made from the tables: every column and every counter as text, Markdown or JSON.
///
/// `tapstat describe` prints it and docs/columns.md and docs/counters.md are copies of it, compared
/// by a test. Cold path, pure functions; each result ends with a line end.
#pragma once

#include <cstdint>
#include <string>

namespace tapstat::exporters {

enum class CatalogueForm : uint8_t { text, markdown, json };

/// One line for each column: position in both schemas with all groups on, name, group, logs, unit,
/// mPlane and IPFIX names, meaning.
[[nodiscard]] std::string describe_columns(CatalogueForm form);

/// One line for each counter: name, unit, meaning.
[[nodiscard]] std::string describe_counters(CatalogueForm form);

}  // namespace tapstat::exporters
