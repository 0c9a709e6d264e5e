#include "control/config.h"

#include <algorithm>
#include <utility>

#include <toml++/toml.h>

#include "control/config_complaint.h"
#include "control/config_keys.h"
#include "control/config_store.h"
#include "control/config_value.h"
#include "control/ports_config_store.h"
#include "control/text.h"
#include "control/trace_plan.h"
#include "flowstats/base/nearest.h"

namespace tapstat::control {
namespace {

using flowstats::Mode;

struct Located {
  toml::source_position place;
  std::string sentence;
};

/// "[ports."0000:3b:00.0"]": the name is quoted when TOML needs it.
std::string section_text(std::string_view section) {
  const size_t dot = section.find('.');
  if (dot == section.npos) return "[" + std::string(section) + "]";
  const std::string_view name = section.substr(dot + 1);
  constexpr std::string_view kBare =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
  const bool bare = !name.empty() && name.find_first_not_of(kBare) == name.npos;
  return "[" + std::string(section.substr(0, dot + 1)) +
         (bare ? std::string(name) : toml_quoted(name)) + "]";
}

class Reader {
 public:
  explicit Reader(const std::filesystem::path& name) : name_(name) {}

  void table(const toml::table& root) {
    for (const auto& [key, node] : root) {
      const std::string section(key.str());
      const bool named = section == "ports" || section == "output";
      if (!known_section(section)) {
        error(key.source(), "unknown section [" + section + "]." +
                                flowstats::did_you_mean(section, section_names()));
      } else if (!node.is_table()) {
        error(key.source(),
              "\"" + section + "\" must be a section: [" + section + (named ? ".NAME]." : "]."));
      } else if (named) {
        named_sections(section, *node.as_table());
      } else {
        keys_of(section, section, *node.as_table());
      }
    }
  }

  ConfigFile finish() {
    std::ranges::stable_sort(errors_,
                             [](const Located& a, const Located& b) { return a.place < b.place; });
    for (const Located& e : errors_)
      out_.errors.push_back(name_.string() + ":" + std::to_string(e.place.line) + ":" +
                            std::to_string(e.place.column) + ": " + e.sentence);
    for (const Located& n : not_built_) out_.config.not_built.push_back(n.sentence);
    return std::move(out_);
  }

 private:
  void error(const toml::source_region& where, const std::string& sentence) {
    errors_.push_back({where.begin, sentence});
  }

  void refuse_value(const ConfigKey& key, const toml::node& node, const std::string& wrong) {
    error(node.source(), std::string(key.name) + " = " + value_text(node) + ": " + wrong);
  }

  static std::vector<std::string> section_names() {
    std::vector<std::string> names;
    for (const ConfigKey& key : kConfigKeys) {
      const std::string name(key.section.substr(0, key.section.find('.')));
      if (std::ranges::find(names, name) == names.end()) names.push_back(name);
    }
    return names;
  }
  static bool known_section(const std::string& section) {
    const auto names = section_names();
    return std::ranges::find(names, section) != names.end();
  }

  /// [ports.NAME], [output.NAME]; some outputs have keys of their own.
  void named_sections(const std::string& section, const toml::table& table) {
    for (const auto& [key, node] : table) {
      const std::string full = section + "." + std::string(key.str());
      if (!node.is_table()) {
        error(key.source(),
              "\"" + std::string(key.str()) + "\" must be a section: " + section_text(full) + ".");
        continue;
      }
      keys_of(full, key_names(full).empty() ? section + ".*" : full, *node.as_table());
    }
  }

  void keys_of(const std::string& section, const std::string& pattern, const toml::table& table) {
    bool any_unbuilt = false;
    for (const auto& [key, node] : table) {
      out_.config.settings.push_back(
          {section, std::string(key.str()), value_text(node),
           name_.string() + ":" + std::to_string(key.source().begin.line)});
      const ConfigKey* known = find(pattern, key.str());
      if (known == nullptr) {
        error(key.source(), "unknown key \"" + std::string(key.str()) + "\" in " +
                                section_text(section) + "." +
                                flowstats::did_you_mean(key.str(), key_names(pattern)));
        continue;
      }
      const std::string wrong = complaint(*known, node);
      if (!wrong.empty()) {
        refuse_value(*known, node, wrong);
        continue;
      }
      if (known->built) {
        const std::string refused =
            pattern == "ports.*"
                ? store_port(out_.config.ports, section.substr(section.find('.') + 1), key.str(),
                             node, name_)
                : store_setting(out_.config, *known, node, name_.parent_path());
        if (!refused.empty()) refuse_value(*known, node, refused);
      } else {
        any_unbuilt = true;
        if (pattern.find('*') == pattern.npos)
          not_built_.push_back(
              {key.source().begin, section_text(section) + " " + std::string(key.str())});
      }
    }
    if (any_unbuilt && pattern.find('*') != pattern.npos)
      not_built_.push_back({{}, section_text(section)});
  }

