/// The one desired state of the probe while it runs, and everyone who may change it.
///
/// Three kinds of holders keep a group on: the file (flags, tapstat.toml, runtime.conf), the
/// operator's word over REST or `tapstat groups`, and each running specification. A group is on
/// while one of them holds it. The operator's "off" takes the file's hold away until the file's
/// own value of that group changes; it never ends a specification. Every change that has an effect
/// is published as a new epoch, announced in Tstat's words and written to the audit log. Control
/// plane's thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "control/audit_log.h"
#include "control/group_holds.h"
#include "control/runtime_conf.h"
#include "flowstats/active_config.h"
#include "flowstats/base/result.h"
#include "flowstats/group_mask.h"

namespace tapstat::control {

struct GroupView {
  flowstats::Group group{};
  std::string name;      // "end_to_end"; "core"
  unsigned columns = 0;  // in the schema in use
  bool on = false;
  std::vector<Holder> holders = {};  // that keep it on
  std::vector<Holder> overridden =
      {};  // whose word counts no more: the file's, after an operator's
};

struct ReloadOutcome {
  bool ok = true;
  bool changed = false;
  std::vector<std::string> errors;  // "FILE:LINE: ..."; nothing was changed then
  std::vector<std::string> notes;
};

struct LastReload {
  UtcMicroseconds at = 0;  // 0: none since start
  uint64_t failed = 0;     // reloads refused since start
  ReloadOutcome outcome;
};

class Settings : public GroupHolds {
 public:
  /// Puts a configuration into force and returns when every packet from now on belongs to it.
  using Publish = std::function<void(const flowstats::ActiveConfig&)>;
  /// One line for standard output, in Tstat's words, without the time in front.
  using Announce = std::function<void(const std::string&)>;
  using Rows = std::function<std::optional<uint64_t>(uint32_t first, uint32_t end)>;
  /// Why a switch cannot be made now (the output directory is gone), if so.
  using Check = std::function<flowstats::Result<void>()>;

  struct Start {
    RuntimeState state;  // in force
    RuntimeState said;   // by runtime.conf alone; -g may have decided otherwise
    std::string origin;  // "default", "-g", "tapstat.toml:12", name of runtime.conf
    std::optional<std::filesystem::path> runtime_conf;
    flowstats::Schema schema{};
    uint32_t epoch = 1;
  };
  struct Effects {
    Publish publish;
    Announce announce;
    Rows rows;
    Check check;
  };
  Settings(Start start, Effects effects, AuditLog& audit);

  flowstats::Result<AppliedEpoch> hold(uint64_t id, flowstats::Group group,
                                       const Holder& holder) override;
  AppliedEpoch release(uint64_t id) override;
  std::optional<uint64_t> rows_between(uint32_t first, uint32_t end) const override;

  /// The operator's word on groups: true, false, or empty to take it back. Errors: `core` cannot
  /// be switched off while log_tcp_complete is on.
  [[nodiscard]] flowstats::Result<AppliedEpoch> set_groups(
      const std::map<flowstats::Group, std::optional<bool>>& words, const std::string& who);

  /// Reads runtime.conf (again); refused whole when it is wrong. Without one: an error. What the
  /// file says differently than before is taken over, the rest stays.
  ReloadOutcome reload(const std::string& who);
  /// Another file of the same form, named `who`, was edited by somebody: where `edited` differs
  /// from `written` it is the new word of the file.
  ReloadOutcome adopt(const RuntimeConf& edited, const RuntimeState& written,
                      const std::string& who);

  /// A new output directory for the same columns.
  AppliedEpoch rotate();

  [[nodiscard]] std::vector<GroupView> groups() const;
  [[nodiscard]] RuntimeState effective() const;
  /// What the file and the operator ask for, without specifications: for the mirror file.
  [[nodiscard]] RuntimeState base() const;
  [[nodiscard]] uint32_t epoch() const { return epoch_; }
  [[nodiscard]] const LastReload& last_reload() const { return last_reload_; }
  [[nodiscard]] const Start& start() const { return start_; }

 private:
  struct Held {
    uint64_t id = 0;
    flowstats::Group group{};
    Holder holder;
  };
  struct Word {
    bool on = false;
    std::string who;
    UtcMicroseconds since = 0;
  };
  [[nodiscard]] bool file_holds(flowstats::Group group) const;
  [[nodiscard]] GroupView view(flowstats::Group group, std::string_view name) const;
  void take_over(const RuntimeState& now, const RuntimeState& before);
  AppliedEpoch apply(const RuntimeState& before, const std::vector<std::string>& lines);
  AppliedEpoch publish();
  ReloadOutcome refuse(std::vector<std::string> errors, const std::string& who);
  ReloadOutcome accept(const RuntimeConf& file, const std::string& name, const RuntimeState& before,
                       const std::string& who);
  void audit(AuditEntry entry, const RuntimeState& before, const std::string& result) const;

  Start start_;
  RuntimeState file_;  // what the file holds on now
  std::map<flowstats::Group, Word> words_;
  std::vector<Held> held_;
  bool core_kept_ = false;  // a specification switched log_tcp_complete on; it stays
  uint32_t epoch_;
  uint32_t rotation_ = 0;
  LastReload last_reload_;
  Effects effects_;
  AuditLog& audit_;
};

}  // namespace tapstat::control
