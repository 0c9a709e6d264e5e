#include "exporters/catalogue.h"

#include <algorithm>
#include <span>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <rapidjson/prettywriter.h>
#include <rapidjson/stringbuffer.h>

#include "exporters/catalogue_table.h"
#include "exporters/log_catalogue.h"
#include "flowstats/base/counters.h"
#include "flowstats/columns/layouts.h"
#include "flowstats/columns/mplane_name.h"
#include "flowstats/group_mask.h"

namespace tapstat::exporters {

namespace {

using flowstats::CounterSpec;
using flowstats::Group;
using flowstats::IpfixElement;
using flowstats::Log;
using flowstats::MplaneVocabulary;
using flowstats::Schema;
using flowstats::TcpColumn;
using JsonWriter = rapidjson::PrettyWriter<rapidjson::StringBuffer>;

/// 1 for the first column; 0 when the log of that schema has no such column.
size_t position(Schema schema, Log log, const TcpColumn& column) {
  const auto columns = flowstats::columns_of(schema, log);
  const auto found =
      std::find_if(columns.begin(), columns.end(), [&column](const TcpColumn& other) {
        return other.group == column.group && other.text() == column.text();
      });
  return found == columns.end() ? 0 : static_cast<size_t>(found - columns.begin()) + 1;
}

/// Every column of any schema, in the order of the larger one.
std::span<const TcpColumn> all_columns() {
  return flowstats::columns_of(Schema::tstat_3_3, Log::tcp_complete);
}
static_assert(std::all_of(flowstats::kMplaneTcpCompleteColumns.begin(),
                          flowstats::kMplaneTcpCompleteColumns.end(), [](const TcpColumn& c) {
                            return std::any_of(
                                flowstats::kTstatTcpCompleteColumns.begin(),
                                flowstats::kTstatTcpCompleteColumns.end(),
                                [&c](const TcpColumn& other) { return c.text() == other.text(); });
                          }));

std::string ordinal(size_t position) { return position == 0 ? "-" : std::to_string(position); }

std::string_view logs_of(const TcpColumn& column) {
  return position(Schema::tstat_3_3, Log::tcp_nocomplete, column) != 0 ? "both" : "complete";
}

/// "86", "29305/86" for a reverse element, "-" for none.
std::string ipfix_text(const IpfixElement& element) {
  if (element.id == 0) return "-";
  if (element.enterprise == 0) return std::to_string(element.id);
  return fmt::format("{}/{}", element.enterprise, element.id);
}

/// Both vocabularies where they differ.
std::string mplane_text(const TcpColumn& column) {
  const std::string early = mplane_name(column, MplaneVocabulary::proxy_2014);
  const std::string later = mplane_name(column, MplaneVocabulary::later);
  if (early.empty()) return "-";
  return early == later ? early : fmt::format("{}, {}", early, later);
}

Cells column_titles() {
  return {"mplane", "3.3", "name", "group", "log", "unit", "ipfix", "mPlane element", "meaning"};
}

Cells column_cells(const TcpColumn& c) {
  return {ordinal(position(Schema::mplane, Log::tcp_complete, c)),
          ordinal(position(Schema::tstat_3_3, Log::tcp_complete, c)),
          std::string{c.text()},
          std::string{flowstats::group_name(c.group)},
          std::string{logs_of(c)},
          std::string{unit_name(c.spec->unit)},
          ipfix_text(c.ipfix()),
          mplane_text(c),
          std::string{c.spec->help}};
}

void json_string(JsonWriter& json, std::string_view key, std::string_view value) {
  json.Key(key.data(), static_cast<rapidjson::SizeType>(key.size()));
  json.String(value.data(), static_cast<rapidjson::SizeType>(value.size()));
}

void json_position(JsonWriter& json, std::string_view key, size_t position) {
  json.Key(key.data(), static_cast<rapidjson::SizeType>(key.size()));
  if (position == 0)
    json.Null();
  else
    json.Uint64(position);
}

void json_ipfix(JsonWriter& json, const IpfixElement& element) {
  json.Key("ipfix");
  if (element.id == 0) {
    json.Null();
    return;
  }
  json.StartObject();
  json.Key("enterprise");
  json.Uint(element.enterprise);
  json.Key("id");
  json.Uint(element.id);
  json.Key("octets");
  json.Uint(element.octets);
  json.EndObject();
}

void json_column(JsonWriter& json, const TcpColumn& c) {
  json.StartObject();
  json_string(json, "name", c.text());
  json_string(json, "group", flowstats::group_name(c.group));
  json_string(json, "log", logs_of(c));
  json_position(json, "position_mplane", position(Schema::mplane, Log::tcp_complete, c));
  json_position(json, "position_tstat_3_3", position(Schema::tstat_3_3, Log::tcp_complete, c));
  json_string(json, "unit", unit_name(c.spec->unit));
  json_ipfix(json, c.ipfix());
  json_string(json, "mplane_2014", mplane_name(c, MplaneVocabulary::proxy_2014));
  json_string(json, "mplane", mplane_name(c, MplaneVocabulary::later));
  json_string(json, "help", c.spec->help);
  json.EndObject();
}

template <class List, class Each>
void json_array(JsonWriter& json, std::string_view key, const List& list, const Each& each) {
  json.Key(key.data(), static_cast<rapidjson::SizeType>(key.size()));
  json.StartArray();
  for (const auto& item : list) each(json, item);
  json.EndArray();
}

/// An object of what `fill` writes.
template <class Fill>
std::string json_object(const Fill& fill) {
  rapidjson::StringBuffer buffer;
  JsonWriter json{buffer};
  json.SetIndent(' ', 2);
  json.StartObject();
  fill(json);
  json.EndObject();
  return std::string{buffer.GetString(), buffer.GetSize()} + '\n';
}

void json_other_log(JsonWriter& json, const DescribedLog& log) {
  json.StartObject();
  json_string(json, "log", log.name);
  size_t position = 0;
  json_array(json, "columns", log.columns, [&](JsonWriter& out, const DescribedColumn& c) {
    out.StartObject();
    json_string(out, "name", c.name);
    json_string(out, "group", flowstats::group_name(c.group));
    json_position(out, "position", ++position);
    json_string(out, "unit", unit_name(c.unit));
    json_ipfix(out, c.ipfix);
    json_string(out, "help", c.help);
    if (log.tells_knowledge()) {
      json_string(out, "class", c.knowledge);
      json_string(out, "tolerance", c.tolerance);
      json_string(out, "canonical", c.canonical);
      out.Key("default");
      out.Bool(c.is_usual);
    }
    out.EndObject();
  });
  json.EndObject();
}

Cells other_titles(const DescribedLog& log) {
  if (log.tells_knowledge())
    return {"position", "name", "also", "keys", "class", "tolerance", "unit", "meaning"};
  return {"position", "name", "group", "unit", "ipfix", "meaning"};
}

std::vector<Cells> other_cells(const DescribedLog& log) {
  const auto or_dash = [](std::string_view text) {
    return std::string{text.empty() ? std::string_view{"-"} : text};
  };
  std::vector<Cells> rows;
  for (const DescribedColumn& c : log.columns) {
    std::string number = std::to_string(rows.size() + 1);
    const std::string unit{unit_name(c.unit)}, help{c.help};
    if (log.tells_knowledge())
      rows.push_back({std::move(number), c.name, or_dash(c.canonical),
                      c.is_usual ? "default" : "full", std::string{c.knowledge},
                      or_dash(c.tolerance), unit, help});
    else
      rows.push_back({std::move(number), c.name, std::string{flowstats::group_name(c.group)}, unit,
                      ipfix_text(c.ipfix), help});
  }
  return rows;
}

void json_counter(JsonWriter& json, const CounterSpec& counter) {
  json.StartObject();
  json_string(json, "name", counter.name);
  json_string(json, "unit", counter.unit);
  json_string(json, "help", counter.help);
  json.EndObject();
}

constexpr std::string_view kColumnsIntroduction =
    R"(# Columns of the logs

Made from the tables in `flowstats/columns/` by `tapstat describe columns --markdown`;
edit those.

## log_tcp_complete and log_tcp_nocomplete

Positions are for all groups on, in the schema `mplane` (2014, the default) and in `tstat-3.3`;
with groups off the columns that are left are numbered from 1 again, so find a column by its name.
Core columns are in both logs, the others in log_tcp_complete. A time that never happened and a
mean without samples print as 0.000000. The IPFIX column gives the information element of IANA,
with 29305/ for the reverse direction (RFC 5103). Where two mPlane elements are given, the first
is that of 2014. The last table is that of exit records; web100.md explains its classes.

)";

constexpr std::string_view kCountersIntroduction =
    R"(# Counters

Made from the table in `flowstats/base/counters.h` by
`tapstat describe counters --markdown`; edit that.

Every counter starts at zero and only grows. A packet, a flow and a row are each counted under one
reason.

)";

}  // namespace

