/// Tstat's runtime.conf (-T): text -> which groups, logs and engines are wanted.
///
/// Sections [log], [options] and [dump]; "key = value", "key value", or a bare key for 1; `#`
/// starts a comment. A missing section and a missing key of [log] or [options] keep the previous
/// state; [dump] starts from all off. All errors are reported. What is accepted but not built yet
/// is named. Control thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "flowstats/active_config.h"
#include "flowstats/group_mask.h"

namespace tapstat::control {

/// Everything runtime.conf can set. The initial values are those of Tstat without -T.
struct RuntimeState {
  flowstats::GroupMask groups = flowstats::GroupMask::all();
  uint32_t logs = 0x1ff;  // bits of tstat_log
  bool histogram_engine = true, rrd_engine = false;
  uint32_t video_level = 31;
  uint32_t http_full_url = 0;   // 0 no paths, 1 paths without query, 2 everything
  bool strict_privacy = false;  // not of the file (-0): http_full_url stays 0
  bool dump_engine = false;
  bool operator==(const RuntimeState&) const = default;
};

namespace tstat_log {
inline constexpr uint32_t kTcpComplete = 0x0001, kTcpNocomplete = 0x0002;
}

/// At the start the levels and the dump engine are always announced, later only when they change.
enum class RuntimeRead : uint8_t { start, reload };

struct RuntimeConf {
  RuntimeState state;
  /// Tstat's lines for standard output, without the time (announcement_line).
  std::vector<std::string> announcements;
  std::vector<std::string> not_built;  // keys the file switches on that have no effect yet
  std::vector<std::string> overruled;  // the same because of -0: "httplog_full_url"
  std::vector<std::string> errors;  // "FILE:LINE: ..."; `state` is the previous one when not empty
};

/// `name` is what messages call the file.
[[nodiscard]] RuntimeConf parse_runtime_conf(std::string_view text, const std::string& name,
                                             const RuntimeState& before,
                                             RuntimeRead read = RuntimeRead::start);

/// Reads and parses; a file that cannot be read is one error.
[[nodiscard]] RuntimeConf load_runtime_conf(const std::filesystem::path& path,
                                            const RuntimeState& before,
                                            RuntimeRead read = RuntimeRead::start);

/// Sentences about what the file `name` asks for in vain.
[[nodiscard]] std::vector<std::string> notes_about(const RuntimeConf& file,
                                                   const std::string& name);

/// An announcement with the time of the current packet ("-" before the first), in Tstat's brackets:
/// "[-] Enabling log_tcp_complete", "(-) Enabling full HTTP URL log".
[[nodiscard]] std::string announcement_line(std::string_view time, std::string_view announcement);

/// "TCP log level set to 31 (Core + End_to_end + Layer7 + P2P + Options + Advanced)".
[[nodiscard]] std::string tcp_level_text(flowstats::GroupMask groups);

/// The part of the state that workers and writer follow.
[[nodiscard]] flowstats::ActiveConfig active_config(const RuntimeState& state, uint32_t epoch);

}  // namespace tapstat::control
