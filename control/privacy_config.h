/// What is said about privacy: the section [privacy] of tapstat.toml, and Tstat's flags. Control
/// thread, at start.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "exporters/anonymiser.h"
#include "flowstats/wire/network_list.h"

namespace tapstat::control {

/// What the file sets; an absent value was not mentioned.
struct PrivacyConfig {
  std::optional<std::filesystem::path> crypto_pan_key;  // relative names start at the file
  bool internal = false, external = false;              // words of `anonymise`
  flowstats::NetworkList networks;                      // the networks of `anonymise`
  std::optional<flowstats::NetworkList> except;
  std::optional<exporters::NameTreatment> names;
  std::optional<std::array<uint32_t, 4>> ipv6_masks;
  std::optional<bool> strict;  // httplog_full_url stays 0
};

/// The flags -Y, -W, --keyvalue, --keyfile, --keybase64, --enc and -0.
struct PrivacyArguments {
  std::optional<std::filesystem::path> networks, except;
  std::optional<std::string> key_value;                       // at most one of these three
  std::optional<std::filesystem::path> key_text, key_base64;  // files
  bool encrypt_names = false;
  bool strict = false;
};

}  // namespace tapstat::control