std::string describe_columns(CatalogueForm form) {
  if (form == CatalogueForm::json)
    return json_object([](JsonWriter& json) {
      json_array(json, "columns", all_columns(), json_column);
      json_array(json, "other_logs", describe_other_logs(), json_other_log);
    });
  std::vector<Cells> rows;
  for (const TcpColumn& c : all_columns()) rows.push_back(column_cells(c));
  const bool is_text = form == CatalogueForm::text;
  std::string page =
      is_text ? text_table(column_titles(), rows)
              : std::string{kColumnsIntroduction} + markdown_table(column_titles(), rows);
  for (const DescribedLog& log : describe_other_logs())
    page += is_text
                ? fmt::format("\n{}\n{}", log.name, text_table(other_titles(log), other_cells(log)))
                : fmt::format("\n## {}\n\n{}", log.name,
                              markdown_table(other_titles(log), other_cells(log)));
  return page;
}

std::string describe_counters(CatalogueForm form) {
  if (form == CatalogueForm::json)
    return json_object([](JsonWriter& json) {
      json_array(json, "counters", flowstats::kCounterTable, json_counter);
    });
  const Cells titles = {"name", "unit", "meaning"};
  std::vector<Cells> rows;
  for (const CounterSpec& c : flowstats::kCounterTable)
    rows.push_back({std::string{c.name}, std::string{c.unit}, std::string{c.help}});
  if (form == CatalogueForm::text) return text_table(titles, rows);
  return std::string{kCountersIntroduction} + markdown_table(titles, rows);
}

}  // namespace tapstat::exporters
