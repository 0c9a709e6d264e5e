/// DNS messages: parsed, printed as rows and learnt from, in both modes. Rows are lines of as many
/// words as the log has columns, there are as many as the printer says, and bytes behind a message
/// that can be read change nothing.
///
/// The first byte of the input chooses ports and family, the rest is the message.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "exporters/dns_rows.h"
#include "exporters/name_cache.h"
#include "flowstats/columns/dns.h"
#include "flowstats/layer7/dns_answers.h"
#include "flowstats/layer7/dns_message.h"
#include "tests/support/dns_builder.h"

namespace {

using namespace tapstat;
using flowstats::ByteRange;
using flowstats::IpVersion;
using flowstats::Mode;

void require(bool holds) {
  if (!holds) std::abort();
}

void fill(tests::OwnedDnsRecord& record, uint8_t choice) {
  record->for_names = true;
  record->ends.ip_version = (choice & 1) != 0 ? IpVersion::v6 : IpVersion::v4;
  record->ends.address = {flowstats::IpAddress::v4(1), flowstats::IpAddress::v4(2)};
  record->ends.port = {static_cast<uint16_t>((choice & 2) != 0 ? 53 : 5'353),
                       static_cast<uint16_t>((choice & 4) != 0 ? 53 : 9'999)};
  record->client = record->ends.address[(choice & 8) != 0 ? 0 : 1];
  record->time = record->query_time = record->answer_time = {1'000};
}

void check_rows(std::string_view text, uint32_t rows) {
  uint32_t lines = 0;
  for (; !text.empty(); ++lines) {
    const size_t end = text.find('\n');
    require(end != std::string_view::npos);
    const std::string_view line = text.substr(0, end);
    require(std::count(line.begin(), line.end(), ' ') + 1 ==
            static_cast<ptrdiff_t>(flowstats::kDnsColumns.size()));
    require(line.find("  ") == std::string_view::npos && line.front() != ' ' && line.back() != ' ');
    for (const char c : line) require(static_cast<unsigned char>(c) >= ' ' || c == '\t');
    text.remove_prefix(end + 1);
  }
  require(lines == rows);
}

void check_mode(ByteRange message, uint8_t choice, Mode mode) {
  tests::OwnedDnsRecord record{message};
  fill(record, choice);
  exporters::RowBuffer out;
  const uint32_t rows = exporters::append_dns_rows(out, *record, mode);
  require(rows == 0 || flowstats::layer7::is_dns_message(message));
  check_rows(out.text(), rows);

  exporters::NameCache::Options options;
  options.mode = mode;
  options.entries_v4 = options.entries_v6 = 4;
  exporters::NameCache cache{options};
  cache.learn(*record);
  const IpVersion version = record->ends.ip_version;
  const auto answers = flowstats::layer7::read_dns_answers(message, version, mode);
  require(cache.counts().learnt == (answers ? 1 : 0));
  if (!answers) return;
  const bool is_v4 = version == IpVersion::v4;
  const auto& servers = is_v4 ? answers->v4 : answers->v6;
  for (size_t i = 0; i < (is_v4 ? answers->count_v4 : answers->count_v6); ++i) {
    const auto found = cache.find(version, record->ends.address[1], servers[i], record->time);
    require(found && found->name == answers->name.view() && !found->name.empty());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0 || size > 60'000) return 0;
  const ByteRange message{data + 1, size - 1};
  for (const Mode mode : {Mode::tstat, Mode::corrected}) check_mode(message, data[0], mode);
  if (flowstats::layer7::is_dns_message(message)) {
    std::vector<uint8_t> longer{data + 1, data + size};
    longer.insert(longer.end(), {0, 1, 0xc0});
    require(flowstats::layer7::is_dns_message({longer.data(), longer.size()}));
  }
  return 0;
}
