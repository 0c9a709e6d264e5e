/// DN-Hunter: which client learnt which name for which server, and the name that it knew when it
/// opened a flow (I. Bermudez et al., IMC 2012).
///
/// tstat: names go with addresses of the family that carried the answer, in a store for each
/// family. corrected: one store; an address of the other family names the flows of any client,
/// because nothing ties the two addresses of a client together, unless that client has learnt a
/// name for it itself; and no client has more than its share of the store. Owner: the writer's
/// collecting stage.
#pragma once

#include <cstdint>
#include <optional>

#include "exporters/name_store.h"
#include "flowstats/event_records.h"
#include "flowstats/measurement.h"
#include "flowstats/record.h"

namespace tapstat::exporters {

class NameCache {
 public:
  struct Options {
    flowstats::Mode mode = flowstats::Mode::tstat;
    uint32_t entries_v4 = 100'000;  // answers over IPv4
    uint32_t entries_v6 = 1'000;    // over IPv6; corrected mode: added to entries_v4
    uint64_t hash_seed = 0;
  };

  /// Corrected mode: this part of entries_v4 is what one client may have.
  static constexpr uint32_t kClientShare = 4;

  explicit NameCache(const Options& options);

  /// Takes the names of an answer, if it has any; other records are left alone.
  void learn(const flowstats::DnsRecord& record);

  /// For a flow from `client` to `server` whose first packet came at `first`: the newest answer
  /// that is not later. The name lives until the next learn().
  [[nodiscard]] std::optional<flowstats::Resolution> find(flowstats::IpVersion version,
                                                          const flowstats::IpAddress& client,
                                                          const flowstats::IpAddress& server,
                                                          flowstats::Timestamp first) const;

  /// Of both stores.
  [[nodiscard]] NameStore::Counts counts() const;

 private:
  [[nodiscard]] const NameStore& store_of(flowstats::IpVersion version) const {
    return separate_v6_ && version == flowstats::IpVersion::v6 ? *separate_v6_ : store_;
  }
  [[nodiscard]] NameStore& store_of(flowstats::IpVersion version) {
    return separate_v6_ && version == flowstats::IpVersion::v6 ? *separate_v6_ : store_;
  }

  flowstats::Mode mode_;
  NameStore store_;
  std::optional<NameStore> separate_v6_;  // tstat mode
};

}  // namespace tapstat::exporters
