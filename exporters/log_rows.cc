#include "exporters/log_rows.h"

#include <span>

#include "exporters/dns_rows.h"
#include "exporters/http_rows.h"
#include "exporters/row_writer.h"
#include "flowstats/columns/dns.h"
#include "flowstats/columns/intervals.h"
#include "flowstats/columns/udp_layouts.h"
#include "flowstats/records.h"

namespace tapstat::exporters {

using flowstats::Log;
using flowstats::RecordHead;
using flowstats::RecordKind;

namespace {

void append_udp_row(RowBuffer& out, const LogShape& shape, const flowstats::UdpRecord& record) {
  using flowstats::kUdpColumns;
  constexpr size_t kCore = flowstats::kUdpCoreColumns;
  append_columns<kUdpColumns, 0, kCore>(out, record, ' ');
  if (shape.groups.has(flowstats::Group::fingerprint))
    append_columns<kUdpColumns, kCore, kUdpColumns.size() - kCore>(out, record, ' ');
  out.back() = '\n';
}

}  // namespace

std::optional<Log> log_of(const RecordHead& record) {
  switch (record.kind) {
    case RecordKind::udp_flow: return Log::udp_complete;
    case RecordKind::rtp_stream: return Log::mm_complete;
    case RecordKind::http_message: return Log::http_complete;
    case RecordKind::dns_message: return Log::dns_complete;
    case RecordKind::tcp_interval: return Log::tcp_periodic;
    case RecordKind::udp_interval: return Log::udp_periodic;
    case RecordKind::tcp_flow:
      return static_cast<const flowstats::TcpRecord&>(record).complete ? Log::tcp_complete
                                                                       : Log::tcp_nocomplete;
    case RecordKind::exit:
    case RecordKind::filler: break;
  }
  return std::nullopt;
}

uint64_t rows_when_off(const RecordHead& record) {
  if (record.kind == RecordKind::dns_message)
    return static_cast<const flowstats::DnsRecord&>(record).for_log ? 1 : 0;
  return 1;
}

std::string log_header(const LogShape& shape) {
  switch (shape.log) {
    case Log::tcp_complete:
    case Log::tcp_nocomplete: break;
    case Log::udp_complete:
      return header_of(
          "#", std::span{flowstats::kUdpColumns}.first(
                   shape.groups.has(flowstats::Group::fingerprint) ? flowstats::kUdpColumns.size()
                                                                   : flowstats::kUdpCoreColumns));
    case Log::mm_complete: return header_of("#", flowstats::kMmColumns);
    case Log::http_complete: return http_header_lines();
    case Log::dns_complete: return header_of("#", flowstats::kDnsColumns);
    case Log::tcp_periodic: return header_of("#", flowstats::kTcpIntervalColumns);
    case Log::udp_periodic: return header_of("#", flowstats::kUdpIntervalColumns);
  }
  return header_line(shape);
}

namespace {

/// The rows of one kind of record.
uint64_t append_rows_of(RowBuffer& out, const LogShape& shape, const flowstats::TcpRecord& record,
                        const Anonymiser*) {
  append_row(out, shape, record);
  return 1;
}
uint64_t append_rows_of(RowBuffer& out, const LogShape& shape, const flowstats::UdpRecord& record,
                        const Anonymiser*) {
  append_udp_row(out, shape, record);
  return 1;
}
uint64_t append_rows_of(RowBuffer& out, const LogShape&, const flowstats::RtpRecord& record,
                        const Anonymiser*) {
  append_whole_row<flowstats::kMmColumns>(out, record);
  return 1;
}
uint64_t append_rows_of(RowBuffer& out, const LogShape&, const flowstats::TcpIntervalRecord& record,
                        const Anonymiser*) {
  append_whole_row<flowstats::kTcpIntervalColumns>(out, record);
  return 1;
}
uint64_t append_rows_of(RowBuffer& out, const LogShape&, const flowstats::UdpIntervalRecord& record,
                        const Anonymiser*) {
  append_whole_row<flowstats::kUdpIntervalColumns>(out, record);
  return 1;
}
uint64_t append_rows_of(RowBuffer& out, const LogShape& shape, const flowstats::HttpRecord& record,
                        const Anonymiser* anonymiser) {
  const auto detail = static_cast<HttpDetail>(shape.http_privacy);
  return append_http_row(out, record, {shape.mode, detail, anonymiser}) ? 1 : 0;
}
uint64_t append_rows_of(RowBuffer& out, const LogShape& shape, const flowstats::DnsRecord& record,
                        const Anonymiser* anonymiser) {
  return record.for_log ? append_dns_rows(out, record, shape.mode, anonymiser) : 0;
}

template <class Record>
uint64_t append_shown(RowBuffer& out, const LogShape& shape, const RecordHead& head,
                      const Anonymiser* anonymiser) {
  const auto& record = static_cast<const Record&>(head);
  return append_rows_of(out, shape, anonymiser == nullptr ? record : anonymiser->shown(record),
                        anonymiser);
}

}  // namespace

uint64_t append_rows(RowBuffer& out, const LogShape& shape, const RecordHead& record,
                     const Anonymiser* anonymiser) {
  using namespace flowstats;
  switch (record.kind) {
    case RecordKind::exit:
    case RecordKind::filler: break;
    case RecordKind::tcp_flow: return append_shown<TcpRecord>(out, shape, record, anonymiser);
    case RecordKind::udp_flow: return append_shown<UdpRecord>(out, shape, record, anonymiser);
    case RecordKind::rtp_stream: return append_shown<RtpRecord>(out, shape, record, anonymiser);
    case RecordKind::http_message: return append_shown<HttpRecord>(out, shape, record, anonymiser);
    case RecordKind::dns_message: return append_shown<DnsRecord>(out, shape, record, anonymiser);
    case RecordKind::tcp_interval:
      return append_shown<TcpIntervalRecord>(out, shape, record, anonymiser);
    case RecordKind::udp_interval:
      return append_shown<UdpIntervalRecord>(out, shape, record, anonymiser);
  }
  return 0;
}

}  // namespace tapstat::exporters
