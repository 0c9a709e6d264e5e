/// What is anonymised and under which key: the flags and [privacy] of tapstat.toml brought
/// together. Control thread, at start.
///
/// A flag wins over the key of the file that says the same. Without a key there is a new one for
/// each run, which is kept beside the logs.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "control/privacy_config.h"
#include "exporters/anonymiser.h"
#include "flowstats/base/result.h"
#include "flowstats/base/units.h"
#include "flowstats/measurement.h"
#include "flowstats/wire/network_list.h"

namespace tapstat::control {

struct PrivacyPlan {
  /// Absent: everything is told as it is.
  std::optional<exporters::AnonymiserOptions> options;
  bool key_is_new = false;
  std::vector<std::string> notes;
  std::vector<std::string> errors;          // sentences; all that were found
  std::vector<std::string> located_errors;  // "FILE:LINE: ..."
};

/// Reads every file that is named.
[[nodiscard]] PrivacyPlan plan_privacy(const PrivacyArguments& arguments,
                                       const PrivacyConfig& config,
                                       const flowstats::NetworkList& internal,
                                       flowstats::Mode mode);

/// "addresses and names encrypted", for people.
[[nodiscard]] std::string privacy_text(const exporters::AnonymiserOptions& options);
[[nodiscard]] std::string_view name_treatment_text(exporters::NameTreatment names);

/// From the operating system's source of randomness. Errors: ExitStatus::environment.
[[nodiscard]] flowstats::Result<flowstats::crypto::CryptoPan::Key> new_key();

[[nodiscard]] std::string key_text(const flowstats::crypto::CryptoPan::Key& key);

/// Writes the key to `base`/CPanKey_YYYY_MM_DD_hh_mm, as Tstat does, named after the first packet
/// in local time, with mode 0400; never over another file. The path, or an error with
/// ExitStatus::environment.
[[nodiscard]] flowstats::Result<std::filesystem::path> write_key(
    const std::filesystem::path& base, flowstats::Timestamp first_packet,
    const flowstats::crypto::CryptoPan::Key& key);

}  // namespace tapstat::control
