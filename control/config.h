/// tapstat.toml: what needs a restart. Text -> Config, or every error with its line and column.
///
/// An unknown section or key, a wrong type, a value out of range and a key given twice are errors,
/// never guesses. Keys whose part of the product does not exist yet are checked and named in
/// `not_built`. toml++'s exceptions stop here. Control thread, at start.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "control/control_config.h"
#include "control/exit_config.h"
#include "control/full_output_config.h"
#include "control/memory.h"
#include "control/ports_config.h"
#include "control/privacy_config.h"
#include "control/trace_config.h"
#include "dataplane/reader_kind.h"
#include "flowstats/active_config.h"
#include "flowstats/base/units.h"
#include "flowstats/group_mask.h"
#include "flowstats/measurement.h"

namespace tapstat::control {

/// One key as it was set.
struct ConfigSetting {
  std::string section, key, value;
  std::string origin;  // "tapstat.toml:12", or the variable of the environment
};

/// What the file sets; an absent value was not mentioned.
struct Config {
  std::optional<flowstats::Mode> mode;
  std::optional<flowstats::Schema> schema;
  std::optional<dataplane::ReaderKind> source;
  std::optional<flowstats::GroupMask> groups;
  std::optional<flowstats::LogMask> logs;
  std::optional<uint32_t> http_url;      // 0 to 2, as httplog_full_url
  std::optional<bool> payload, names;    // inspected; looked up
  std::optional<uint32_t> name_entries;  // of the name cache
  std::optional<flowstats::Duration> log_interval;
  std::optional<std::filesystem::path> internal;   // relative names start at the file's directory
  std::optional<std::filesystem::path> directory;  // the same
  std::optional<flowstats::Duration> rotate;       // zero: never
  FullOutputConfig full_output;
  std::optional<flowstats::Duration> duplicate_window;  // zero: copied frames count
  std::optional<bool> gzip;
  std::optional<HugePages> huge_pages;
  std::optional<TouchMemory> touch;
  std::optional<uint32_t> record_ring;  // records, as typed
  std::optional<uint32_t> flow_capacity, half_open, udp_pairs, max_new_per_s, slot_search,
      segments_per_quadrant, segment_records;
  std::optional<flowstats::Duration> tcp_idle, tcp_singleton, udp_idle, udp_singleton;
  ControlConfig control;
  PrivacyConfig privacy;
  ExitConfig exit_records;
  TraceConfig trace;
  std::vector<PortConfig> ports;
  RunConfig run;
  std::vector<std::string> not_built;   // "[section]" or "[section] key", in the order of the file
  std::vector<ConfigSetting> settings;  // in the order of the file; the last one of a key counts
};

struct ConfigFile {
  Config config;
  std::vector<std::string>
      errors;  // "FILE:LINE:COLUMN: ..."; `config` must not be used when not empty
};

/// `name` is what messages call the file; its directory is where relative paths start.
[[nodiscard]] ConfigFile parse_config(std::string_view text, const std::filesystem::path& name);

/// Reads and parses; a file that cannot be read is one error.
[[nodiscard]] ConfigFile load_config(const std::filesystem::path& path);

/// Measurement settings for `mode`, with what the file says on top of the mode's defaults.
[[nodiscard]] flowstats::Measurement measurement_of(const Config& config, flowstats::Mode mode);

}  // namespace tapstat::control
