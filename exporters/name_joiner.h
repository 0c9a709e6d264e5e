/// Gives records the names that their clients had learnt by DNS: the writer's side of DN-Hunter.
///
/// Collecting stage only. It learns from the DNS messages that pass by and looks names up for flows
/// and HTTP messages; the collector sees to the order (record_collector.h).
#pragma once

#include <cstddef>

#include "exporters/joined_names.h"
#include "exporters/name_cache.h"
#include "flowstats/base/counters.h"
#include "flowstats/event_records.h"
#include "flowstats/record.h"

namespace tapstat::exporters {

struct NameOptions {
  bool wanted = true;  // some log shows names
  NameCache::Options cache;
};

class NameJoiner {
 public:
  NameJoiner(const NameOptions& options, flowstats::CounterBlock& counters);

  [[nodiscard]] bool wanted() const { return wanted_; }

  /// Learns what a DNS message says, and sets the resolution of other records.
  void join(flowstats::RecordHead& record, JoinedNames& names);

  /// `records` were taken before all workers had handed over what they learnt.
  void note_early(size_t records);

 private:
  template <class Record>
  void look_up(Record& record, const flowstats::IpAddress& client,
               const flowstats::IpAddress& server, flowstats::IpVersion version,
               flowstats::Timestamp first, JoinedNames& names) const;

  void learn(const flowstats::DnsRecord& message);

  bool wanted_;
  flowstats::CounterBlock& counters_;
  NameCache cache_;
};

}  // namespace tapstat::exporters
