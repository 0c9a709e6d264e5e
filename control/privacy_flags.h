/// Tstat's flags of privacy: -Y, -W, --keyvalue, --keyfile, --keybase64, --enc, -0; and the
/// sentence that refuses -A. Control thread.
#pragma once

#include <string>

#include "control/privacy_config.h"
#include "flowstats/base/result.h"

namespace CLI {
class App;
}

namespace tapstat::control {

/// Outlives the command's App, whose options point to it.
class PrivacyFlags {
 public:
  void add_to(CLI::App& app);

  /// Once the command line was read. Errors: ExitStatus::usage.
  [[nodiscard]] flowstats::Result<PrivacyArguments> finish(const CLI::App& app) const;

 private:
  std::string networks_, except_, key_value_, key_text_, key_base64_;
  bool encrypt_names_ = false, strict_ = false;
};

}  // namespace tapstat::control
