#include "control/control_config_store.h"

#include <cstdint>
#include <span>
#include <utility>

#include "control/config_value.h"

namespace tapstat::control {
namespace {

template <class T>
using Field = std::pair<std::string_view, std::optional<T> ControlConfig::*>;

constexpr Field<std::string> kTexts[] = {
    {"listen", &ControlConfig::listen},
    {"base_url", &ControlConfig::base_url},
    {"registry_uri", &ControlConfig::registry_uri},
    {"probe_id", &ControlConfig::probe_id},
    {"system_id", &ControlConfig::system_id},
    {"system_type", &ControlConfig::system_type},
    {"system_version", &ControlConfig::system_version},
    {"supervisor", &ControlConfig::supervisor},
};
constexpr Field<std::filesystem::path> kPaths[] = {
    {"certificate", &ControlConfig::certificate},
    {"key", &ControlConfig::key},
    {"client_ca", &ControlConfig::client_ca},
    {"revoked", &ControlConfig::revoked},
    {"token_file", &ControlConfig::token_file},
    {"socket", &ControlConfig::socket},
    {"audit_log", &ControlConfig::audit_log},
    {"registry", &ControlConfig::registry},
    {"users", &ControlConfig::users},
    {"capabilities", &ControlConfig::capabilities},
    {"component", &ControlConfig::component},
    {"mirror", &ControlConfig::mirror},
    {"state_directory", &ControlConfig::state_directory},
};
constexpr Field<bool> kSwitches[] = {
    {"unified", &ControlConfig::unified},
    {"allow_indefinite", &ControlConfig::allow_indefinite},
};
constexpr Field<unsigned> kNumbers[] = {
    {"connections", &ControlConfig::connections},
    {"connections_per_address", &ControlConfig::connections_per_address},
    {"specifications", &ControlConfig::specifications},
    {"specifications_per_client", &ControlConfig::specifications_per_client},
    {"answers_kept", &ControlConfig::answers_kept},
};
constexpr Field<flowstats::Duration> kDurations[] = {
    {"handshake_timeout", &ControlConfig::handshake_timeout},
    {"head_timeout", &ControlConfig::head_timeout},
    {"body_timeout", &ControlConfig::body_timeout},
    {"idle_timeout", &ControlConfig::idle_timeout},
    {"inline_wait", &ControlConfig::inline_wait},
    {"duration_max", &ControlConfig::duration_max},
    {"ahead_max", &ControlConfig::ahead_max},
    {"answers_kept_for", &ControlConfig::answers_kept_for},
    {"poll_interval", &ControlConfig::poll_interval},
};

template <class T>
auto find(std::span<const Field<T>> fields, std::string_view name) {
  for (const Field<T>& field : fields)
    if (field.first == name) return field.second;
  return static_cast<std::optional<T> ControlConfig::*>(nullptr);
}

std::vector<std::string> texts_of(const toml::node& node) {
  std::vector<std::string> texts;
  for (const toml::node& element : *node.as_array()) texts.push_back(element.as_string()->get());
  return texts;
}

}  // namespace

void store_control(ControlConfig& config, std::string_view name, const toml::node& node,
                   const std::filesystem::path& directory) {
  if (const auto field = find<std::string>(kTexts, name)) config.*field = node.as_string()->get();
  if (const auto field = find<std::filesystem::path>(kPaths, name))
    config.*field = (directory / node.as_string()->get()).lexically_normal();
  if (const auto field = find<bool>(kSwitches, name)) config.*field = node.as_boolean()->get();
  if (const auto field = find<unsigned>(kNumbers, name))
    config.*field = static_cast<unsigned>(node.as_integer()->get());
  if (const auto field = find<flowstats::Duration>(kDurations, name))
    config.*field = parse_duration(node.as_string()->get());
  if (name == "hosts") config.hosts = texts_of(node);
  if (name == "result_hosts") config.result_hosts = texts_of(node);
}

}  // namespace tapstat::control
