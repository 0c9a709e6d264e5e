#include "control/config_environment.h"

#include <unistd.h>

#include <algorithm>
#include <memory>
#include <string_view>

#include <toml++/toml.h>

#include "control/config_complaint.h"
#include "control/config_store.h"
#include "control/text.h"
#include "flowstats/base/nearest.h"

namespace tapstat::control {
namespace {

constexpr std::string_view kPrefix = "TAPSTAT_";

std::string upper_case(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    if (c == '.') c = '_';
  }
  return out;
}

const ConfigKey* key_of(std::string_view variable) {
  const auto* const found = std::ranges::find(kConfigKeys, variable, variable_of);
  return found == kConfigKeys.end() ? nullptr : found;
}

/// As the file would have it; a text where the type asks for something that this is not.
std::unique_ptr<toml::node> node_of(const ConfigKey& key, const std::string& text) {
  if (key.type == ConfigType::boolean && (text == "true" || text == "false"))
    return std::make_unique<toml::value<bool>>(text == "true");
  if (key.type == ConfigType::integer)
    if (const auto n = number<int64_t>(text)) return std::make_unique<toml::value<int64_t>>(*n);
  if (key.type != ConfigType::text_list) return std::make_unique<toml::value<std::string>>(text);
  auto list = std::make_unique<toml::array>();
  if (text.empty()) return list;
  for (const std::string_view part : split(text, ',')) list->push_back(std::string(trim(part)));
  return list;
}

/// Empty for a variable that is none of ours.
std::string complaint_about_name(std::string_view variable) {
  std::vector<std::string> names;  // without the prefix, which would make all of them alike
  bool in_section = false;
  const std::string_view typed = variable.substr(kPrefix.size());
  for (const ConfigKey& key : kConfigKeys) {
    const std::string name = variable_of(key);
    if (name.empty()) continue;
    names.push_back(name.substr(kPrefix.size()));
    in_section = in_section || typed.starts_with(upper_case(key.section) + "_");
  }
  const auto near = flowstats::nearest(typed, names);
  if (!in_section && !near) return "";
  return "unknown variable " + std::string(variable) + " in the environment." +
         (near ? " Did you mean " + std::string(kPrefix) + *near + "?" : "");
}

/// Empty, or what is wrong.
std::string take(Config& config, const EnvironmentVariable& variable) {
  const ConfigKey* const key = key_of(variable.name);
  if (key == nullptr) return complaint_about_name(variable.name);
  if (!key->built)
    return variable.name + ": this key of tapstat.toml has no effect yet; unset the variable.";
  const auto node = node_of(*key, variable.value);
  std::string wrong = complaint(*key, *node);
  if (wrong.empty()) wrong = store_setting(config, *key, *node, "");
  if (!wrong.empty()) return variable.name + " = " + value_text(*node) + ": " + wrong;
  config.settings.push_back(
      {std::string(key->section), std::string(key->name), value_text(*node), variable.name});
  return "";
}

}  // namespace

std::vector<EnvironmentVariable> environment_variables() {
  std::vector<EnvironmentVariable> variables;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const size_t equals = text.find('=');
    if (!text.starts_with(kPrefix) || equals == text.npos) continue;
    variables.push_back(
        {std::string(text.substr(0, equals)), std::string(text.substr(equals + 1))});
  }
  std::ranges::sort(variables, {}, &EnvironmentVariable::name);
  return variables;
}

std::string variable_of(const ConfigKey& key) {
  if (key.section.ends_with('*')) return "";
  return std::string(kPrefix) + upper_case(key.section) + "_" + upper_case(key.name);
}

void take_environment(ConfigFile& file, std::span<const EnvironmentVariable> variables) {
  for (const EnvironmentVariable& variable : variables) {
    const std::string wrong = take(file.config, variable);
    if (!wrong.empty()) file.errors.push_back("tapstat: " + wrong);
  }
}

ConfigFile load_configuration(const std::optional<std::filesystem::path>& file) {
  ConfigFile out = file ? load_config(*file) : ConfigFile{};
  take_environment(out, environment_variables());
  return out;
}

}  // namespace tapstat::control
