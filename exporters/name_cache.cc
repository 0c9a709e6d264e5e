#include "exporters/name_cache.h"

#include <algorithm>
#include <array>
#include <span>
#include <string_view>

#include "flowstats/layer7/dns_answers.h"

namespace tapstat::exporters {

namespace {

using flowstats::DnsRecord;
using flowstats::IpAddress;
using flowstats::IpVersion;
using flowstats::kNever;
using flowstats::Mode;
using flowstats::Resolution;
using flowstats::Timestamp;
using flowstats::layer7::DnsAnswers;
using flowstats::layer7::kAnswerAddressesMax;

/// When the conversation began with an answer, its "client" is the resolver: Tstat takes the times
/// of the two directions as they are then, so that the request has the time of the answer (golden
/// case 31).
void set_times(NameAnswer& answer, const DnsRecord& record, Mode mode) {
  const bool opened_by_client = !(record.client == answer.resolver);
  if (mode == Mode::tstat || opened_by_client) {
    answer.query = record.query_time;
    answer.answer = mode == Mode::tstat ? record.answer_time : record.time;
    answer.query_seen =
        mode == Mode::tstat ? record.answer_time != kNever : record.query_time != kNever;
  } else {
    answer.query = record.answer_time;
    answer.answer = record.time;
    answer.query_seen = record.answer_time != kNever;
  }
  if (answer.query == kNever) answer.query = record.time;
}

/// One key for each address.
class Keys {
 public:
  Keys(IpVersion packet_version, const IpAddress& client)
      : packet_version_(packet_version), client_(client) {}

  void add(IpVersion version, std::span<const IpAddress> servers) {
    for (const IpAddress& server : servers) {
      NameKey& key = keys_[count_++];
      key.server = server;
      key.version = version;
      key.any_client = version != packet_version_;
      if (!key.any_client) key.client = client_;
    }
  }
  [[nodiscard]] std::span<const NameKey> all() const { return {keys_.data(), count_}; }

 private:
  IpVersion packet_version_;
  IpAddress client_;
  size_t count_ = 0;
  std::array<NameKey, 2 * kAnswerAddressesMax> keys_;
};

NameStore::Bounds store_bounds(const NameCache::Options& options) {
  NameStore::Bounds bounds;
  bounds.hash_seed = options.hash_seed;
  bounds.answers_max = options.entries_v4;
  if (options.mode == Mode::tstat) return bounds;
  bounds.answers_max += options.entries_v6;
  bounds.answers_per_client_max = options.entries_v4 / NameCache::kClientShare;
  return bounds;
}

NameStore::Bounds separate_bounds(const NameCache::Options& options) {
  NameStore::Bounds bounds;
  bounds.answers_max = options.entries_v6;
  bounds.hash_seed = options.hash_seed;
  return bounds;
}

}  // namespace

NameCache::NameCache(const Options& options)
    : mode_(options.mode), store_(options.mode, store_bounds(options)) {
  if (mode_ == Mode::tstat) separate_v6_.emplace(mode_, separate_bounds(options));
}

void NameCache::learn(const DnsRecord& record) {
  if (!record.for_names) return;
  const std::string_view text = flowstats::text_of(record, record.message);
  const auto answers = flowstats::layer7::read_dns_answers(
      {reinterpret_cast<const uint8_t*>(text.data()), text.size()}, record.ends.ip_version, mode_);
  if (!answers) return;
  NameAnswer answer;
  answer.name = answers->name;
  answer.version = record.ends.ip_version;
  answer.resolver = record.ends.address[0];
  answer.client = record.ends.address[1];
  answer.time = record.time;
  set_times(answer, record, mode_);
  Keys keys{answer.version, answer.client};
  keys.add(IpVersion::v4, std::span{answers->v4}.first(answers->count_v4));
  keys.add(IpVersion::v6, std::span{answers->v6}.first(answers->count_v6));
  store_of(answer.version).insert(answer, keys.all());
}

std::optional<Resolution> NameCache::find(IpVersion version, const IpAddress& client,
                                          const IpAddress& server, Timestamp first) const {
  NameKey key{client, server, version, false};
  const NameStore& store = store_of(version);
  const NameAnswer* answer = store.find(key, first);
  if (answer == nullptr && mode_ == Mode::corrected) {
    key.client = {};
    key.any_client = true;
    answer = store.find(key, first);
  }
  if (answer == nullptr) return std::nullopt;
  return Resolution{answer->name.view(), answer->resolver, answer->version,
                    answer->query,       answer->answer,   answer->query_seen};
}

NameStore::Counts NameCache::counts() const {
  NameStore::Counts sum = store_.counts();
  if (separate_v6_) {
    const NameStore::Counts& v6 = separate_v6_->counts();
    sum.learnt += v6.learnt;
    sum.evicted += v6.evicted;
    sum.over_share += v6.over_share;
    sum.too_old += v6.too_old;
  }
  return sum;
}

}  // namespace tapstat::exporters
