/// Receive-side scaling that brings both directions of a connection to the same queue, and the
/// proof that a port does so.
///
/// A Toeplitz hash does not change when addresses and ports are exchanged if its key repeats every
/// 16 bits (Woo, Park: Scalable TCP Session Monitoring with Symmetric Receive-side Scaling, 2012).
/// What a driver made of the key, the fields and the table is read back from it and tried out in
/// software. Control thread only.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace tapstat::dataplane {

inline constexpr size_t kRssKeyBytesMax = 64;
inline constexpr size_t kRssKeyBytesMin = 40;  // what IPv6 addresses and ports need

[[nodiscard]] std::array<uint8_t, kRssKeyBytesMax> symmetric_rss_key();

/// RTE_ETH_RSS_* flags without which packets of one connection would be hashed alike only by
/// chance: TCP and UDP over IPv4 and IPv6.
[[nodiscard]] uint64_t rss_fields_needed();

/// The queues to which connections of a fixed list go, with this key and this table of queues (a
/// power of two of them, asked with the low bits of the hash). Empty when the directions of one of
/// them part, or when all meet in one queue of several.
[[nodiscard]] std::vector<uint16_t> try_rss(std::span<const uint8_t> key,
                                            std::span<const uint16_t> table);

}  // namespace tapstat::dataplane
