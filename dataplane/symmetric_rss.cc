#include "dataplane/symmetric_rss.h"

#include <algorithm>
#include <bit>

#include <rte_ethdev.h>
#include <rte_thash.h>

namespace tapstat::dataplane {

namespace {

constexpr size_t kConnections = 64;  // of each IP version
constexpr size_t kIpv4Words = 1, kIpv6Words = 4;

/// Two addresses and a word with both ports, as the hash takes them; host byte order.
struct HashInput {
  std::array<uint32_t, 2 * kIpv6Words + 1> words{};
  size_t address_words = kIpv4Words;

  [[nodiscard]] uint32_t hash(std::span<const uint8_t> key) const {
    auto copy = words;
    return rte_softrss(copy.data(), static_cast<uint32_t>(2 * address_words + 1), key.data());
  }
  [[nodiscard]] HashInput exchanged() const {
    HashInput other = *this;
    std::swap_ranges(other.words.begin(), other.words.begin() + address_words,
                     other.words.begin() + address_words);
    other.words[2 * address_words] = std::rotl(words[2 * address_words], 16);
    return other;
  }
};

/// Any numbers do that differ in all bytes.
HashInput connection(size_t number, size_t address_words) {
  HashInput input;
  input.address_words = address_words;
  for (size_t w = 0; w < 2 * address_words + 1; ++w)
    input.words[w] = static_cast<uint32_t>((number * 16 + w + 1) * 0x9e3779b97f4a7c15ULL >> 24);
  return input;
}

}  // namespace

std::array<uint8_t, kRssKeyBytesMax> symmetric_rss_key() {
  std::array<uint8_t, kRssKeyBytesMax> key;
  for (size_t i = 0; i < key.size(); ++i) key[i] = i % 2 == 0 ? 0x6d : 0x5a;
  return key;
}

uint64_t rss_fields_needed() {
  return RTE_ETH_RSS_NONFRAG_IPV4_TCP | RTE_ETH_RSS_NONFRAG_IPV4_UDP |
         RTE_ETH_RSS_NONFRAG_IPV6_TCP | RTE_ETH_RSS_NONFRAG_IPV6_UDP;
}

std::vector<uint16_t> try_rss(std::span<const uint8_t> key, std::span<const uint16_t> table) {
  if (key.size() < kRssKeyBytesMin || !std::has_single_bit(table.size())) return {};
  const auto queue_of = [&](const HashInput& input) {
    return table[input.hash(key) & (table.size() - 1)];
  };
  std::vector<uint16_t> queues;
  for (const size_t address_words : {kIpv4Words, kIpv6Words})
    for (size_t n = 0; n < kConnections; ++n) {
      const HashInput input = connection(n, address_words);
      queues.push_back(queue_of(input));
      if (queue_of(input.exchanged()) != queues.back()) return {};
    }
  const bool is_one = std::ranges::count(queues, queues.front()) == std::ssize(queues);
  const bool could_be_more = std::ranges::count(table, table[0]) < std::ssize(table);
  return is_one && could_be_more ? std::vector<uint16_t>{} : queues;
}

}  // namespace tapstat::dataplane
