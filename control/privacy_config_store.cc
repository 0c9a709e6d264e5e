#include "control/privacy_config_store.h"

#include <charconv>

#include "control/config_networks.h"
#include "control/config_value.h"
#include "control/network_file.h"

namespace tapstat::control {
namespace {

using exporters::NameTreatment;

std::string store_anonymise(PrivacyConfig& config, const toml::array& list) {
  config.internal = config.external = false;
  config.networks = {};
  for (const toml::node& element : list) {
    const std::string& word = element.as_string()->get();
    if (word == "internal") {
      config.internal = true;
    } else if (word == "external") {
      config.external = true;
    } else if (const std::string wrong = add_network(config.networks, word); !wrong.empty()) {
      return wrong + " Or \"internal\" or \"external\".";
    }
  }
  return "";
}

std::string store_masks(PrivacyConfig& config, const toml::array& list) {
  constexpr const char* kWrong = "must be four words such as \"0xf0f0f0f0\".";
  std::array<uint32_t, 4> masks{};
  if (list.size() != masks.size()) return kWrong;
  for (size_t i = 0; i < masks.size(); ++i) {
    const std::string& word = list[i].as_string()->get();
    if (!word.starts_with("0x") || word.size() == 2) return kWrong;
    const char* const end = word.data() + word.size();
    const auto [last, error] = std::from_chars(word.data() + 2, end, masks[i], 16);
    if (error != std::errc{} || last != end) return kWrong;
  }
  config.ipv6_masks = masks;
  return "";
}

}  // namespace

std::string store_privacy(PrivacyConfig& config, std::string_view name, const toml::node& node,
                          const std::filesystem::path& directory) {
  if (name == "crypto_pan_key")
    config.crypto_pan_key = (directory / node.as_string()->get()).lexically_normal();
  if (name == "names") {
    const std::string& word = node.as_string()->get();
    config.names = word == "encrypt" ? NameTreatment::encrypt
                   : word == "drop"  ? NameTreatment::drop
                                     : NameTreatment::keep;
  }
  if (name == "strict") config.strict = node.as_boolean()->get();
  if (name == "anonymise") return store_anonymise(config, *node.as_array());
  if (name == "anonymise_except") return store_networks(config.except, *node.as_array());
  if (name == "ipv6_masks") return store_masks(config, *node.as_array());
  return "";
}

}  // namespace tapstat::control
