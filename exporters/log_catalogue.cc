#include "exporters/log_catalogue.h"

#include "flowstats/columns/dns.h"
#include "flowstats/columns/http.h"
#include "flowstats/columns/intervals.h"
#include "flowstats/columns/udp_layouts.h"
#include "flowstats/columns/web100.h"

namespace tapstat::exporters {

namespace {

using flowstats::Log;

template <class Columns>
DescribedLog describe(std::string name, const Columns& columns) {
  DescribedLog log{std::move(name), {}};
  for (const auto& column : columns)
    log.columns.push_back({std::string{column.text()},
                           column.group,
                           column.spec->unit,
                           column.ipfix(),
                           column.spec->help,
                           {},
                           {},
                           {},
                           false});
  return log;
}

DescribedLog describe_web100() {
  DescribedLog log = describe("web100", flowstats::kWeb100Columns);
  for (size_t i = 0; i < log.columns.size(); ++i) {
    const flowstats::Web100Variable& variable = flowstats::kWeb100Variables[i];
    log.columns[i].knowledge = flowstats::knowledge_name(variable.knowledge);
    log.columns[i].tolerance = variable.tolerance;
    log.columns[i].canonical = flowstats::kWeb100Names[i].canonical;
    log.columns[i].is_usual = variable.is_usual();
  }
  return log;
}

std::string name_of(Log log) { return std::string{flowstats::log_name(log)}; }

}  // namespace

std::vector<DescribedLog> describe_other_logs() {
  return {describe(name_of(Log::udp_complete), flowstats::kUdpColumns),
          describe(name_of(Log::mm_complete), flowstats::kMmColumns),
          describe(name_of(Log::http_complete) + ", requests", flowstats::kHttpRequestColumns),
          describe(name_of(Log::http_complete) + ", responses", flowstats::kHttpResponseColumns),
          describe(name_of(Log::dns_complete), flowstats::kDnsColumns),
          describe(name_of(Log::tcp_periodic), flowstats::kTcpIntervalColumns),
          describe(name_of(Log::udp_periodic), flowstats::kUdpIntervalColumns),
          describe_web100()};
}

}  // namespace tapstat::exporters
