/// A bounded store of DNS answers, found by client and server and ordered by time.
///
/// It keeps the newest answers: of all, of each client, of each pair of client and server. What it
/// holds depends on the set of answers and hardly on the order in which they come, so that several
/// workers may deliver them: an answer that comes more than kDisorderMax places late may only leave
/// the store at another time than its own. All memory is reserved at construction, about 450 bytes
/// for each answer, and touched when used. Owner: the writer's collecting stage.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>

#include "flowstats/base/arena.h"
#include "flowstats/base/entry_pool.h"
#include "flowstats/base/text.h"
#include "flowstats/base/units.h"
#include "flowstats/measurement.h"
#include "flowstats/wire/ip_address.h"

namespace tapstat::exporters {

/// Whose flows to which server an answer names.
struct NameKey {
  flowstats::IpAddress client, server;
  flowstats::IpVersion version = flowstats::IpVersion::v4;
  bool any_client = false;  // `client` is zero
  bool operator==(const NameKey&) const = default;
};

struct NameAnswer {
  flowstats::Text<255> name;
  flowstats::IpVersion version = flowstats::IpVersion::v4;  // of client and resolver
  bool query_seen = true;
  flowstats::IpAddress client, resolver;
  flowstats::Timestamp time;  // of the packet
  flowstats::Timestamp query, answer;
};

class NameStore {
 public:
  struct Bounds {
    uint32_t answers_max = 100'000;
    uint32_t answers_per_client_max = std::numeric_limits<uint32_t>::max();
    uint64_t hash_seed = 0;
  };
  struct Counts {
    uint64_t learnt = 0;
    uint64_t evicted = 0;     // by newer answers, the store being full
    uint64_t over_share = 0;  // evicted or not taken, the client having its share
    uint64_t too_old = 0;     // not taken, all that the full store holds being newer
  };
  static constexpr uint32_t kAnswersPerPairMax = 1'024;
  static constexpr uint32_t kDisorderMax = 512;  // places that an answer may come late

  /// tstat: of two answers of the same microsecond the later one to come is the newer; corrected:
  /// their texts decide.
  NameStore(flowstats::Mode mode, Bounds bounds);

  /// At most 64 keys.
  void insert(const NameAnswer& answer, std::span<const NameKey> keys);

  /// The newest answer that is not later than `time`; null: none. Lives until the next insert().
  [[nodiscard]] const NameAnswer* find(const NameKey& key, flowstats::Timestamp time) const;

  [[nodiscard]] const Counts& counts() const { return counts_; }

 private:
  struct Links {
    uint32_t older = flowstats::kNoEntry, newer = flowstats::kNoEntry;
  };
  struct Chain {
    uint32_t oldest = flowstats::kNoEntry, newest = flowstats::kNoEntry;
  };
  struct Entry {
    uint32_t first_node = flowstats::kNoEntry;
    uint32_t client = flowstats::kNoEntry;  // its Client
    Links all, of_client;
    NameAnswer answer;
  };
  struct Node {                           // an entry as one of the answers for a pair
    uint32_t next = flowstats::kNoEntry;  // of the entry
    uint32_t entry = flowstats::kNoEntry, pair = flowstats::kNoEntry;
    Links of_pair;
  };
  struct Pair {
    uint32_t next = flowstats::kNoEntry;  // of the bucket
    uint32_t answers = 0;
    Chain chain;
    uint64_t last_insert = 0;  // an address that an answer repeats counts once
    NameKey key;
  };
  struct Client {
    uint32_t next = flowstats::kNoEntry;  // of the bucket
    uint32_t answers = 0;
    Chain chain;
    flowstats::IpAddress address;
    flowstats::IpVersion version = flowstats::IpVersion::v4;
  };
  /// Heads of the lists that share a hash value, plus one: zero is an empty list.
  struct Buckets {
    explicit Buckets(uint32_t entries);
    [[nodiscard]] uint32_t& at(uint64_t hash) { return heads[hash & mask]; }
    [[nodiscard]] uint32_t head(uint64_t hash) const { return heads[hash & mask] - 1; }
    uint64_t mask;
    flowstats::Arena<uint32_t> heads;
  };

  template <class LinksOf, class ComesBefore>
  static void link(Chain& chain, uint32_t item, uint32_t steps_max, LinksOf links_of,
                   ComesBefore comes_before);
  template <class LinksOf>
  static void unlink(Chain& chain, uint32_t item, LinksOf links_of);

  template <class Pool>
  static void take_out(uint32_t& head, Pool& pool, uint32_t item);

  [[nodiscard]] uint64_t hash_of(const NameKey& key) const;
  [[nodiscard]] bool comes_before(const NameAnswer& a, const NameAnswer& b) const;
  [[nodiscard]] uint32_t find_pair(const NameKey& key) const;
  [[nodiscard]] uint32_t find_or_add_client(const NameAnswer& answer);
  [[nodiscard]] bool make_room(const NameAnswer& answer, uint32_t client, size_t nodes);
  void add_node(uint32_t entry, const NameKey& key);
  void remove_entry(uint32_t entry);
  void remove_client_if_unused(uint32_t client);
  void remove_node(uint32_t node);

  flowstats::Mode mode_;
  Bounds bounds_;
  flowstats::EntryPool<Entry> entries_;
  flowstats::EntryPool<Node> nodes_;
  flowstats::EntryPool<Pair> pairs_;
  flowstats::EntryPool<Client> clients_;
  Buckets pair_buckets_, client_buckets_;
  Chain all_;
  uint64_t inserts_ = 0;
  Counts counts_;
};

}  // namespace tapstat::exporters
