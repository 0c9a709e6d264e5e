/// What this user started over mPlane and did not fetch yet: a small JSON file in the state
/// directory ($XDG_STATE_HOME/tapstat, else ~/.local/state/tapstat), mode 0600.
///
/// Written whole and renamed, so that it is never torn; of two commands at the same time the later
/// one wins. Control thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "control/mplane/capabilities.h"
#include "flowstats/base/result.h"

namespace tapstat::control {

inline constexpr size_t kMeasurementsMax = 1'000;

struct Measurement {
  uint64_t number = 0;  // what people type
  std::string url;      // "http://127.0.0.1:8888"
  mplane::Generation generation = mplane::Generation::proxy_2014;
  std::string token, label, when;
};

[[nodiscard]] std::string_view generation_name(mplane::Generation generation);

/// Empty when neither $XDG_STATE_HOME nor $HOME is set.
[[nodiscard]] std::optional<std::filesystem::path> default_measurement_path();

class MeasurementFile {
 public:
  /// An absent file is an empty list. Errors: ExitStatus::environment, it cannot be read;
  /// ExitStatus::usage, it is none of ours.
  [[nodiscard]] static flowstats::Result<MeasurementFile> load(std::filesystem::path path);

  [[nodiscard]] const std::vector<Measurement>& list() const { return list_; }
  /// By number or token; nullptr when there is none.
  [[nodiscard]] const Measurement* find(std::string_view operand) const;

  /// Adds it with the next number, in place of one with the same address and token; the oldest one
  /// makes room. Gives the number.
  uint64_t add(Measurement measurement);
  void remove(const std::string& url, const std::string& token);

  /// Makes the directory when needed. Errors: ExitStatus::environment.
  [[nodiscard]] flowstats::Result<void> save() const;

 private:
  explicit MeasurementFile(std::filesystem::path path) : path_(std::move(path)) {}
  std::filesystem::path path_;
  std::vector<Measurement> list_;
};

}  // namespace tapstat::control
