#include "control/config_origins.h"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>

#include "control/config_keys.h"
#include "control/option_values.h"

namespace tapstat::control {
namespace {

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ",") + name;
  return text;
}

/// The value that a flag gave to the key, if any, and the flag.
class Flags {
 public:
  explicit Flags(const MeasureArguments& a) {
    const auto path = [this](std::string_view key, const auto& value, std::string_view flag) {
      if (value) add(key, value->string(), flag);
    };
    path("network.internal", a.networks, "--internal");
    path("output.tstat.directory", a.output, "--output");
    path("output.trace.directory", a.trace.directory, "--trace");
    if (a.trace.directory) add("output.trace.enabled", "true", "--trace");
    if (a.trace.filter) add("output.trace.filter", *a.trace.filter, "--trace-filter");
    path("privacy.anonymise", a.privacy.networks, "--anonymise");
    path("privacy.anonymise_except", a.privacy.except, "--anonymise-except");
    path("privacy.crypto_pan_key", a.privacy.key_text, "--keyfile");
    path("privacy.crypto_pan_key", a.privacy.key_base64, "--keybase64");
    path("control.socket", a.socket, "--socket");
    path("mplane.mirror", a.mirror, "--mirror");
    if (a.privacy.key_value) add("privacy.crypto_pan_key", "set", "--keyvalue");
    if (a.privacy.strict) add("privacy.strict", "true", "--strict-privacy");
    if (a.privacy.encrypt_names) add("privacy.names", "encrypt", "--enc");
    if (a.listen) add("control.listen", *a.listen, "--listen");
    if (a.groups) add("output.tstat.groups", joined(group_names(*a.groups)), "--groups");
    if (a.schema) add("log.schema", schema_name(*a.schema), "--schema");
    if (a.mode) add("measurement.mode", mode_name(*a.mode), "--mode");
    if (a.source) add("replay.source", source_name(*a.source), "--source");
    if (a.flow_capacity) add("flows.capacity", std::to_string(*a.flow_capacity), "--flows");
    if (a.gzip) add("output.tstat.compress", "gzip", "--gzip");
    if (a.no_huge_pages) add("memory.hugepages", "none", "--no-huge-pages");
    if (a.discard_duplicates) add("measurement.duplicate_window", "2ms", "--discard-duplicates");
  }

  [[nodiscard]] const rest::ConfigOrigin* find(std::string_view key) const {
    for (const rest::ConfigOrigin& given : given_)
      if (given.key == key) return &given;
    return nullptr;
  }

 private:
  void add(std::string_view key, std::string_view value, std::string_view flag) {
    given_.push_back({"", std::string(key), std::string(value), std::string(flag)});
  }
  std::vector<rest::ConfigOrigin> given_;
};

std::optional<std::string> by_mode(std::string_view key, const flowstats::Measurement& m) {
  if (key == "flows.capacity") return std::to_string(m.limits.tcp_flows_max);
  if (key == "flows.half_open") return std::to_string(m.limits.half_open_flows_max);
  if (key == "flows.segments_per_quadrant")
    return std::to_string(m.limits.segments_per_quadrant_max);
  if (key == "flows.segment_records") return std::to_string(m.limits.segment_records_max);
  return std::nullopt;
}

/// Strict privacy decides about the paths of HTTP, too.
void overrule(std::vector<rest::ConfigOrigin>& origins) {
  const auto strict = std::ranges::find(origins, "strict", &rest::ConfigOrigin::key);
  const auto url = std::ranges::find(origins, "http_url", &rest::ConfigOrigin::key);
  if (strict->value != "true") return;
  url->value = "0";
  url->origin = strict->origin;
}

std::string without_quotes(const std::string& text) {
  const bool quoted = text.size() >= 2 && text.front() == '"' && text.back() == '"';
  return quoted ? text.substr(1, text.size() - 2) : text;
}

}  // namespace

std::vector<rest::ConfigOrigin> config_origins(const MeasureArguments& arguments,
                                               const Config& config,
                                               const flowstats::Measurement& measurement) {
  const Flags flags(arguments);
  std::vector<rest::ConfigOrigin> origins;
  for (const ConfigKey& key : kConfigKeys) {
    if (!key.built) continue;
    const std::string section(key.section), name(key.name), full = section + "." + name;
    origins.push_back(
        {section, name, by_mode(full, measurement).value_or(std::string(key.fallback)), "default"});
    rest::ConfigOrigin& origin = origins.back();
    for (const ConfigSetting& set : config.settings) {
      if (set.section != section || set.key != name) continue;
      origin.value = without_quotes(set.value);
      origin.origin = set.origin;
    }
    if (const rest::ConfigOrigin* given = flags.find(full)) {
      origin.value = given->value;
      origin.origin = given->origin;
    }
  }
  overrule(origins);
  return origins;
}

}  // namespace tapstat::control
