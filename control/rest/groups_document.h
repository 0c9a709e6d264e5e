/// Column groups in REST: the document of GET and the words of PATCH. Pure functions.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <tl/expected.hpp>

#include "control/rest/problem.h"
#include "control/settings.h"
#include "flowstats/group_mask.h"

namespace tapstat::control::rest {

struct EpochPair {
  uint32_t published = 0, written = 0;
};
[[nodiscard]] std::string groups_json(std::span<const GroupView> groups, EpochPair epochs);

using GroupWords = std::map<flowstats::Group, std::optional<bool>>;

/// {"p2p": false, "options": null}: one flat object; anything else, a name that is none of `groups`
/// and a name that stands twice are refused whole.
[[nodiscard]] tl::expected<GroupWords, Problem> parse_group_words(
    std::string_view body, std::span<const GroupView> groups);

}  // namespace tapstat::control::rest
