/// Segments of one flow become rows of log_http_complete: each row must have thirteen fields, none
/// of them empty or with a control byte, and a segment that is cut must give no field that the
/// whole one does not begin with. The header part of a request is the same for any split.
///
/// Input: a byte (lowest bit: mode), then segments, each behind a head of two bytes: the highest
/// bit is the side, the others are the length.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "exporters/http_rows.h"
#include "exporters/row_buffer.h"
#include "flowstats/base/check.h"
#include "flowstats/layer7/http_fields.h"
#include "flowstats/layer7/http_follower.h"
#include "flowstats/layer7/http_head.h"
#include "tests/support/http_record.h"

namespace {

using namespace tapstat;
using flowstats::ByteRange;
using flowstats::Mode;
using flowstats::layer7::HttpFields;
using flowstats::layer7::HttpFollower;
using flowstats::layer7::HttpHeader;
using flowstats::layer7::HttpSegment;

constexpr ptrdiff_t kTabs = 12;

void check_row(std::string_view row) {
  TAPSTAT_ASSERT(row.ends_with('\n'));
  TAPSTAT_ASSERT(std::count(row.begin(), row.end(), '\t') == kTabs);
  TAPSTAT_ASSERT(row.find("\t\t") == std::string_view::npos);
  row.remove_suffix(1);
  TAPSTAT_ASSERT(row.back() != '\t');
  for (const char c : row) {
    const auto byte = static_cast<unsigned char>(c);
    TAPSTAT_ASSERT(c == '\t' || (byte >= 0x20 && byte != 0x7f));
  }
}

void check_rows(const HttpSegment& segment, Mode mode) {
  tests::HttpRecordMemory memory(
      segment.part, segment.continued,
      {reinterpret_cast<const char*>(segment.bytes.data()), segment.bytes.size()});
  bool had_row = false;
  for (const auto detail : {exporters::HttpDetail::hosts, exporters::HttpDetail::paths,
                            exporters::HttpDetail::complete}) {
    exporters::RowBuffer row;
    const bool has_row = exporters::append_http_row(row, memory.record(), {mode, detail});
    TAPSTAT_ASSERT(has_row != row.empty());
    if (has_row) check_row(row.text());
    TAPSTAT_ASSERT(has_row || !had_row);  // more detail shows no less
    had_row = has_row;
  }
}

void check_views(const HttpFields& fields, const HttpSegment& segment, Mode mode) {
  namespace layer7 = flowstats::layer7;
  const auto cut = layer7::http_field_cut(segment, mode);
  TAPSTAT_ASSERT((cut == layer7::HttpField::none) == (fields.cut == 0));
  TAPSTAT_ASSERT(cut == layer7::HttpField::none || fields.is_cut(layer7::without_query(cut)));
  if (segment.part == layer7::HttpPart::request || segment.part == layer7::HttpPart::request_rest)
    TAPSTAT_ASSERT(mode == Mode::corrected ||
                   layer7::tstat_http_host(segment) == fields[HttpHeader::host]);
}

/// Cut in the middle and just before the end.
void check_truncation(const HttpFields& whole, const HttpSegment& segment, Mode mode) {
  const size_t size = segment.bytes.size();
  for (const size_t kept : {size / 2, size - 1}) {
    const HttpSegment cut{segment.part, segment.continued, segment.bytes.first(kept)};
    const HttpFields fields = flowstats::layer7::read_http(cut, mode);
    TAPSTAT_ASSERT(whole.method.starts_with(fields.method));
    TAPSTAT_ASSERT(whole.path.starts_with(fields.path));
    TAPSTAT_ASSERT(whole.status.starts_with(fields.status));
    for (size_t i = 0; i < flowstats::layer7::kHttpHeaders; ++i)
      TAPSTAT_ASSERT(whole.values[i].starts_with(fields.values[i]));
  }
}

/// Pieces that grow by a byte each.
void check_head(ByteRange bytes) {
  flowstats::layer7::HttpHead whole, pieces;
  whole.begin();
  whole.read(bytes);
  for (size_t step = 1; step <= 17; step += 4) {
    pieces = {};
    pieces.begin();
    size_t size = step;
    for (ByteRange rest = bytes; !rest.empty(); rest = rest.from(size++))
      pieces.read(rest.first(size));
    TAPSTAT_ASSERT(pieces.host() == whole.host() && pieces.is_open() == whole.is_open());
  }
}

void check_segment(HttpFollower& follower, size_t side, ByteRange bytes, Mode mode) {
  const uint32_t messages = follower.requests() + follower.responses();
  const auto seen = follower.on_segment(side, bytes, mode);
  TAPSTAT_ASSERT(follower.requests() + follower.responses() - messages <= 1);
  if (seen.part == flowstats::layer7::HttpPart::none) return;
  const HttpSegment segment{seen.part, seen.continued, bytes};
  const HttpFields fields = flowstats::layer7::read_http(segment, mode);
  check_views(fields, segment, mode);
  check_truncation(fields, segment, mode);
  check_rows(segment, mode);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const Mode mode = (data[0] & 1) != 0 ? Mode::corrected : Mode::tstat;
  HttpFollower follower;
  check_head(ByteRange{data, size}.from(1));
  for (ByteRange rest = ByteRange{data, size}.from(1); rest.has(0, 2);) {
    const size_t length = size_t{rest.u16(0)} & 0x7fff;
    const size_t side = rest.u8(0) >> 7;
    const ByteRange segment = rest.from(2).first(length);
    check_segment(follower, side, segment, mode);
    rest = rest.from(2 + segment.size());
  }
  return 0;
}
