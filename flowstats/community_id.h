/// Community ID version 1 with seed 0: one name for a flow, whatever tool saw it.
///
/// The same for both directions. Made from the addresses that a row shows, so that an anonymised
/// row betrays nothing. Writer's threads: OpenSSL's digest takes memory.
/// Source: https://github.com/corelight/community-id-spec
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "flowstats/wire/five_tuple.h"

namespace tapstat::flowstats {

struct CommunityId {
  std::array<uint8_t, 20> digest{};
  bool operator==(const CommunityId&) const = default;
};

inline constexpr size_t kCommunityIdChars = 30;

[[nodiscard]] CommunityId community_id(const FiveTuple& tuple);

/// "1:" and the digest in base64 (RFC 4648 section 4).
[[nodiscard]] std::array<char, kCommunityIdChars> community_id_text(const CommunityId& id);

}  // namespace tapstat::flowstats
