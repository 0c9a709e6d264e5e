#include "control/privacy.h"

#include <algorithm>
#include <system_error>
#include <utility>

#include <fmt/format.h>
#include <openssl/rand.h>

#include "control/network_file.h"
#include "control/secret_file.h"
#include "control/text.h"
#include "exporters/output_directory.h"
#include "flowstats/crypto/base64.h"

namespace tapstat::control {
namespace {

namespace fs = std::filesystem;
using exporters::NameTreatment;
using flowstats::ExitStatus;
using flowstats::Result;
using flowstats::crypto::CryptoPan;
using Key = CryptoPan::Key;
using Bytes = std::vector<uint8_t>;

constexpr const char* kKeyFile = "Crypto-PAn key";

/// Collects what flags and file say; errors do not end it.
class Planner {
 public:
  Planner(const PrivacyArguments& arguments, const PrivacyConfig& config)
      : arguments_(arguments), config_(config) {}

  PrivacyPlan run(const flowstats::NetworkList& internal, flowstats::Mode mode) {
    options_.mode = mode;
    options_.internal_networks = internal;
    read_networks();
    options_.names = arguments_.encrypt_names ? NameTreatment::encrypt
                                              : config_.names.value_or(NameTreatment::keep);
    if (config_.ipv6_masks) options_.ipv6_masks = *config_.ipv6_masks;
    read_key();
    refuse_idle_flags();
    if (out_.errors.empty() && out_.located_errors.empty() && options_.applies())
      out_.options = std::move(options_);
    return std::move(out_);
  }

 private:
  flowstats::NetworkList load(const fs::path& path, NetworkUse use) {
    NetworkFile file = load_network_file(path, use);
    std::ranges::move(file.errors, std::back_inserter(out_.located_errors));
    std::ranges::move(file.warnings, std::back_inserter(out_.notes));
    return std::move(file.networks);
  }

  void read_networks() {
    if (arguments_.networks) {
      options_.networks = load(*arguments_.networks, NetworkUse::anonymised);
    } else {
      options_.networks = config_.networks;
      options_.internal = config_.internal;
      options_.external = config_.external;
    }
    if (arguments_.except)
      options_.except = load(*arguments_.except, NetworkUse::not_anonymised);
    else if (config_.except)
      options_.except = *config_.except;
  }

  void refuse_idle_flags() {
    if (arguments_.except && !options_.replaces_addresses() && out_.located_errors.empty())
      out_.errors.emplace_back("-W needs -Y, or anonymise in [privacy] of tapstat.toml.");
    if (options_.applies()) return;
    if (arguments_.key_value || arguments_.key_text || arguments_.key_base64)
      out_.errors.emplace_back(
          "a key was given, but nothing is to be anonymised: add -Y or --enc, or anonymise in "
          "[privacy] of tapstat.toml.");
    else if (config_.crypto_pan_key)
      out_.notes.emplace_back("[privacy] crypto_pan_key has no effect: nothing is anonymised.");
  }

  void refuse(const fs::path& path, std::string_view reason) {
    out_.errors.push_back(fmt::format("{} \"{}\": {}", kKeyFile, path.string(), reason));
  }

  std::optional<std::string> secret(const fs::path& path) {
    auto line = read_secret(path, kKeyFile);
    if (line && !line->empty()) return std::move(*line);
    if (line)
      refuse(path, "its first line is empty.");
    else
      out_.errors.push_back(line.error().sentence);
    return std::nullopt;
  }

  std::optional<Bytes> base64(const fs::path& path) {
    const auto line = secret(path);
    if (!line) return std::nullopt;
    auto bytes = flowstats::crypto::read_base64(trim(*line));
    if (!bytes || bytes->empty())
      refuse(path, "not Base64. \"tapstat anonymise-key FILE\" makes such a file.");
    return bytes;
  }

  static Bytes bytes_of(std::string_view text) { return {text.begin(), text.end()}; }

