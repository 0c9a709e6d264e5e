/// Configuration texts: tapstat.toml, variables of the environment, and Tstat's runtime.conf.
///
/// The first byte chooses the format. Checked: every complaint names a place in the file; an
/// accepted runtime.conf, printed as a full file and read again, gives the same state; reading
/// twice gives the same result; a refused one leaves any state as it was; a reload that changes
/// nothing announces no level; a variable is taken or refused in one sentence that names it.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "control/config.h"
#include "control/config_environment.h"
#include "control/runtime_conf.h"
#include "control/runtime_keys.h"

namespace {

using namespace tapstat::control;

void require(bool condition) {
  if (!condition) std::abort();
}

void check_places(const std::vector<std::string>& errors) {
  for (const std::string& error : errors) {
    require(error.starts_with("f:"));
    require(error.size() > 3 && error[2] >= '0' && error[2] <= '9');
  }
}

/// Every key that shapes the state, with its value.
std::string printed(const RuntimeState& state) {
  std::string text = "[log]\n";
  const auto line = [&](std::string_view key, uint64_t value) {
    text += std::string(key) + " = " + std::to_string(value) + "\n";
  };
  for (const RuntimeKey& key : kLogKeys) {
    if (key.target == RuntimeTarget::log) line(key.name, (state.logs & key.bit) != 0 ? 1 : 0);
    if (key.target == RuntimeTarget::engine_histogram)
      line(key.name, state.histogram_engine ? 1 : 0);
    if (key.target == RuntimeTarget::engine_rrd) line(key.name, state.rrd_engine ? 1 : 0);
  }
  text += "[options]\n";
  for (const RuntimeKey& key : kOptionKeys) {
    if (key.target == RuntimeTarget::tcp_group)
      line(key.name, (state.groups.bits() & key.bit) != 0 ? 1 : 0);
    if (key.target == RuntimeTarget::video_group)
      line(key.name, (state.video_level & key.bit) != 0 ? 1 : 0);
    if (key.target == RuntimeTarget::http_url) line(key.name, state.http_full_url);
  }
  text += "[dump]\n";
  if (state.dump_engine) line("udp_dns", 1);
  return text;
}

void check_runtime_conf(std::string_view text) {
  const RuntimeConf conf = parse_runtime_conf(text, "f", RuntimeState{});
  check_places(conf.errors);
  require(conf.errors.empty() || conf.state == RuntimeState{});
  require(parse_runtime_conf(text, "f", RuntimeState{}).state == conf.state);
  const RuntimeConf again = parse_runtime_conf(printed(conf.state), "f", RuntimeState{});
  require(again.errors.empty() && again.state == conf.state);
}

RuntimeState other_state(uint8_t seed) {
  RuntimeState state;
  state.groups = tapstat::flowstats::GroupMask{static_cast<uint8_t>(seed & 31)};
  state.logs = seed;
  state.dump_engine = (seed & 64) != 0;
  return state;
}

/// The same text over another state, as a reload.
void check_reload(std::string_view text, const RuntimeState& before) {
  const RuntimeConf conf = parse_runtime_conf(text, "f", before, RuntimeRead::reload);
  if (!conf.errors.empty()) {
    require(conf.state == before && conf.announcements.empty() && conf.not_built.empty());
    return;
  }
  for (const std::string& line : conf.announcements) {
    require(!announcement_line("-", line).empty());
    require(conf.state.groups != before.groups || line != tcp_level_text(before.groups));
  }
}

void check_toml(std::string_view text) {
  const ConfigFile file = parse_config(text, "f");
  check_places(file.errors);
  if (!file.errors.empty()) return;
  const auto m =
      measurement_of(file.config, file.config.mode.value_or(tapstat::flowstats::Mode::tstat));
  require(m.limits.tcp_flows_max > 0 && m.limits.segments_per_quadrant_max > 1);
  require(m.timeouts.tcp_idle.us > 0);
}

/// The text as the value of every variable: taken, or one sentence that names the variable.
void check_environment(std::string_view text) {
  const std::string value(text.substr(0, text.find('\0')));
  for (const ConfigKey& key : kConfigKeys) {
    const std::string name = variable_of(key);
    if (name.empty()) continue;
    ConfigFile file;
    take_environment(file, std::vector<EnvironmentVariable>{{name, value}});
    require(file.errors.size() + file.config.settings.size() == 1);
    require(file.errors.empty() || file.errors[0].starts_with("tapstat: " + name));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  if (data[0] % 2 != 0) {
    check_toml(text);
    check_environment(text);
    return 0;
  }
  check_runtime_conf(text);
  check_reload(text, other_state(data[0]));
  return 0;
}
