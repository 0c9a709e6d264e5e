#include "flowstats/layer7/http_fields.h"

#include <algorithm>
#include <cstring>

#include "flowstats/base/text.h"

namespace tapstat::flowstats::layer7 {

namespace {

struct HeaderSpec {
  std::string_view name;  // with the colon and the blank that Mode::tstat asks for
  size_t bytes_max;
  bool is_word;     // ends at white space, too
  HttpField field;  // none: a cut is not marked
};

// By HttpHeader.
constexpr std::array<HeaderSpec, kHttpHeaders> kHeaders = {{
    {"Host: ", kHttpShortValueBytesMax, true, HttpField::none},
    {"Referer: ", kHttpLongValueBytesMax, true, HttpField::referer},
    {"User-Agent: ", kHttpLongValueBytesMax, false, HttpField::user_agent},
    {"Cookie: ", kHttpLongValueBytesMax, false, HttpField::cookie},
    {"DNT: ", kHttpShortValueBytesMax, false, HttpField::none},
    {"Content-Type: ", kHttpShortValueBytesMax, false, HttpField::none},
    {"Content-Length: ", kHttpShortValueBytesMax, false, HttpField::none},
    {"Content-Range: ", kHttpShortValueBytesMax, false, HttpField::none},
    {"Server: ", kHttpShortValueBytesMax, false, HttpField::none},
    {"Location: ", kHttpLongValueBytesMax, true, HttpField::location},
    {"Set-Cookie: ", kHttpLongValueBytesMax, false, HttpField::set_cookie},
}};
constexpr size_t kRequestHeadersEnd = static_cast<size_t>(HttpHeader::content_type);

constexpr std::array<std::string_view, 7> kMethods = {"GET ",   "POST",    "HEAD",    "PUT ",
                                                      "PATCH ", "DELETE ", "OPTIONS "};
// RFC 9110 section 9.3.
constexpr std::array<std::string_view, 9> kMethodsCorrected = {
    "GET ", "POST ", "HEAD ", "PUT ", "PATCH ", "DELETE ", "OPTIONS ", "CONNECT ", "TRACE "};

std::string_view text_of(ByteRange bytes) {
  if (bytes.empty()) return {};
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

bool is_control(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte < 0x20 || byte == 0x7f;
}
bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Up to the first control character and, for a word, the first blank; other white space is
/// control.
size_t value_end(std::string_view text, size_t from, bool is_word) {
  size_t at = from;
  while (at < text.size() && !is_control(text[at]) && !(is_word && text[at] == ' ')) ++at;
  return at;
}

/// A value before its bound is applied.
struct Found {
  std::string_view value;
  bool reaches_end = false;  // of the text
};

/// The C library's search stays linear for text made of a name's first letters.
size_t find_name(std::string_view text, std::string_view name, size_t from) {
  if (from >= text.size()) return std::string_view::npos;
  const void* at = memmem(text.data() + from, text.size() - from, name.data(), name.size());
  return at == nullptr ? std::string_view::npos
                       : static_cast<size_t>(static_cast<const char*>(at) - text.data());
}

/// Names match anywhere, so that `X-Host: a` is a Host; a name without a value is passed over.
Found find_anywhere(std::string_view text, const HeaderSpec& spec) {
  for (size_t at = find_name(text, spec.name, 0); at != std::string_view::npos;
       at = find_name(text, spec.name, at + 1)) {
    const size_t from = at + spec.name.size();
    const size_t to = value_end(text, from, spec.is_word);
    if (to > from) return {text.substr(from, to - from), to == text.size()};
  }
  return {};
}

bool names_field(std::string_view line, std::string_view name_and_colon) {
  return line.size() >= name_and_colon.size() &&
         std::equal(name_and_colon.begin(), name_and_colon.end(), line.begin(),
                    [](char a, char b) { return ascii_lower(a) == ascii_lower(b); });
}

std::string_view without_blanks_around(std::string_view value) {
  const size_t from = value.find_first_not_of(" \t");
  if (from == std::string_view::npos) return {};
  return value.substr(from, value.find_last_not_of(" \t") + 1 - from);
}

Found find_line(std::string_view text, const HeaderSpec& spec) {
  const std::string_view name = spec.name.substr(0, spec.name.size() - 1);
  for (size_t at = 0; at < text.size();) {
    const size_t end = text.find('\n', at);
    std::string_view line = text.substr(at, end == std::string_view::npos ? end : end - at);
    if (names_field(line, name)) {
      if (line.back() == '\r') line.remove_suffix(1);
      const std::string_view value = without_blanks_around(line.substr(name.size()));
      if (!value.empty()) return {value, value.end() == text.end()};
    }
    if (end == std::string_view::npos) break;
    at = end + 1;
  }
  return {};
}

/// Where the blank line begins; npos: not in the text.
size_t blank_line(std::string_view text) {
  for (size_t at = text.find('\n'); at != std::string_view::npos; at = text.find('\n', at + 1)) {
    if (text.substr(at + 1, 1) == "\n" || text.substr(at + 1, 2) == "\r\n") return at + 1;
  }
  return std::string_view::npos;
}

/// The part of a segment that is searched.
class Searched {
 public:
  Searched(const HttpSegment& segment, Mode mode)
      : segment_(segment), mode_(mode), text_(text_of(segment.bytes)) {
    const size_t end = mode == Mode::tstat ? text_.find('\0') : blank_line(text_);
    if (end == std::string_view::npos) return;
    is_whole_ = false;
    text_ = text_.substr(0, end);
  }

  [[nodiscard]] bool of_request() const {
    return segment_.part == HttpPart::request || segment_.part == HttpPart::request_rest;
  }

  /// The text ends where the segment ends.
  [[nodiscard]] bool is_whole() const { return is_whole_; }

  void read_request_line();
  [[nodiscard]] std::string_view status() const;
  [[nodiscard]] std::string_view rest() const;
  [[nodiscard]] Found header(HttpHeader header) const;
  [[nodiscard]] bool cuts(const Found& found) const { return found.reaches_end && is_whole_; }

  std::string_view method;
  Found path;

 private:
  [[nodiscard]] size_t headers_from(HttpHeader header) const;

  const HttpSegment& segment_;
  Mode mode_;
  std::string_view text_;
  bool is_whole_ = true;
  size_t path_end_ = 0;
};

/// `UPPERCASE blank path`.
void Searched::read_request_line() {
  const auto letters =
      static_cast<size_t>(std::find_if_not(text_.begin(), text_.end(), is_upper) - text_.begin());
  if (letters == 0 || text_.substr(letters, 1) != " ") return;
  const size_t from = letters + 1;
  const size_t to = value_end(text_, from, true);
  if (to == from) return;
  method = text_.substr(0, std::min(letters, kHttpMethodBytesMax));
  path = {text_.substr(from, to - from), to == text_.size()};
  path_end_ = to;
}

std::string_view Searched::status() const {
  constexpr size_t kStatusOffset = 9, kStatusDigits = 3, kSegmentBytesMin = 14;
  size_t from = kStatusOffset;
  if (mode_ == Mode::corrected) {
    // RFC 9112 section 4; the length of the version may vary.
    from = std::min(text_.find_first_of(" \n"), text_.size());
    from = std::min(text_.find_first_not_of(' ', from), text_.size());
  } else if (segment_.bytes.size() < kSegmentBytesMin || text_.size() < kStatusOffset) {
    return {};
  }
  const std::string_view code = text_.substr(from, kStatusDigits);
  const auto digits =
      static_cast<size_t>(std::find_if_not(code.begin(), code.end(), is_digit) - code.begin());
  return mode_ == Mode::corrected && digits < kStatusDigits ? std::string_view{}
                                                            : code.substr(0, digits);
}

std::string_view Searched::rest() const {
  if (segment_.continued == HttpField::none) return {};
  std::string_view line = text_.substr(0, value_end(text_, 0, false));
  if (without_query(segment_.continued) == HttpField::path) {
    constexpr std::string_view kVersion = " HTTP/1.";
    const size_t version_bytes = kVersion.size() + 1;
    if (line.size() >= version_bytes &&
        line.substr(line.size() - version_bytes, kVersion.size()) == kVersion)
      line.remove_suffix(version_bytes);
  }
  return line.substr(0, kHttpLongValueBytesMax);
}

size_t Searched::headers_from(HttpHeader header) const {
  const bool is_rest =
      segment_.part == HttpPart::request_rest || segment_.part == HttpPart::response_rest;
  if (mode_ == Mode::tstat) return header == HttpHeader::host ? path_end_ : 0;
  if (is_rest && segment_.continued == HttpField::none) return 0;
  const size_t first_line = text_.find('\n');
  return first_line == std::string_view::npos ? text_.size() : first_line + 1;
}

Found Searched::header(HttpHeader header) const {
  const HeaderSpec& spec = kHeaders[static_cast<size_t>(header)];
  const std::string_view text = text_.substr(headers_from(header));
  return mode_ == Mode::tstat ? find_anywhere(text, spec) : find_line(text, spec);
}

/// In the order of HttpField for those that can be cut.
template <class Visit>
void for_each_header(bool of_request, Visit visit) {
  const size_t from = of_request ? 0 : kRequestHeadersEnd;
  const size_t to = of_request ? kRequestHeadersEnd : kHttpHeaders;
  for (size_t i = from; i < to; ++i) visit(static_cast<HttpHeader>(i), kHeaders[i]);
}

/// Only these have queries.
HttpField with_query(HttpField field, std::string_view value) {
  if (value.find('?') == std::string_view::npos) return field;
  switch (field) {
    case HttpField::path: return HttpField::path_query;
    case HttpField::referer: return HttpField::referer_query;
    case HttpField::location: return HttpField::location_query;
    default: return field;
  }
}

template <size_t kCount>
bool begins_with_any(std::string_view text, const std::array<std::string_view, kCount>& words) {
  return std::any_of(words.begin(), words.end(),
                     [text](std::string_view word) { return text.starts_with(word); });
}

}  // namespace

HttpFields read_http(const HttpSegment& segment, Mode mode) {
  HttpFields fields;
  Searched searched(segment, mode);
  const auto note_cut = [&](const Found& found, HttpField field) {
    if (field != HttpField::none && searched.cuts(found))
      fields.cut |= uint32_t{1} << static_cast<uint32_t>(field);
  };
  if (segment.part == HttpPart::request) {
    searched.read_request_line();
    fields.method = searched.method;
    fields.path = searched.path.value.substr(0, kHttpLongValueBytesMax);
    note_cut(searched.path, HttpField::path);
  } else if (segment.part == HttpPart::response) {
    fields.status = searched.status();
  } else {
    fields.rest = searched.rest();
  }
  for_each_header(searched.of_request(), [&](HttpHeader header, const HeaderSpec& spec) {
    const Found found = searched.header(header);
    fields.values[static_cast<size_t>(header)] = found.value.substr(0, spec.bytes_max);
    note_cut(found, spec.field);
  });
  return fields;
}

std::string_view tstat_http_host(const HttpSegment& segment) {
  Searched searched(segment, Mode::tstat);
  if (segment.part == HttpPart::request) searched.read_request_line();
  return searched.header(HttpHeader::host).value.substr(0, kHttpShortValueBytesMax);
}

HttpField http_field_cut(const HttpSegment& segment, Mode mode) {
  const std::string_view text = text_of(segment.bytes);
  // Most segments end with a line or with a body; the former need no search.
  if (text.empty() || text.back() == '\n') return HttpField::none;
  Searched searched(segment, mode);
  if (!searched.is_whole()) return HttpField::none;
  HttpField cut = HttpField::none;
  const auto note_cut = [&](const Found& found, HttpField field) {
    if (cut == HttpField::none && searched.cuts(found)) cut = with_query(field, found.value);
  };
  if (segment.part == HttpPart::request) {
    searched.read_request_line();
    note_cut(searched.path, HttpField::path);
  }
  for_each_header(searched.of_request(), [&](HttpHeader header, const HeaderSpec& spec) {
    if (cut == HttpField::none && spec.field != HttpField::none)
      note_cut(searched.header(header), spec.field);
  });
  return cut;
}

bool begins_http_request(ByteRange payload, Mode mode) {
  const std::string_view text = text_of(payload);
  return payload.size() >= kHttpSegmentBytesMin &&
         (mode == Mode::tstat ? begins_with_any(text, kMethods)
                              : begins_with_any(text, kMethodsCorrected));
}

bool begins_http_response(ByteRange payload) { return text_of(payload).starts_with("HTTP/"); }

HttpHeadEnd http_head_end(ByteRange payload) {
  const std::string_view text = text_of(payload);
  if (blank_line(text) != std::string_view::npos) return HttpHeadEnd::complete;
  return text.ends_with("\n") || text.ends_with("\n\r") ? HttpHeadEnd::at_line_start
                                                        : HttpHeadEnd::within_line;
}

}  // namespace tapstat::flowstats::layer7
