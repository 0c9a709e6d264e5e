/// Lists of networks as values of tapstat.toml. Control thread, at start.
#pragma once

#include <optional>
#include <string>

#include <toml++/toml.h>

#include "control/network_file.h"
#include "flowstats/wire/network_list.h"

namespace tapstat::control {

/// Replaces `networks` by those of `list`, an array of texts. Empty, or the rest of a sentence that
/// says what is wrong with the first that is none.
[[nodiscard]] inline std::string store_networks(std::optional<flowstats::NetworkList>& networks,
                                                const toml::array& list) {
  networks.emplace();
  for (const toml::node& element : list) {
    const std::string wrong = add_network(*networks, element.as_string()->get());
    if (!wrong.empty()) return wrong;
  }
  return "";
}

}  // namespace tapstat::control
