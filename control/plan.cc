#include "control/plan.h"

#include <bit>
#include <utility>

#include "control/config.h"
#include "control/config_environment.h"
#include "control/config_origins.h"
#include "control/control_plan.h"
#include "control/exit_plan.h"
#include "control/full_output.h"
#include "control/network_file.h"
#include "control/privacy.h"
#include "control/runtime_conf.h"
#include "control/text.h"
#include "control/trace_plan.h"

namespace tapstat::control {
namespace {

/// Collects what the files say; `failed` once one of them is not acceptable.
class Planner {
 public:
  Planner(const MeasureArguments& arguments, Messages& messages)
      : arguments_(arguments), messages_(messages) {}

  std::optional<MeasurePlan> run() {
    read_config();
    settle_strictness();
    read_runtime_conf();
    read_networks();
    if (failed_) return std::nullopt;
    settle();
    settle_full_output();
    settle_privacy();
    settle_exit_records();
    settle_trace();
    if (arguments_.serve) plan_control();
    if (failed_) return std::nullopt;
    return std::move(plan_);
  }

 private:
  void refuse(const std::vector<std::string>& errors) {
    messages_.located_errors(errors);
    failed_ = failed_ || !errors.empty();
  }

  void read_config() {
    ConfigFile file = load_configuration(arguments_.config);
    refuse(file.errors);
    if (file.errors.empty() && !file.config.not_built.empty())
      messages_.note(not_built_sentence(arguments_.config->string(), file.config.not_built));
    config_ = std::move(file.config);
    if (config_.groups) state_.groups = *config_.groups;
    if (config_.logs) state_.logs = with_logs(state_.logs, *config_.logs);
    if (config_.http_url) state_.http_full_url = *config_.http_url;
  }

  /// Stronger than tapstat.toml and runtime.conf, now and at each reload.
  void settle_strictness() {
    state_.strict_privacy = arguments_.privacy.strict || config_.privacy.strict.value_or(false);
    if (!state_.strict_privacy || state_.http_full_url == 0) return;
    messages_.note("[log] http_url has no effect: strict privacy (-0) keeps it at 0.");
    state_.http_full_url = 0;
  }

  void read_runtime_conf() {
    if (!arguments_.runtime_conf) return;
    RuntimeConf file = load_runtime_conf(*arguments_.runtime_conf, state_);
    refuse(file.errors);
    for (const std::string& note : notes_about(file, arguments_.runtime_conf->string()))
      messages_.note(note);
    const std::string file_level = tcp_level_text(file.state.groups);
    state_ = said_ = file.state;
    if (arguments_.groups) {
      state_.groups = *arguments_.groups;
      messages_.note("-g decides about the column groups, " + arguments_.runtime_conf->string() +
                     " about the logs.");
    }
    for (std::string& line : file.announcements)
      plan_.announcements.push_back(line == file_level ? tcp_level_text(state_.groups)
                                                       : std::move(line));
  }

  void read_networks() {
    const auto path = arguments_.networks ? arguments_.networks : config_.internal;
    if (!path) {
      messages_.raw_note(
          messages_.emphasised("Warning:", false) +
          " -N option not specified.\n         All subnets are assumed to be internal");
      return;
    }
    NetworkFile file = load_network_file(*path);
    refuse(file.errors);
    if (!file.errors.empty()) return;
    for (const std::string& warning : file.warnings) messages_.note(warning);
    plan_.pipeline.internal = std::move(file.networks);
  }

  void settle() {
    if (arguments_.groups) state_.groups = *arguments_.groups;
    if (arguments_.logs) state_.logs = with_logs(state_.logs, *arguments_.logs);
    if (arguments_.outputs && !arguments_.outputs->tstat) state_.logs = with_logs(state_.logs, {});
    plan_.config = active_config(state_, 1);
    if (arguments_.flow_capacity) config_.flow_capacity = arguments_.flow_capacity;
    const auto mode = arguments_.mode.value_or(config_.mode.value_or(flowstats::Mode::tstat));
    plan_.reader = arguments_.source.value_or(config_.source.value_or(dataplane::ReaderKind::dpdk));
    plan_.memory.flows_given = config_.flow_capacity.has_value();
    plan_.memory.huge_pages = arguments_.no_huge_pages
                                  ? HugePages::none
                                  : config_.huge_pages.value_or(HugePages::automatic);
    plan_.memory.touch = config_.touch.value_or(TouchMemory::automatic);
    if (config_.record_ring) plan_.pipeline.record_ring = std::bit_ceil(*config_.record_ring);
    plan_.pipeline.workers = arguments_.workers.value_or(1);
    plan_.configured_ports = config_.ports;
    plan_.run = config_.run;
    plan_.pipeline.measurement = measurement_of(config_, mode);
    if (arguments_.discard_duplicates)
      plan_.pipeline.measurement.duplicate_window = flowstats::milliseconds(2);
    plan_.writer.schema =
        arguments_.schema.value_or(config_.schema.value_or(flowstats::Schema::mplane));
    settle_inspection(mode);
    plan_.writer.gzip = arguments_.gzip || config_.gzip.value_or(false);
    plan_.writer.rotate = config_.rotate.value_or(flowstats::Duration{});
    plan_.directory = arguments_.output ? arguments_.output : config_.directory;
    if (plan_.config.logs.empty() && !wants_exit_records())
      messages_.note("all logs are switched off: flows are counted, no row is written.");
  }

