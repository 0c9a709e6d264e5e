#include "control/describe.h"

#include <string_view>

#include "control/config_complaint.h"
#include "control/config_environment.h"
#include "control/config_keys.h"
#include "control/config_origins.h"
#include "control/json_text.h"
#include "control/rest/documents.h"
#include "exporters/catalogue_table.h"

namespace tapstat::control {
namespace {

using exporters::CatalogueForm;
using exporters::Cells;
using flowstats::Mode;

constexpr std::string_view kTypeNames[] = {"switch", "number", "text",    "choice", "duration",
                                           "size",   "cores",  "address", "list"};

constexpr std::string_view kIntroduction =
    R"(# Configuration

Made from the table in `control/config_keys.h` by `tapstat describe config --markdown`; edit that.

What each key means stands beside it in `conf/tapstat.toml`. A flag wins over a variable of the
environment, a variable over `tapstat.toml`, and that over the default; `tapstat describe config
--origin` tells who set what. In a variable a text has no quotes and a list has commas; relative
names of files start at the current directory, those in `tapstat.toml` at its directory. Durations
are whole numbers with a unit: 250ms, 30s, 5m, 1h, 7d.

)";

struct DescribedKey {
  const ConfigKey* key = nullptr;
  std::string fallback;  // default, "" for none
};

std::vector<DescribedKey> described_keys() {
  const auto usual = config_origins({}, {}, measurement_of({}, Mode::tstat));
  const auto corrected = config_origins({}, {}, measurement_of({}, Mode::corrected));
  std::vector<DescribedKey> keys;
  for (const ConfigKey& key : kConfigKeys) {
    if (!key.built) continue;
    const size_t at = keys.size();  // origins have the same order
    keys.push_back({&key, usual[at].value});
    if (corrected[at].value != usual[at].value)
      keys.back().fallback += " (corrected mode: " + corrected[at].value + ")";
  }
  return keys;
}

std::string name_of(std::string_view section, std::string_view key) {
  return "[" + std::string(section) + "] " + std::string(key);
}

/// "number (flows)", "duration".
std::string type_text(const ConfigKey& key) {
  const std::string type(kTypeNames[static_cast<size_t>(key.type)]);
  return key.unit.empty() ? type : type + " (" + std::string(key.unit) + ")";
}

std::string or_dash(const std::string& text) { return text.empty() ? "-" : text; }

std::string config_json(const std::vector<DescribedKey>& keys) {
  JsonText json;
  json.object();
  json.key("config").array();
  for (const DescribedKey& described : keys) {
    json.object();
    json.key("section").text(described.key->section);
    json.key("key").text(described.key->name);
    json.key("type").text(kTypeNames[static_cast<size_t>(described.key->type)]);
    json.key("unit").text(described.key->unit);
    json.key("values").text(range_text(*described.key));
    json.key("default").text(described.fallback);
    json.key("variable").text(variable_of(*described.key));
    json.end_object();
  }
  json.end_array();
  json.end_object();
  return json.str() + "\n";
}

std::string table(CatalogueForm form, const Cells& titles, const std::vector<Cells>& rows) {
  return form == CatalogueForm::markdown ? exporters::markdown_table(titles, rows)
                                         : exporters::text_table(titles, rows);
}

std::string describe_origins(const ConfigFile& file, CatalogueForm form) {
  const auto mode = file.config.mode.value_or(Mode::tstat);
  const auto origins = config_origins({}, file.config, measurement_of(file.config, mode));
  if (form == CatalogueForm::json) return rest::config_json(origins) + "\n";
  std::vector<Cells> rows;
  for (const rest::ConfigOrigin& value : origins)
    rows.push_back({name_of(value.section, value.key), or_dash(value.value), value.origin});
  return table(form, {"key", "value", "origin"}, rows);
}

}  // namespace

std::string describe_config(CatalogueForm form) {
  const auto keys = described_keys();
  if (form == CatalogueForm::json) return config_json(keys);
  std::vector<Cells> rows;
  for (const DescribedKey& described : keys) {
    const ConfigKey& key = *described.key;
    rows.push_back({name_of(key.section, key.name), variable_of(key), type_text(key),
                    or_dash(described.fallback), range_text(key)});
  }
  return (form == CatalogueForm::markdown ? std::string(kIntroduction) : "") +
         table(form, {"key", "environment", "type", "default", "values"}, rows);
}

tl::expected<std::string, std::vector<std::string>> describe(const DescribeArguments& arguments) {
  using What = DescribeArguments::What;
  if (arguments.what == What::columns) return exporters::describe_columns(arguments.form);
  if (arguments.what == What::counters) return exporters::describe_counters(arguments.form);
  if (!arguments.origin) return describe_config(arguments.form);
  const ConfigFile file = load_configuration(arguments.config);
  if (!file.errors.empty()) return tl::make_unexpected(file.errors);
  return describe_origins(file, arguments.form);
}

}  // namespace tapstat::control
