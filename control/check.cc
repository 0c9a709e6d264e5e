#include "control/check.h"

#include <system_error>

#include "control/config.h"
#include "control/config_environment.h"
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

namespace fs = std::filesystem;
using Notes = std::vector<std::string>;

/// One file's outcome; true when it is acceptable.
bool outcome(const fs::path& path, const std::vector<std::string>& errors, const Notes& notes,
             Messages& messages) {
  messages.located_errors(errors);
  if (!errors.empty()) return false;
  for (const std::string& note : notes) messages.note(note);
  messages.result(path.string() + ": acceptable");
  return true;
}

bool check_networks(const fs::path& path, Messages& messages) {
  const NetworkFile file = load_network_file(path);
  for (const std::string& warning : file.warnings) messages.note(warning);
  return outcome(path, file.errors, {}, messages);
}

/// tapstat.toml with the environment on top; `name` is what messages call it.
bool check_configuration(const fs::path& name, const ConfigFile& file, Messages& messages) {
  std::vector<std::string> errors = file.errors;
  if (errors.empty()) {
    if (const auto control = check_control(file.config.control); !control)
      errors.push_back(name.string() + ": " + control.error().sentence);
    if (const auto trace = check_trace(file.config.trace); !trace)
      errors.push_back(name.string() + ": " + trace.error().sentence);
    if (const auto exits = plan_exit_records(file.config.exit_records, 1); !exits)
      errors.push_back(name.string() + ": " + exits.error().sentence);
    if (const auto full = plan_full_output(file.config.full_output); !full)
      errors.push_back(name.string() + ": " + full.error().sentence);
    else if (const auto live = check_live(*full); !live && !file.config.ports.empty())
      errors.push_back(name.string() + ": " + live.error().sentence);
    const PrivacyPlan privacy = plan_privacy({}, file.config.privacy, {}, flowstats::Mode::tstat);
    for (const std::string& sentence : privacy.errors)
      errors.push_back(name.string() + ": " + sentence);
    for (const std::string& note : privacy.notes) messages.note(note);
  }
  Notes notes;
  if (!file.config.not_built.empty())
    notes.push_back(not_built_sentence(name.string(), file.config.not_built));
  return outcome(name, errors, notes, messages);
}

bool check_runtime_conf(const fs::path& path, bool strict_privacy, Messages& messages) {
  RuntimeState before;
  before.strict_privacy = strict_privacy;
  const RuntimeConf file = load_runtime_conf(path, before);
  return outcome(path, file.errors, notes_about(file, path.string()), messages);
}

}  // namespace

int check(const CheckArguments& arguments, Messages& messages) {
  bool good = true;
  std::error_code error;
  const bool others = arguments.networks || arguments.runtime_conf;
  const bool has_file = arguments.config_given || !others || fs::exists(arguments.config, error);
  const ConfigFile file =
      load_configuration(has_file ? std::optional(arguments.config) : std::nullopt);
  if (has_file || !file.config.settings.empty() || !file.errors.empty()) {
    good = check_configuration(has_file ? arguments.config : "environment", file, messages);
    if (good && file.config.internal && !arguments.networks)
      good = check_networks(*file.config.internal, messages);
  }
  if (arguments.networks) good = check_networks(*arguments.networks, messages) && good;
  if (arguments.runtime_conf)
    good = check_runtime_conf(*arguments.runtime_conf, file.config.privacy.strict.value_or(false),
                              messages) &&
           good;
  return static_cast<int>(good ? flowstats::ExitStatus::done : flowstats::ExitStatus::usage);
}

}  // namespace tapstat::control
