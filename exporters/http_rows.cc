#include "exporters/http_rows.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>

#include "exporters/row_writer.h"
#include "flowstats/columns/http.h"
#include "flowstats/layer7/http_fields.h"

namespace tapstat::exporters {

namespace {

using flowstats::HttpRecord;
using flowstats::HttpRow;
using flowstats::Mode;
using flowstats::layer7::HttpField;
using flowstats::layer7::HttpFields;
using flowstats::layer7::HttpHeader;
using flowstats::layer7::HttpPart;

constexpr char kSeparator = '\t';
constexpr std::string_view kCutMark = "[*]";

std::string_view before_query(std::string_view url) { return url.substr(0, url.find('?')); }

bool begins_with_scheme(std::string_view url, std::string_view scheme, Mode mode) {
  return url.size() >= scheme.size() &&
         std::equal(scheme.begin(), scheme.end(), url.begin(), [mode](char wanted, char c) {
           if (mode == Mode::corrected && c >= 'A' && c <= 'Z')
             c = static_cast<char>(c - 'A' + 'a');
           return c == wanted;
         });
}

/// Scheme and authority of a web address (RFC 3986 section 3.2) with the slash behind it, if there
/// is one; empty for everything else.
std::string_view origin(std::string_view url, Mode mode) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!begins_with_scheme(url, scheme, mode)) continue;
    const size_t end = std::min(url.find_first_of("/?#", scheme.size()), url.size());
    if (end == scheme.size()) return {};
    return url.substr(0, url.substr(end, 1) == "/" ? end + 1 : end);
  }
  return {};
}

/// Decides what of the segment's fields is printed; keeps the texts that got a mark.
class HttpRowMaker {
 public:
  HttpRowMaker(const HttpRecord& record, const HttpLogShape& shape)
      : record_(record),
        shape_(shape),
        fields_(flowstats::layer7::read_http(
            {record.part, record.continued,
             flowstats::ByteRange{reinterpret_cast<const uint8_t*>(
                                      flowstats::text_of(record, record.segment).data()),
                                  record.segment.size}},
            shape.mode)) {}

  void make(HttpRow& row);
  /// Some field was there, printable or not.
  [[nodiscard]] bool found_any() const { return found_any_; }

 private:
  void request(HttpRow& row);
  void response(HttpRow& row);
  std::string_view found(std::string_view value) {
    found_any_ = found_any_ || !value.empty();
    return value;
  }
  std::string_view header(HttpHeader h) { return found(fields_[h]); }
  /// Values that the next segment may continue, from the least detail at which they are printed.
  std::string_view markable(HttpField field, std::string_view value, HttpDetail least);
  /// The same for URLs, of which less is printed at less detail.
  std::string_view url(HttpField field, std::string_view value, HttpDetail least);
  std::string_view rest_of(HttpField field);
  [[nodiscard]] std::string_view treated_name(std::string_view name) const {
    return shape_.anonymiser == nullptr ? name : shape_.anonymiser->message_name(name);
  }
  /// A URL names a host: where names are not told as they are, it is left out.
  [[nodiscard]] std::string_view treated_url(std::string_view value) const {
    return treated_name(value) == value ? value : std::string_view{};
  }
  std::string_view with_mark(std::string_view before, std::string_view value,
                             std::string_view after);

  const HttpRecord& record_;
  const HttpLogShape& shape_;
  HttpFields fields_;
  bool found_any_ = false;
  std::array<std::string, 5> marked_;  // as many as one part has fields that can be cut
  size_t marks_ = 0;
};

std::string_view HttpRowMaker::with_mark(std::string_view before, std::string_view value,
                                         std::string_view after) {
  std::string& text = marked_[marks_++];
  text.reserve(before.size() + value.size() + after.size());
  text.append(before).append(value).append(after);
  return text;
}