  /// The bits of logs that are not built stay what they are.
  [[nodiscard]] static uint32_t with_logs(uint32_t bits, flowstats::LogMask logs) {
    return (bits & ~uint32_t{flowstats::LogMask{~0U}.bits()}) | logs.bits();
  }

  /// A group that may be switched on later must have been measured.
  void settle_inspection(flowstats::Mode mode) {
    flowstats::Inspection& inspection = plan_.pipeline.measurement.inspection;
    inspection.enabled = config_.payload.value_or(true);
    inspection.tcp_flows_max = plan_.pipeline.measurement.limits.tcp_flows_max;
    inspection.fingerprints = arguments_.serve || state_.groups.has(flowstats::Group::fingerprint);
    plan_.writer.mode = mode;
    plan_.writer.names.wanted = inspection.enabled && config_.names.value_or(true);
    plan_.writer.names.cache.mode = mode;
    if (config_.name_entries) plan_.writer.names.cache.entries_v4 = *config_.name_entries;
    plan_.writer.names.cache.hash_seed = plan_.pipeline.measurement.hash_seed;
  }

  void settle_full_output() {
    auto full = plan_full_output(config_.full_output);
    if (!full) return fail_with(full.error().sentence);
    plan_.writer.full = std::move(*full);
  }

  void settle_privacy() {
    PrivacyPlan privacy = plan_privacy(arguments_.privacy, config_.privacy, plan_.pipeline.internal,
                                       plan_.pipeline.measurement.mode);
    refuse(privacy.located_errors);
    for (const std::string& sentence : privacy.errors) messages_.error(sentence);
    failed_ = failed_ || !privacy.errors.empty();
    for (const std::string& note : privacy.notes) messages_.note(note);
    plan_.writer.anonymiser = std::move(privacy.options);
    plan_.key_is_new = privacy.key_is_new;
  }

  [[nodiscard]] bool wants_exit_records() const {
    return arguments_.outputs ? arguments_.outputs->web100
                              : config_.exit_records.enabled.value_or(false);
  }

  void settle_exit_records() {
    if (!wants_exit_records()) return;
    auto exits =
        plan_exit_records(config_.exit_records, plan_.pipeline.measurement.limits.tcp_flows_max);
    if (!exits) {
      fail_with(exits.error().sentence);
      return;
    }
    plan_.pipeline.measurement.exit_records = exits->measurement;
    plan_.writer.exit_records = std::move(exits->files);
  }

  /// A trace holds addresses and payload as they are.
  void settle_trace() {
    auto trace = plan_trace(arguments_.trace, config_.trace);
    if (!trace) return fail_with(trace.error().sentence);
    if (!*trace) return;
    if (plan_.writer.anonymiser)
      return fail_with(
          "traces would show what is to be anonymised: leave out --trace and [output.trace], or -Y "
          "and [privacy].");
    plan_.pipeline.trace = std::move((*trace)->tap);
    plan_.trace = std::move((*trace)->writer);
  }

  void fail_with(const std::string& sentence) {
    messages_.error(sentence);
    failed_ = true;
  }

  /// Who decided about the column groups, for people.
  [[nodiscard]] std::string origin() const {
    if (arguments_.groups) return "-g";
    if (arguments_.runtime_conf) return arguments_.runtime_conf->string();
    std::string by = "default";
    for (const ConfigSetting& set : config_.settings)
      if (set.key == "groups") by = set.origin;
    return by;
  }

  void plan_control() {
    Settings::Start start{.state = state_,
                          .said = said_,
                          .origin = origin(),
                          .runtime_conf = arguments_.runtime_conf,
                          .schema = plan_.writer.schema,
                          .epoch = plan_.config.epoch};
    auto options = make_control_options(arguments_, config_, std::move(start));
    if (options) {
      options->config = config_origins(arguments_, config_, plan_.pipeline.measurement);
      plan_.control = std::move(*options);
      return;
    }
    fail_with(options.error().sentence);
  }

  const MeasureArguments& arguments_;
  Messages& messages_;
  MeasurePlan plan_;
  Config config_;
  RuntimeState state_;
  RuntimeState said_;  // by runtime.conf alone
  bool failed_ = false;
};

}  // namespace

std::optional<MeasurePlan> make_plan(const MeasureArguments& arguments, Messages& messages) {
  return Planner(arguments, messages).run();
}

}  // namespace tapstat::control