  static const ConfigKey* find(std::string_view pattern, std::string_view name) {
    for (const ConfigKey& key : kConfigKeys)
      if (key.section == pattern && key.name == name) return &key;
    return nullptr;
  }
  static std::vector<std::string> key_names(std::string_view pattern) {
    std::vector<std::string> names;
    for (const ConfigKey& key : kConfigKeys)
      if (key.section == pattern) names.emplace_back(key.name);
    return names;
  }

  const std::filesystem::path& name_;
  ConfigFile out_;
  std::vector<Located> errors_, not_built_;
};

}  // namespace

ConfigFile parse_config(std::string_view text, const std::filesystem::path& name) {
  Reader reader(name);
  try {
    reader.table(toml::parse(text));
    return reader.finish();
  } catch (const toml::parse_error& error) {
    ConfigFile out;
    const toml::source_position place = error.source().begin;
    out.errors.push_back(name.string() + ":" + std::to_string(place.line) + ":" +
                         std::to_string(place.column) +
                         ": not TOML: " + std::string(error.description()));
    return out;
  }
}

ConfigFile load_config(const std::filesystem::path& path) {
  const auto text = read_config_file(path);
  if (text) return parse_config(*text, path);
  ConfigFile out;
  out.errors.push_back("tapstat: " + text.error().sentence);
  return out;
}

/// For the few flows at a time that have holes, or much in flight. Untouched entries cost address
/// space only.
constexpr uint32_t kSegmentRecordsMin = 100'000, kSegmentRecordsPerFlow = 2;
constexpr uint32_t kSegmentTrainsMin = 2'000, kFlowsPerSegmentTrain = 16;
constexpr uint32_t kHalfOpenMin = 64;

/// Tstat mode: an eighth of the table, beyond which a half-open flow takes a full entry. Corrected
/// mode: room of their own for a flood that opens as many flows in a second as the table holds,
/// until a SYN that was lost comes again (after 1 s: RFC 6298 section 2) and is answered.
uint32_t half_open_flows(uint32_t flows, Mode mode) {
  const uint32_t wanted = mode == Mode::tstat ? flows / 8 : flows + flows / 4;
  return std::max(kHalfOpenMin, wanted);
}

flowstats::Measurement measurement_of(const Config& config, Mode mode) {
  flowstats::Measurement m;
  m.mode = mode;
  if (mode == Mode::corrected) {
    m.limits.tcp_flows_max = 1'000'000;
    m.limits.segments_per_quadrant_max = 1'000;
  }
  const auto take = [](auto& target, const auto& value) {
    if (value) target = *value;
  };
  take(m.limits.tcp_flows_max, config.flow_capacity);
  m.limits.half_open_flows_max =
      config.half_open.value_or(half_open_flows(m.limits.tcp_flows_max, mode));
  take(m.limits.udp_flows_max, config.udp_pairs);
  take(m.limits.new_flows_per_s_max, config.max_new_per_s);
  take(m.limits.slot_search_max, config.slot_search);
  take(m.limits.segments_per_quadrant_max, config.segments_per_quadrant);
  m.limits.segment_records_max = config.segment_records.value_or(
      std::max(kSegmentRecordsMin, kSegmentRecordsPerFlow * m.limits.tcp_flows_max));
  m.limits.segment_trains_max =
      std::max(kSegmentTrainsMin, m.limits.tcp_flows_max / kFlowsPerSegmentTrain);
  take(m.duplicate_window, config.duplicate_window);
  take(m.log_interval, config.log_interval);
  take(m.timeouts.tcp_idle, config.tcp_idle);
  take(m.timeouts.tcp_singleton, config.tcp_singleton);
  take(m.timeouts.udp_idle, config.udp_idle);
  take(m.timeouts.udp_singleton, config.udp_singleton);
  return m;
}

}  // namespace tapstat::control
