/// The sections [control] and [mplane] of tapstat.toml as values. Control thread, at start.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "flowstats/base/units.h"

namespace tapstat::control {

/// What the file sets; an absent value was not mentioned. Paths start at the file's directory.
struct ControlConfig {
  std::optional<std::string> listen;
  std::optional<std::filesystem::path> certificate, key, client_ca, revoked, token_file, socket,
      audit_log;
  std::vector<std::string> hosts;
  std::optional<unsigned> connections, connections_per_address;
  std::optional<flowstats::Duration> handshake_timeout, head_timeout, body_timeout, idle_timeout;

  std::optional<std::string> base_url, registry_uri, probe_id, system_id, system_type,
      system_version, supervisor;
  std::optional<std::filesystem::path> registry, users, capabilities, component, mirror,
      state_directory;
  std::optional<bool> unified, allow_indefinite;
  std::optional<flowstats::Duration> inline_wait, duration_max, ahead_max, answers_kept_for,
      poll_interval;
  std::optional<unsigned> specifications, specifications_per_client, answers_kept;
  std::vector<std::string> result_hosts;
};

}  // namespace tapstat::control
