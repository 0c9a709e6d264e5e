#include "control/check.h"

#include <system_error>

#include "control/config.h"
#include "control/control_plan.h"
#include "control/network_file.h"
#include "control/plan.h"
#include "control/privacy.h"
#include "control/runtime_conf.h"

namespace tapstat::control {
namespace {

namespace fs = std::filesystem;

/// One file's outcome; true when it is acceptable.
bool outcome(const fs::path& path, const std::vector<std::string>& errors,
             const std::vector<std::string>& not_built, Messages& messages) {
  messages.located_errors(errors);
  if (!errors.empty()) return false;
  if (!not_built.empty()) messages.note(not_built_sentence(path.string(), not_built));
  messages.result(path.string() + ": acceptable");
  return true;
}

bool check_networks(const fs::path& path, Messages& messages) {
  const NetworkFile file = load_network_file(path);
  for (const std::string& warning : file.warnings) messages.note(warning);
  return outcome(path, file.errors, {}, messages);
}

}  // namespace

int check(const CheckArguments& arguments, Messages& messages) {
  bool good = true;
  std::error_code error;
  const bool others = arguments.networks || arguments.runtime_conf;
  if (arguments.config_given || !others || fs::exists(arguments.config, error)) {
    const ConfigFile file = load_config(arguments.config);
    std::vector<std::string> errors = file.errors;
    if (errors.empty()) {
      if (const auto control = check_control(file.config.control); !control)
        errors.push_back(arguments.config.string() + ": " + control.error().sentence);
      const PrivacyPlan privacy = plan_privacy({}, file.config.privacy, {}, flowstats::Mode::tstat);
      for (const std::string& sentence : privacy.errors)
        errors.push_back(arguments.config.string() + ": " + sentence);
      for (const std::string& note : privacy.notes) messages.note(note);
    }
    good = outcome(arguments.config, errors, file.config.not_built, messages);
    if (good && file.config.internal && !arguments.networks)
      good = check_networks(*file.config.internal, messages);
  }
  if (arguments.networks) good = check_networks(*arguments.networks, messages) && good;
  if (arguments.runtime_conf) {
    const RuntimeConf file = load_runtime_conf(*arguments.runtime_conf, RuntimeState{});
    good = outcome(*arguments.runtime_conf, file.errors, file.not_built, messages) && good;
  }
  return static_cast<int>(good ? flowstats::ExitStatus::done : flowstats::ExitStatus::usage);
}

}  // namespace tapstat::control