  /// As Tstat: zeros fill a short key up, what is too much of a long one does not count.
  void take(const Bytes& bytes) {
    if (bytes.size() < CryptoPan::kKeyBytes)
      out_.notes.push_back(
          fmt::format("the key of anonymisation has {} bytes; zeros fill it up to 32, which makes "
                      "it easier to guess.",
                      bytes.size()));
    if (bytes.size() > CryptoPan::kKeyBytes)
      out_.notes.push_back(fmt::format(
          "the key of anonymisation has {} bytes; only the first 32 count.", bytes.size()));
    std::copy_n(bytes.begin(), std::min(bytes.size(), options_.key.size()), options_.key.begin());
  }

  void read_key() {
    if (arguments_.key_value) {
      out_.notes.emplace_back(
          "--keyvalue shows the key of anonymisation to everybody in the list of processes. "
          "Better: "
          "--keyfile or --keybase64.");
      take(bytes_of(*arguments_.key_value));
    } else if (arguments_.key_text) {
      if (const auto line = secret(*arguments_.key_text)) take(bytes_of(*line));
    } else if (arguments_.key_base64) {
      if (const auto bytes = base64(*arguments_.key_base64)) take(*bytes);
    } else if (config_.crypto_pan_key) {
      const auto bytes = base64(*config_.crypto_pan_key);
      if (bytes && bytes->size() != CryptoPan::kKeyBytes)
        refuse(
            *config_.crypto_pan_key,
            fmt::format("it has {} bytes instead of 32. \"tapstat anonymise-key FILE\" makes one.",
                        bytes->size()));
      else if (bytes)
        take(*bytes);
    } else if (options_.applies()) {
      make_key();
    }
  }

  void make_key() {
    const auto key = new_key();
    if (!key) return out_.errors.push_back(key.error().sentence);
    options_.key = *key;
    out_.key_is_new = true;
  }

  const PrivacyArguments& arguments_;
  const PrivacyConfig& config_;
  exporters::AnonymiserOptions options_;
  PrivacyPlan out_;
};

}  // namespace

PrivacyPlan plan_privacy(const PrivacyArguments& arguments, const PrivacyConfig& config,
                         const flowstats::NetworkList& internal, flowstats::Mode mode) {
  return Planner(arguments, config).run(internal, mode);
}

std::string_view name_treatment_text(NameTreatment names) {
  return names == NameTreatment::keep      ? "kept"
         : names == NameTreatment::encrypt ? "encrypted"
                                           : "dropped";
}

std::string privacy_text(const exporters::AnonymiserOptions& options) {
  return fmt::format("addresses {}, names {}",
                     options.replaces_addresses() ? "anonymised" : "as they are",
                     name_treatment_text(options.names));
}

Result<Key> new_key() {
  Key key{};
  if (RAND_bytes(key.data(), static_cast<int>(key.size())) == 1) return key;
  return flowstats::fail(ExitStatus::environment,
                         "the system has no random numbers for a key of anonymisation.");
}

std::string key_text(const Key& key) {
  std::string text(flowstats::crypto::base64_chars(key.size()) + 1, '\0');
  flowstats::crypto::write_base64(text.data(), {key.data(), key.size()});
  text.pop_back();
  return text;
}

Result<fs::path> write_key(const fs::path& base, flowstats::Timestamp first_packet,
                           const Key& key) {
  std::error_code failed;
  fs::create_directories(base, failed);
  const std::string time = fs::path(exporters::directory_name(first_packet, 0)).stem().string();
  for (unsigned suffix = 0;; ++suffix) {
    const fs::path path =
        base / ("CPanKey_" + time + (suffix == 0 ? "" : "_" + std::to_string(suffix)));
    auto made = create_secret(path, key_text(key));
    if (made) return path;
    const bool taken = made.error().status == ExitStatus::usage;
    if (taken && suffix < exporters::kDirectorySuffixMax) continue;
    return flowstats::fail(ExitStatus::environment, made.error().sentence);
  }
}

}  // namespace tapstat::control
