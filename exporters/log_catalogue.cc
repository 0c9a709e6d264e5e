#include "exporters/log_catalogue.h"

#include "flowstats/columns/dns.h"
#include "flowstats/columns/http.h"
#include "flowstats/columns/intervals.h"
#include "flowstats/columns/udp_layouts.h"

namespace tapstat::exporters {

namespace {

using flowstats::Log;

template <class Columns>
DescribedLog describe(std::string name, const Columns& columns) {
  DescribedLog log{std::move(name), {}};
  for (const auto& column : columns)
    log.columns.push_back({std::string{column.text()}, column.group, column.spec->unit,
                           column.ipfix(), column.spec->help});
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
          describe(name_of(Log::udp_periodic), flowstats::kUdpIntervalColumns)};
}

}  // namespace tapstat::exporters
