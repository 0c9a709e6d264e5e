#include "exporters/name_store.h"

#include <algorithm>
#include <bit>
#include <string_view>
#include <tuple>

#include "flowstats/base/check.h"

namespace tapstat::exporters {

using flowstats::kNoEntry;

namespace {

constexpr size_t kKeysMax = 64;
/// Most answers have one to three addresses.
constexpr uint32_t kNodesPerAnswer = 4;

uint32_t nodes_for(uint32_t answers) {
  const uint64_t wanted = std::max<uint64_t>(uint64_t{answers} * kNodesPerAnswer, 2 * kKeysMax);
  return static_cast<uint32_t>(std::min<uint64_t>(wanted, kNoEntry - 1));
}

/// Multiply and fold; 2^64 divided by the golden ratio (Knuth, section 6.4).
uint64_t mix(uint64_t hash, uint64_t word) {
  const auto product = static_cast<unsigned __int128>(hash ^ word) * uint64_t{0x9e3779b97f4a7c15};
  return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
}

NameKey key_of_client(const NameAnswer& answer) {
  NameKey key;
  key.client = answer.client;
  key.version = answer.version;
  return key;
}

}  // namespace

NameStore::Buckets::Buckets(uint32_t entries)
    : mask(std::bit_ceil(uint64_t{std::clamp(entries, 1U, 1U << 30)}) - 1),
      heads(static_cast<uint32_t>(mask + 1)) {}

NameStore::NameStore(flowstats::Mode mode, Bounds bounds)
    : mode_(mode),
      bounds_{std::max(bounds.answers_max, 1U), std::max(bounds.answers_per_client_max, 1U),
              bounds.hash_seed},
      entries_(bounds_.answers_max),
      nodes_(nodes_for(bounds_.answers_max)),
      pairs_(nodes_.capacity()),
      clients_(bounds_.answers_max + 1),
      pair_buckets_(pairs_.capacity()),
      client_buckets_(clients_.capacity()) {}

/// Puts `item` behind the newest one that it does not come before, or `steps_max` places from the
/// newest.
template <class LinksOf, class ComesBefore>
void NameStore::link(Chain& chain, uint32_t item, uint32_t steps_max, LinksOf links_of,
                     ComesBefore comes_before) {
  uint32_t older = chain.newest, newer = kNoEntry;
  for (uint32_t i = 0; i < steps_max && older != kNoEntry && comes_before(older); ++i) {
    newer = older;
    older = links_of(older).older;
  }
  links_of(item) = {older, newer};
  (older == kNoEntry ? chain.oldest : links_of(older).newer) = item;
  (newer == kNoEntry ? chain.newest : links_of(newer).older) = item;
}

template <class LinksOf>
void NameStore::unlink(Chain& chain, uint32_t item, LinksOf links_of) {
  const Links links = links_of(item);
  (links.older == kNoEntry ? chain.oldest : links_of(links.older).newer) = links.newer;
  (links.newer == kNoEntry ? chain.newest : links_of(links.newer).older) = links.older;
}

/// Of its bucket and of the pool.
template <class Pool>
void NameStore::take_out(uint32_t& head, Pool& pool, uint32_t item) {
  if (head == item + 1) {
    head = pool[item].next + 1;
  } else {
    uint32_t before = head - 1;
    while (pool[before].next != item) before = pool[before].next;
    pool[before].next = pool[item].next;
  }
  pool.give_back(item);
}

uint64_t NameStore::hash_of(const NameKey& key) const {
  uint64_t hash =
      bounds_.hash_seed ^ static_cast<uint64_t>(key.version) ^ (key.any_client ? uint64_t{256} : 0);
  for (const uint64_t word :
       {key.client.high, key.client.low, key.server.high, key.server.low, uint64_t{0}})
    hash = mix(hash, word + 1);
  return hash;
}

bool NameStore::comes_before(const NameAnswer& a, const NameAnswer& b) const {
  if (a.time != b.time || mode_ == flowstats::Mode::tstat) return a.time < b.time;
  const auto rest = [](const NameAnswer& x) {
    return std::make_tuple(x.version, x.resolver, x.client, x.name.view(), x.query, x.answer);
  };
  return rest(a) < rest(b);
}

uint32_t NameStore::find_pair(const NameKey& key) const {
  uint32_t pair = pair_buckets_.head(hash_of(key));
  while (pair != kNoEntry && !(pairs_[pair].key == key)) pair = pairs_[pair].next;
  return pair;
}

const NameAnswer* NameStore::find(const NameKey& key, flowstats::Timestamp time) const {
  const uint32_t pair = find_pair(key);
  if (pair == kNoEntry) return nullptr;
  for (uint32_t node = pairs_[pair].chain.newest; node != kNoEntry;
       node = nodes_[node].of_pair.older) {
    const NameAnswer& answer = entries_[nodes_[node].entry].answer;
    if (answer.time <= time) return &answer;
  }
  return nullptr;
}

uint32_t NameStore::find_or_add_client(const NameAnswer& answer) {
  const uint64_t hash = hash_of(key_of_client(answer));
  for (uint32_t at = client_buckets_.head(hash); at != kNoEntry; at = clients_[at].next)
    if (clients_[at].address == answer.client && clients_[at].version == answer.version) return at;
  const uint32_t client = clients_.take();
  TAPSTAT_ASSERT(client != kNoEntry);  // one more than entries, and each client has an entry
  clients_[client] = {client_buckets_.head(hash), 0, {}, answer.client, answer.version};
  client_buckets_.at(hash) = client + 1;
  return client;
}

/// False when the answer is not to be taken.
bool NameStore::make_room(const NameAnswer& answer, uint32_t client, size_t nodes) {
  if (clients_[client].answers >= bounds_.answers_per_client_max) {
    ++counts_.over_share;
    const uint32_t oldest = clients_[client].chain.oldest;
    if (comes_before(answer, entries_[oldest].answer)) return false;
    ++clients_[client].answers;  // keeps the client while its only entry goes
    remove_entry(oldest);
    --clients_[client].answers;
  }
  if (entries_.in_use() == entries_.capacity() &&
      comes_before(answer, entries_[all_.oldest].answer)) {
    ++counts_.too_old;
    return false;
  }
  ++clients_[client].answers;
  while (entries_.in_use() == entries_.capacity() || nodes_.capacity() - nodes_.in_use() < nodes) {
    ++counts_.evicted;
    remove_entry(all_.oldest);
  }
  --clients_[client].answers;
  return true;
}

void NameStore::insert(const NameAnswer& answer, std::span<const NameKey> keys) {
  TAPSTAT_ASSERT(keys.size() <= kKeysMax);
  const uint32_t client = find_or_add_client(answer);
  if (!make_room(answer, client, keys.size())) return remove_client_if_unused(client);
  const uint32_t entry = entries_.take();
  entries_[entry] = {kNoEntry, client, {}, {}, answer};
  const auto comes_before_entry = [&](uint32_t other) {
    return comes_before(answer, entries_[other].answer);
  };
  link(
      all_, entry, kDisorderMax, [this](uint32_t e) -> Links& { return entries_[e].all; },
      comes_before_entry);
  link(
      clients_[client].chain, entry, kDisorderMax,
      [this](uint32_t e) -> Links& { return entries_[e].of_client; }, comes_before_entry);
  ++clients_[client].answers;
  ++inserts_;
  ++counts_.learnt;
  for (const NameKey& key : keys) add_node(entry, key);
}

void NameStore::add_node(uint32_t entry, const NameKey& key) {
  uint32_t pair = find_pair(key);
  if (pair == kNoEntry) {
    const uint64_t hash = hash_of(key);
    pair = pairs_.take();
    pairs_[pair] = {pair_buckets_.head(hash), 0, {}, 0, key};
    pair_buckets_.at(hash) = pair + 1;
  }
  if (pairs_[pair].last_insert == inserts_) return;
  pairs_[pair].last_insert = inserts_;
  const uint32_t node = nodes_.take();
  nodes_[node] = {entries_[entry].first_node, entry, pair, {}};
  entries_[entry].first_node = node;
  link(
      pairs_[pair].chain, node, kAnswersPerPairMax,
      [this](uint32_t n) -> Links& { return nodes_[n].of_pair; },
      [&](uint32_t other) {
        return comes_before(entries_[entry].answer, entries_[nodes_[other].entry].answer);
      });
  if (++pairs_[pair].answers <= kAnswersPerPairMax) return;
  const uint32_t oldest = pairs_[pair].chain.oldest;
  uint32_t* place = &entries_[nodes_[oldest].entry].first_node;
  while (*place != oldest) place = &nodes_[*place].next;
  *place = nodes_[oldest].next;
  remove_node(oldest);
}

void NameStore::remove_node(uint32_t node) {
  const uint32_t pair = nodes_[node].pair;
  unlink(pairs_[pair].chain, node, [this](uint32_t n) -> Links& { return nodes_[n].of_pair; });
  nodes_.give_back(node);
  if (--pairs_[pair].answers != 0) return;
  take_out(pair_buckets_.at(hash_of(pairs_[pair].key)), pairs_, pair);
}

void NameStore::remove_client_if_unused(uint32_t client) {
  if (clients_[client].answers != 0) return;
  NameKey key;
  key.client = clients_[client].address;
  key.version = clients_[client].version;
  take_out(client_buckets_.at(hash_of(key)), clients_, client);
}

void NameStore::remove_entry(uint32_t entry) {
  for (uint32_t node = entries_[entry].first_node; node != kNoEntry;) {
    const uint32_t next = nodes_[node].next;
    remove_node(node);
    node = next;
  }
  const uint32_t client = entries_[entry].client;
  unlink(all_, entry, [this](uint32_t e) -> Links& { return entries_[e].all; });
  unlink(clients_[client].chain, entry,
         [this](uint32_t e) -> Links& { return entries_[e].of_client; });
  entries_.give_back(entry);
  --clients_[client].answers;
  remove_client_if_unused(client);
}

}  // namespace tapstat::exporters
