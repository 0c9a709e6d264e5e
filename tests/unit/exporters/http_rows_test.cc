#include "exporters/http_rows.h"

#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "tests/support/http_record.h"

namespace tapstat::exporters {
namespace {

using flowstats::Mode;
using flowstats::layer7::HttpField;
using flowstats::layer7::HttpPart;

constexpr std::string_view kEnds = "192.0.2.10\t40001\t198.51.100.20\t80\t1600000000.004000\t";

/// Of one segment; behind the ends and the time, tabs as bars. Empty: no row.
std::string row(HttpPart part, std::string_view segment, HttpDetail detail, Mode mode = Mode::tstat,
                HttpField continued = HttpField::none) {
  tests::HttpRecordMemory memory(part, continued, segment);
  RowBuffer out;
  if (!append_http_row(out, memory.record(), {mode, detail})) {
    EXPECT_TRUE(out.empty());
    return {};
  }
  std::string text{out.text()};
  EXPECT_TRUE(text.starts_with(kEnds)) << text;
  EXPECT_EQ(text.back(), '\n');
  text = text.substr(kEnds.size(), text.size() - kEnds.size() - 1);
  for (char& c : text)
    if (c == '\t') c = '|';
  return text;
}

constexpr std::string_view kRequest =
    "GET /p?q HTTP/1.1\r\nHost: www.one.example\r\nReferer: http://x.example:80/a/b?c\r\n"
    "User-Agent: Probe/1 (b)\r\nCookie: a=b\r\nDNT: 1\r\n\r\n";
constexpr std::string_view kResponse =
    "HTTP/1.1 302 Found\r\nServer: srv/1\r\nContent-Type: text/html; charset=x\r\n"
    "Content-Length: 12\r\nContent-Range: bytes 0-11/12\r\nLocation: https://y.example/z?q\r\n"
    "Set-Cookie: s=2\r\n\r\nhello world!";

TEST(HttpLogHeader, HasALineForEachKindOfRow) {
  EXPECT_EQ(http_header_lines(),
            "#C#c_ip:1\tc_port:2\ts_ip:3\ts_port:4\ttime_abs:5\tmethod:6\thostname:7\tfqdn:8\t"
            "path:9\treferer:10\tuser_agent:11\tcookie:12\tdnt:13\n"
            "#S#c_ip:1\tc_port:2\ts_ip:3\ts_port:4\ttime_abs:5\tHTTP:6\tresponse:7\t"
            "content_len:8\tcontent_type:9\tserver:10\trange:11\tlocation:12\tset_cookie:13\n");
}

TEST(HttpRow, ShowsAsMuchAsTheLevelLetsThrough) {
  for (const Mode mode : {Mode::tstat, Mode::corrected}) {
    EXPECT_EQ(row(HttpPart::request, kRequest, HttpDetail::hosts, mode),
              "GET|www.one.example|-|-|http://x.example:80/|Probe/1 (b)|-|1");
    EXPECT_EQ(row(HttpPart::request, kRequest, HttpDetail::paths, mode),
              "GET|www.one.example|-|/p|http://x.example:80/a/b|Probe/1 (b)|-|1");
    EXPECT_EQ(row(HttpPart::request, kRequest, HttpDetail::complete, mode),
              "GET|www.one.example|-|/p?q|http://x.example:80/a/b?c|Probe/1 (b)|a=b|1");
    EXPECT_EQ(row(HttpPart::response, kResponse, HttpDetail::hosts, mode),
              "HTTP|302|12|text/html; charset=x|srv/1|bytes 0-11/12|https://y.example/|-");
    EXPECT_EQ(row(HttpPart::response, kResponse, HttpDetail::paths, mode),
              "HTTP|302|12|text/html; charset=x|srv/1|bytes 0-11/12|https://y.example/z|-");
    EXPECT_EQ(row(HttpPart::response, kResponse, HttpDetail::complete, mode),
              "HTTP|302|12|text/html; charset=x|srv/1|bytes 0-11/12|https://y.example/z?q|s=2");
  }
}

TEST(HttpRow, KeepsOnlyTheHostOfWebAddresses) {
  const struct {
    std::string_view referer, tstat, corrected;
  } kCases[] = {
      {"http://x.example", "http://x.example", "http://x.example"},
      {"https://x.example/a", "https://x.example/", "https://x.example/"},
      {"http://x.example?secret=/", "http://x.example", "http://x.example"},
      {"HTTP://X.example/a", "-", "HTTP://X.example/"},
      {"ftp://x.example/a", "-", "-"},
      {"http:///a", "-", "-"},
      {"/a", "-", "-"},
  };
  for (const auto& c : kCases) {
    const std::string text = "GET / HTTP/1.1\r\nReferer: " + std::string{c.referer} + "\r\n\r\n";
    const auto expected = [](std::string_view referer) {
      return "GET|-|-|-|" + std::string{referer} + "|-|-|-";
    };
    EXPECT_EQ(row(HttpPart::request, text, HttpDetail::hosts, Mode::tstat), expected(c.tstat));
    EXPECT_EQ(row(HttpPart::request, text, HttpDetail::hosts, Mode::corrected),
              expected(c.corrected));
  }
}

TEST(HttpRow, NeedsAFieldThatItsLevelLooksFor) {
  const auto rest = HttpPart::response_rest;
  EXPECT_EQ(row(rest, "Set-Cookie: a=b\r\n\r\n", HttpDetail::hosts), "");
  EXPECT_EQ(row(rest, "Set-Cookie: a=b\r\n\r\n", HttpDetail::complete), "RES2|-|-|-|-|-|-|a=b");
  // Found, though nothing of it is printed; the corrected log has no empty rows.
  EXPECT_EQ(row(rest, "Location: /abc\r\n\r\n", HttpDetail::hosts), "RES2|-|-|-|-|-|-|-");
  EXPECT_EQ(row(rest, "Location: /abc\r\n\r\n", HttpDetail::hosts, Mode::corrected), "");
  EXPECT_EQ(row(rest, "Server: xx\r\n\r\n", HttpDetail::hosts), "RES2|-|-|-|xx|-|-|-");
  EXPECT_EQ(row(HttpPart::request_rest, "Cookie: x\r\n\r\n", HttpDetail::hosts), "");
  EXPECT_EQ(row(HttpPart::request, "POSTER", HttpDetail::complete), "");
  EXPECT_EQ(row(HttpPart::request, "GET  /a\r\nHost: b\r\n", HttpDetail::complete),
            "-|b|-|-|-|-|-|-");
  EXPECT_EQ(row(HttpPart::response, "HTTP/1.1 200\n", HttpDetail::complete), "");
  EXPECT_EQ(row(HttpPart::none, "Host: a\r\n", HttpDetail::complete), "");
}

TEST(HttpRow, MarksAValueThatTheSegmentCuts) {
  const struct {
    std::string_view text;
    HttpDetail detail;
    const char* row;
  } kCases[] = {
      {"GET /abc", HttpDetail::complete, "GET|-|-|/abc[*]|-|-|-|-"},
      {"GET /abc?d", HttpDetail::complete, "GET|-|-|/abc?d[*]|-|-|-|-"},
      {"GET /abc", HttpDetail::paths, "GET|-|-|/abc[*]|-|-|-|-"},
      {"GET /abc?d", HttpDetail::paths, "GET|-|-|/abc|-|-|-|-"},
      {"GET /abc", HttpDetail::hosts, "GET|-|-|-|-|-|-|-"},
      {"GET / H\r\nReferer: http://a.ex", HttpDetail::hosts, "GET|-|-|-|http://a.ex[*]|-|-|-"},
      {"GET / H\r\nReferer: http://a/b", HttpDetail::hosts, "GET|-|-|-|http://a/|-|-|-"},
      {"GET / H\r\nUser-Agent: a b", HttpDetail::hosts, "GET|-|-|-|-|a b[*]|-|-"},
      {"GET / H\r\nCookie: a b", HttpDetail::paths, "GET|-|-|/|-|-|-|-"},
      {"GET / H\r\nCookie: a b", HttpDetail::complete, "GET|-|-|/|-|-|a b[*]|-"},
      {"GET / H\r\nHost: a", HttpDetail::complete, "GET|a|-|/|-|-|-|-"},
  };
  for (const auto& c : kCases)
    for (const Mode mode : {Mode::tstat, Mode::corrected})
      EXPECT_EQ(row(HttpPart::request, c.text, c.detail, mode), c.row) << c.text;
}

TEST(HttpRow, GoesOnWithWhatWasCut) {
  const struct {
    HttpField continued;
    HttpDetail detail;
    const char* row;
  } kCases[] = {
      {HttpField::path, HttpDetail::complete, "REQ2|h|-|[*]d?e|-|-|-|-"},
      {HttpField::path, HttpDetail::paths, "REQ2|h|-|[*]d|-|-|-|-"},
      {HttpField::path, HttpDetail::hosts, "REQ2|h|-|-|-|-|-|-"},
      {HttpField::path_query, HttpDetail::complete, "REQ2|h|-|[*]d?e|-|-|-|-"},
      {HttpField::path_query, HttpDetail::paths, "REQ2|h|-|-|-|-|-|-"},
      {HttpField::referer, HttpDetail::complete, "REQ2|h|-|-|[*]d?e HTTP/1.1|-|-|-"},
      {HttpField::referer, HttpDetail::hosts, "REQ2|h|-|-|-|-|-|-"},
      {HttpField::referer_query, HttpDetail::paths, "REQ2|h|-|-|-|-|-|-"},
      {HttpField::user_agent, HttpDetail::hosts, "REQ2|h|-|-|-|[*]d?e HTTP/1.1|-|-"},
      {HttpField::cookie, HttpDetail::paths, "REQ2|h|-|-|-|-|-|-"},
      {HttpField::cookie, HttpDetail::complete, "REQ2|h|-|-|-|-|[*]d?e HTTP/1.1|-"},
  };
  for (const auto& c : kCases)
    for (const Mode mode : {Mode::tstat, Mode::corrected})
      EXPECT_EQ(row(HttpPart::request_rest, "d?e HTTP/1.1\r\nHost: h\r\n\r\n", c.detail, mode,
                    c.continued),
                c.row);
}

TEST(HttpRow, IsWrittenForARestAlone) {
  EXPECT_EQ(row(HttpPart::response_rest, "=v\r\n\r\n", HttpDetail::complete, Mode::tstat,
                HttpField::set_cookie),
            "RES2|-|-|-|-|-|-|[*]=v");
  EXPECT_EQ(row(HttpPart::response_rest, "=v\r\n\r\n", HttpDetail::paths, Mode::tstat,
                HttpField::set_cookie),
            "");
}

TEST(HttpRow, StaysOneLineOfThirteenFields) {
  EXPECT_EQ(row(HttpPart::request, "GET / HTTP/1.1\r\nUser-Agent: a\tb\x01\xc3\xbc\r\n\r\n",
                HttpDetail::complete, Mode::corrected),
            "GET|-|-|/|-|a%09b%01\xc3\xbc|-|-");
}

TEST(HttpRow, ShowsTheNameOfTheServer) {
  tests::HttpRecordMemory memory(HttpPart::request, HttpField::none, "GET / HTTP/1.1\r\n\r\n");
  flowstats::Resolution resolution;
  resolution.name = "name.example";
  memory.record().resolution = &resolution;
  RowBuffer out;
  ASSERT_TRUE(append_http_row(out, memory.record(), {}));
  EXPECT_EQ(out.text().substr(kEnds.size()), "GET\t-\tname.example\t-\t-\t-\t-\t-\n");
}

TEST(HttpRow, IsNotWrittenForANameAlone) {
  tests::HttpRecordMemory memory(HttpPart::request_rest, HttpField::none, "body");
  flowstats::Resolution resolution;
  resolution.name = "name.example";
  memory.record().resolution = &resolution;
  RowBuffer out;
  EXPECT_FALSE(append_http_row(out, memory.record(), {}));
}

}  // namespace
}  // namespace tapstat::exporters
