#include "control/settings.h"

#include <algorithm>
#include <utility>

#include "control/option_values.h"
#include "control/utc_text.h"
#include "flowstats/columns/layouts.h"

namespace tapstat::control {
namespace {

using flowstats::ExitStatus;
using flowstats::Group;
using flowstats::GroupMask;
using flowstats::Result;

bool core_of(const RuntimeState& state) { return (state.logs & tstat_log::kTcpComplete) != 0; }

bool holds(const RuntimeState& state, Group group) {
  return group == Group::core ? core_of(state) : state.groups.has(group);
}

/// "core,end_to_end", or "none" while log_tcp_complete is off.
std::string text_of(const RuntimeState& state) {
  if (!core_of(state)) return "none";
  std::string text;
  for (const std::string& name : group_names(state.groups))
    text += (text.empty() ? "" : ",") + name;
  return text;
}

/// Tstat's lines about the logs and the column groups, for what really changed.
std::vector<std::string> lines_between(const RuntimeState& before, const RuntimeState& after) {
  std::vector<std::string> lines;
  for (const flowstats::LogSpec& log : flowstats::kLogs) {
    if (((before.logs ^ after.logs) & log.bit) == 0) continue;
    lines.push_back(((after.logs & log.bit) != 0 ? "Enabling " : "Disabling ") +
                    std::string(log.name));
  }
  if (before.groups != after.groups) lines.push_back(tcp_level_text(after.groups));
  return lines;
}

/// Lines of the parser about everything else.
bool is_about_logs(const std::string& line) {
  return line.starts_with("TCP log level") ||
         std::ranges::any_of(flowstats::kLogs, [&](const flowstats::LogSpec& log) {
           return line.ends_with(log.name);
         });
}

std::vector<std::string> keeping(std::vector<std::string> errors) {
  for (std::string& error : errors) error += " Keeping the previous settings.";
  return errors;
}

unsigned columns_of(flowstats::Schema schema, Group group) {
  const auto columns = flowstats::columns_of(schema, flowstats::Log::tcp_complete);
  return static_cast<unsigned>(std::ranges::count(columns, group, &flowstats::TcpColumn::group));
}

}  // namespace

Settings::Settings(Start start, Effects effects, AuditLog& audit)
    : start_(std::move(start)),
      file_(start_.state),
      epoch_(start_.epoch),
      effects_(std::move(effects)),
      audit_(audit) {}

bool Settings::file_holds(Group group) const {
  const auto word = words_.find(group);
  return holds(file_, group) && (word == words_.end() || word->second.on);
}

RuntimeState Settings::base() const {
  RuntimeState state = file_;
  for (const flowstats::GroupName& name : flowstats::kGroupNames) {
    const auto word = words_.find(name.group);
    state.groups.set(name.group,
                     file_holds(name.group) || (word != words_.end() && word->second.on));
  }
  if (words_.contains(Group::core)) state.logs |= tstat_log::kTcpComplete;
  return state;
}

RuntimeState Settings::effective() const {
  RuntimeState state = base();
  for (const Held& held : held_)
    if (held.group != Group::core) state.groups.set(held.group, true);
  if (!held_.empty() || core_kept_) state.logs |= tstat_log::kTcpComplete;
  return state;
}

AppliedEpoch Settings::publish() {
  flowstats::ActiveConfig config = active_config(effective(), ++epoch_);
  config.rotation = rotation_;
  effects_.publish(config);
  return {epoch_, utc_now()};
}

/// The lines come first, as Tstat prints them before "created new outdir".
AppliedEpoch Settings::apply(const RuntimeState& before, const std::vector<std::string>& lines) {
  for (const std::string& line : lines) effects_.announce(line);
  for (const std::string& line : lines_between(before, effective())) effects_.announce(line);
  return publish();
}

void Settings::audit(AuditEntry entry, const RuntimeState& before,
                     const std::string& result) const {
  entry.from = text_of(before);
  entry.to = text_of(effective());
  entry.result = result;
  audit_.write(entry);
}

Result<AppliedEpoch> Settings::hold(uint64_t id, Group group, const Holder& holder) {
  const RuntimeState before = effective();
  AuditEntry entry{.who = holder.who,
                   .way = "mplane",
                   .verb = "hold",
                   .object = std::string(flowstats::group_name(group)) + " " + holder.token};
  if (const auto possible = effects_.check(); !possible) {
    audit(std::move(entry), before, possible.error().sentence);
    return tl::make_unexpected(possible.error());
  }
  if (!core_of(before)) core_kept_ = true;
  held_.push_back({id, group, holder});
  const AppliedEpoch applied = apply(before, {});
  audit(std::move(entry), before, "ok");
  return applied;
}

AppliedEpoch Settings::release(uint64_t id) {
  const RuntimeState before = effective();
  const auto at = std::ranges::find(held_, id, &Held::id);
  if (at == held_.end()) return {epoch_, utc_now()};
  AuditEntry entry{
      .who = at->holder.who,
      .way = "mplane",
      .verb = "release",
      .object = std::string(flowstats::group_name(at->group)) + " " + at->holder.token};
  held_.erase(at);
  const AppliedEpoch applied = apply(before, {});
  audit(std::move(entry), before, "ok");
  return applied;
}

std::optional<uint64_t> Settings::rows_between(uint32_t first, uint32_t end) const {
  return effects_.rows(first, end);
}

Result<AppliedEpoch> Settings::set_groups(const std::map<Group, std::optional<bool>>& words,
                                          const std::string& who) {
  const RuntimeState before = effective();
  AuditEntry entry{.who = who, .way = "rest", .verb = "groups"};
  for (const auto& [group, word] : words) {
    entry.object += (entry.object.empty() ? "" : ",") + std::string(flowstats::group_name(group)) +
                    "=" +
                    (!word   ? "default"
                     : *word ? "on"
                             : "off");
    if (group != Group::core || !word || *word) continue;
    audit(std::move(entry), before, "refused");
    return flowstats::fail(ExitStatus::usage,
                           "core cannot be switched off while log_tcp_complete is on: it is the "
                           "part that every row has.");
  }
  if (const auto possible = effects_.check(); !possible) {
    audit(std::move(entry), before, possible.error().sentence);
    return tl::make_unexpected(possible.error());
  }
  for (const auto& [group, word] : words) {
    if (word)
      words_[group] = {*word, who, utc_now()};
    else
      words_.erase(group);
  }
  const AppliedEpoch applied =
      effective() == before ? AppliedEpoch{epoch_, utc_now()} : apply(before, {});
  audit(std::move(entry), before, "ok");
  return applied;
}

/// An operator's "off" ends where the file changes its own word about that group.
void Settings::take_over(const RuntimeState& now, const RuntimeState& before) {
  for (const flowstats::GroupName& name : flowstats::kGroupNames) {
    if (now.groups.has(name.group) == before.groups.has(name.group)) continue;
    file_.groups.set(name.group, now.groups.has(name.group));
    const auto word = words_.find(name.group);
    if (word != words_.end() && !word->second.on) words_.erase(word);
  }
  const uint32_t changed = now.logs ^ before.logs;
  file_.logs = (file_.logs & ~changed) | (now.logs & changed);
  file_.histogram_engine = now.histogram_engine;
  file_.rrd_engine = now.rrd_engine;
  file_.video_level = now.video_level;
  file_.http_full_url = now.http_full_url;
  file_.dump_engine = now.dump_engine;
}

ReloadOutcome Settings::refuse(std::vector<std::string> errors, const std::string& who) {
  ReloadOutcome outcome;
  outcome.ok = false;
  outcome.errors = std::move(errors);
  last_reload_ = {utc_now(), last_reload_.failed + 1, outcome};
  audit({.who = who, .way = "file", .verb = "reload"}, effective(),
        outcome.errors.empty() ? "refused" : outcome.errors.front());
  return outcome;
}

ReloadOutcome Settings::accept(const RuntimeConf& file, const std::string& name,
                               const RuntimeState& before_in_file, const std::string& who) {
  const RuntimeState before = effective();
  ReloadOutcome outcome;
  take_over(file.state, before_in_file);
  core_kept_ = core_kept_ && !held_.empty();
  outcome.notes = notes_about(file, name);
  std::vector<std::string> lines;
  for (const std::string& line : file.announcements)
    if (!is_about_logs(line)) lines.push_back(line);
  outcome.changed = effective() != before;
  if (outcome.changed) apply(before, lines);
  last_reload_ = {utc_now(), last_reload_.failed, outcome};
  if (outcome.changed) audit({.who = who, .way = "file", .verb = "reload"}, before, "ok");
  return outcome;
}

ReloadOutcome Settings::reload(const std::string& who) {
  if (!start_.runtime_conf)
    return refuse({"There is no runtime.conf to read again; name one with -T."}, who);
  const RuntimeConf file =
      load_runtime_conf(*start_.runtime_conf, start_.said, RuntimeRead::reload);
  if (!file.errors.empty()) return refuse(keeping(file.errors), who);
  const RuntimeState before = std::exchange(start_.said, file.state);
  return accept(file, start_.runtime_conf->string(), before, who);
}

ReloadOutcome Settings::adopt(const RuntimeConf& edited, const RuntimeState& written,
                              const std::string& who) {
  if (!edited.errors.empty()) return refuse(keeping(edited.errors), who);
  return accept(edited, who, written, who);
}

AppliedEpoch Settings::rotate() {
  ++rotation_;
  return publish();
}

GroupView Settings::view(Group group, std::string_view name) const {
  GroupView view{.group = group, .name = std::string(name)};
  view.columns = columns_of(start_.schema, group);
  view.on = holds(effective(), group);
  const Holder by_file{.kind = "file", .who = start_.origin};
  if (file_holds(group))
    view.holders.push_back(by_file);
  else if (holds(file_, group))
    view.overridden.push_back(by_file);
  if (const auto word = words_.find(group); word != words_.end() && word->second.on)
    view.holders.push_back({.kind = "rest", .who = word->second.who, .since = word->second.since});
  for (const Held& held : held_)
    if (held.group == group || group == Group::core) view.holders.push_back(held.holder);
  if (view.on && view.holders.empty())
    view.holders.push_back({.kind = "kept", .who = "an earlier specification"});
  return view;
}

std::vector<GroupView> Settings::groups() const {
  std::vector<GroupView> views;
  views.push_back(view(Group::core, "core"));
  for (const flowstats::GroupName& name : flowstats::kGroupNames)
    views.push_back(view(name.group, name.name));
  return views;
}

}  // namespace tapstat::control
