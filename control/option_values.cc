#include "control/option_values.h"

#include <cmath>
#include <limits>

#include "control/text.h"
#include "flowstats/base/nearest.h"

namespace tapstat::control {
namespace {

using dataplane::ReaderKind;
using flowstats::Group;
using flowstats::GroupMask;
using flowstats::LogMask;
using flowstats::Mode;
using flowstats::Schema;

/// The order of the columns in the file (docs/log_formats.md), not of the bits.
constexpr std::array<Group, 6> kFileOrder = {Group::end_to_end, Group::p2p,
                                             Group::options,    Group::layer7,
                                             Group::advanced,   Group::fingerprint};

}  // namespace

std::string not_one_of(std::string_view typed, const std::vector<std::string>& names) {
  return "must be " + one_of_text(names) + "." + flowstats::did_you_mean(typed, names);
}

Parsed<GroupMask> parse_groups(std::string_view text) {
  GroupMask groups{0};
  for (std::string_view part : split(text, ',')) {
    part = trim(part);
    if (part == "core" || part == "none") continue;
    if (part == "all") {
      groups = GroupMask{static_cast<uint8_t>(groups.bits() | GroupMask::all().bits())};
      continue;
    }
    bool found = false;
    for (const flowstats::GroupName& n : flowstats::kGroupNames) {
      if (n.name != part) continue;
      groups.set(n.group, true);
      found = true;
    }
    if (found) continue;
    std::vector<std::string> names = {"core"};
    for (const Group g : kFileOrder) names.emplace_back(flowstats::group_name(g));
    names.insert(names.end(), {"all", "none"});
    return tl::make_unexpected("unknown column group \"" + std::string(part) + "\"." +
                               flowstats::did_you_mean(part, names) +
                               " Groups: " + one_of_text(names) + ".");
  }
  if (split(text, ',').size() > 1 && groups.bits() != 0) {
    for (const std::string_view part : split(text, ','))
      if (trim(part) == "none")
        return tl::make_unexpected("\"none\" cannot stand beside other groups.");
  }
  return groups;
}

namespace {

constexpr std::string_view kLogPrefix = "log_";

/// With or without "log_" in front.
bool is_log(std::string_view word, const flowstats::LogSpec& log) {
  return word == log.name || word == log.name.substr(kLogPrefix.size());
}

std::vector<std::string> log_words() {
  std::vector<std::string> words;
  for (const flowstats::LogSpec& log : flowstats::kLogs)
    words.emplace_back(log.name.substr(kLogPrefix.size()));
  words.insert(words.end(), {"usual", "all", "none"});
  return words;
}

}  // namespace

Parsed<LogMask> parse_logs(std::string_view text) {
  LogMask logs;
  for (std::string_view part : split(text, ',')) {
    part = trim(part);
    bool known = part == "none" || part == "usual" || part == "all";
    for (const flowstats::LogSpec& log : flowstats::kLogs) {
      const bool usual = LogMask::usual().has(log.log);
      if (is_log(part, log) || part == "all" || (part == "usual" && usual)) {
        logs.set(log.log, true);
        known = true;
      }
    }
    if (known) continue;
    const auto words = log_words();
    return tl::make_unexpected("unknown log \"" + std::string(part) + "\"." +
                               flowstats::did_you_mean(part, words) +
                               " Logs: " + one_of_text(words) + ".");
  }
  if (text.find("none") != text.npos && !logs.empty())
    return tl::make_unexpected("\"none\" cannot stand beside other logs.");
  return logs;
}

Parsed<OutputChoice> parse_outputs(std::string_view text) {
  const std::vector<std::string> outputs = {"tstat", "web100"};
  OutputChoice choice;
  for (std::string_view part : split(text, ',')) {
    part = trim(part);
    if (part == "tstat")
      choice.tstat = true;
    else if (part == "web100")
      choice.web100 = true;
    else
      return tl::make_unexpected("unknown output \"" + std::string(part) + "\"." +
                                 flowstats::did_you_mean(part, outputs) +
                                 " Outputs: " + one_of_text(outputs) + ".");
  }
  return choice;
}

Parsed<Schema> parse_schema(std::string_view text) {
  for (const Schema schema : {Schema::mplane, Schema::tstat_3_3})
    if (schema_name(schema) == text) return schema;
  return tl::make_unexpected(not_one_of(text, {"mplane", "tstat-3.3"}));
}

Parsed<Mode> parse_mode(std::string_view text) {
  for (const Mode mode : {Mode::tstat, Mode::corrected})
    if (mode_name(mode) == text) return mode;
  return tl::make_unexpected(not_one_of(text, {"tstat", "corrected"}));
}

Parsed<ReaderKind> parse_source(std::string_view text) {
  for (const ReaderKind source : {ReaderKind::dpdk, ReaderKind::file, ReaderKind::preloaded})
    if (source_name(source) == text) return source;
  return tl::make_unexpected(not_one_of(text, {"dpdk", "file", "preloaded"}));
}

Parsed<double> parse_speed(std::string_view text) {
  if (text == "max") return 0.0;
  if (text == "realtime") return 1.0;
  if (text.starts_with('x')) {
    const auto factor = number<double>(text.substr(1));
    if (factor && std::isfinite(*factor) && *factor >= 0.001 && *factor <= 1e6) return *factor;
    return tl::make_unexpected<std::string>(
        "not a factor of 0.001 to 1000000. Examples: x0.5, x10.");
  }
  return tl::make_unexpected(not_one_of(text, {"max", "realtime", "xN (x0.5, x10)"}));
}

std::string_view schema_name(Schema schema) {
  return schema == Schema::mplane ? "mplane" : "tstat-3.3";
}

std::string_view mode_name(Mode mode) { return mode == Mode::tstat ? "tstat" : "corrected"; }

std::string_view source_name(ReaderKind source) {
  switch (source) {
    case ReaderKind::dpdk: return "dpdk";
    case ReaderKind::file: return "file";
    case ReaderKind::preloaded: return "preloaded";
  }
  return "";
}

std::vector<std::string> group_names(GroupMask groups) {
  std::vector<std::string> names = {"core"};
  for (const Group g : kFileOrder)
    if (groups.has(g)) names.emplace_back(flowstats::group_name(g));
  return names;
}

std::optional<uint64_t> size_of_text(std::string_view text) {
  constexpr std::string_view kUnits = "KMG";
  unsigned shift = 0;
  for (const std::string_view ending : {"iB", "B"})
    if (text.ends_with(ending)) {
      text.remove_suffix(ending.size());
      break;
    }
  const size_t unit = text.empty() ? std::string_view::npos : kUnits.find(text.back());
  if (unit != std::string_view::npos) {
    shift = 10 * (static_cast<unsigned>(unit) + 1);
    text.remove_suffix(1);
  }
  const auto count = number<uint64_t>(text);
  if (!count || *count > std::numeric_limits<uint64_t>::max() >> shift) return std::nullopt;
  return *count << shift;
}

}  // namespace tapstat::control
