#include "control/privacy_flags.h"

#include <optional>

#include <CLI/CLI.hpp>

namespace tapstat::control {
namespace {

constexpr const char* kXorMask = "-A";

}  // namespace

void PrivacyFlags::add_to(CLI::App& app) {
  const auto text = [&](const char* name, std::string& value, const char* type, const char* help) {
    app.add_option(name, value, help)->type_name(type);
  };
  text("-Y,--anonymise", networks_, "FILE", "networks whose addresses are replaced (Crypto-PAn)");
  text("-W,--anonymise-except", except_, "FILE", "networks inside those whose addresses stay");
  text("--keyvalue", key_value_, "KEY",
       "key of anonymisation as 32 characters, which others see in the list of processes");
  text("--keyfile", key_text_, "FILE", "the same: first line of a file with mode 0400 or 0600");
  text(
      "--keybase64", key_base64_, "FILE",
      "32 bytes in Base64: a file of tapstat anonymise-key, or Tstat's CPanKey [a new key, written "
      "beside the logs]");
  app.add_flag("--enc", encrypt_names_, "encrypt the names of hosts, too");
  app.add_flag("-0,--strict-privacy", strict_,
               "no paths and no cookies in log_http_complete, whatever runtime.conf says");
  app.add_option(kXorMask)->expected(0, 1)->group("");  // in no help
}

flowstats::Result<PrivacyArguments> PrivacyFlags::finish(const CLI::App& app) const {
  const auto usage = [](std::string sentence) {
    return flowstats::fail(flowstats::ExitStatus::usage, std::move(sentence));
  };
  if (app.count(kXorMask) > 0)
    return usage(
        "-A is not offered: an exclusive or is undone for all addresses by one that somebody "
        "knows. Use -Y with a list of networks and a key (docs/anonymisation.md).");
  PrivacyArguments a;
  unsigned keys = 0;
  for (const char* flag : {"--keyvalue", "--keyfile", "--keybase64"})
    keys += app.count(flag) > 0 ? 1 : 0;
  if (keys > 1) return usage("--keyvalue, --keyfile and --keybase64 exclude each other.");
  if (app.count("--keyvalue") > 0) {
    if (key_value_.empty()) return usage("an empty key was given to --keyvalue.");
    a.key_value = key_value_;
  }
  using Path = std::optional<std::filesystem::path>;
  const struct {
    const char* flag;
    const std::string& text;
    Path& path;
  } files[] = {{"--anonymise", networks_, a.networks},
               {"--anonymise-except", except_, a.except},
               {"--keyfile", key_text_, a.key_text},
               {"--keybase64", key_base64_, a.key_base64}};
  for (const auto& file : files) {
    if (app.count(file.flag) == 0) continue;
    if (file.text.empty())
      return usage("an empty file name was given to " + std::string(file.flag) + ".");
    file.path = file.text;
  }
  a.encrypt_names = encrypt_names_;
  a.strict = strict_;
  return a;
}

}  // namespace tapstat::control