std::string_view HttpRowMaker::markable(HttpField field, std::string_view value, HttpDetail least) {
  if (shape_.detail < least) return {};
  if (flowstats::layer7::without_query(record_.continued) == field && !fields_.rest.empty())
    return with_mark(kCutMark, found(fields_.rest), {});
  if (value.empty() || !fields_.is_cut(field)) return found(value);
  return with_mark({}, found(value), kCutMark);
}

/// A rest is printed where the whole value may be, and where it is known to lie before the query.
std::string_view HttpRowMaker::rest_of(HttpField field) {
  const bool continues = flowstats::layer7::without_query(record_.continued) == field;
  if (!continues || shape_.detail == HttpDetail::hosts) return {};
  if (shape_.detail == HttpDetail::complete) return fields_.rest;
  return record_.continued == field ? before_query(fields_.rest) : std::string_view{};
}

std::string_view HttpRowMaker::url(HttpField field, std::string_view value, HttpDetail least) {
  if (shape_.detail < least) return {};
  if (const std::string_view rest = rest_of(field); !rest.empty())
    return with_mark(kCutMark, found(rest), {});
  if (shape_.detail == HttpDetail::complete) return markable(field, value, least);
  const std::string_view printed =
      shape_.detail == HttpDetail::hosts ? origin(value, shape_.mode) : before_query(value);
  // Tstat counts a value that it must not print.
  found(shape_.mode == Mode::tstat ? value : printed);
  const bool reaches_end = printed.size() == value.size() && fields_.is_cut(field);
  return reaches_end && !printed.empty() ? with_mark({}, printed, kCutMark) : printed;
}

void HttpRowMaker::request(HttpRow& row) {
  row.kind = record_.part == HttpPart::request ? found(fields_.method) : "REQ2";
  row.host = treated_name(header(HttpHeader::host));
  if (record_.resolution != nullptr) row.fqdn = record_.resolution->name;
  row.path = url(HttpField::path, fields_.path, HttpDetail::paths);
  row.referer =
      treated_url(url(HttpField::referer, fields_[HttpHeader::referer], HttpDetail::hosts));
  row.user_agent =
      markable(HttpField::user_agent, fields_[HttpHeader::user_agent], HttpDetail::hosts);
  row.cookie = markable(HttpField::cookie, fields_[HttpHeader::cookie], HttpDetail::complete);
  row.dnt = header(HttpHeader::dnt);
}

void HttpRowMaker::response(HttpRow& row) {
  row.kind = record_.part == HttpPart::response ? "HTTP" : "RES2";
  row.status = found(fields_.status);
  row.content_length = header(HttpHeader::content_length);
  row.content_type = header(HttpHeader::content_type);
  row.server = header(HttpHeader::server);
  row.content_range = header(HttpHeader::content_range);
  row.location =
      treated_url(url(HttpField::location, fields_[HttpHeader::location], HttpDetail::hosts));
  row.set_cookie =
      markable(HttpField::set_cookie, fields_[HttpHeader::set_cookie], HttpDetail::complete);
}

void HttpRowMaker::make(HttpRow& row) {
  row.ends = record_.ends;
  row.time = record_.time;
  if (record_.part == HttpPart::request || record_.part == HttpPart::request_rest)
    request(row);
  else
    response(row);
}

}  // namespace

std::string http_header_lines() {
  return header_of("#C#", flowstats::kHttpRequestColumns, kSeparator) +
         header_of("#S#", flowstats::kHttpResponseColumns, kSeparator);
}

bool append_http_row(RowBuffer& out, const HttpRecord& record, const HttpLogShape& shape) {
  if (record.part == HttpPart::none) return false;
  HttpRow row;
  HttpRowMaker maker(record, shape);
  maker.make(row);
  if (!maker.found_any()) return false;
  if (record.part == HttpPart::request || record.part == HttpPart::request_rest)
    append_whole_row<flowstats::kHttpRequestColumns>(out, row, kSeparator);
  else
    append_whole_row<flowstats::kHttpResponseColumns>(out, row, kSeparator);
  return true;
}

}  // namespace tapstat::exporters
