#include "flowstats/layer7/http_fields.h"

#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "flowstats/layer7/http_head.h"
#include "tests/support/tcp_views.h"

namespace tapstat::flowstats::layer7 {
namespace {

using namespace std::string_view_literals;
using test::bytes_of;

constexpr Mode kModes[] = {Mode::tstat, Mode::corrected};

/// Views into `text`.
HttpFields read(HttpPart part, std::string_view text, Mode mode,
                HttpField continued = HttpField::none) {
  return read_http({part, continued, bytes_of(text)}, mode);
}
HttpFields request(std::string_view text, Mode mode) { return read(HttpPart::request, text, mode); }
HttpFields response(std::string_view text, Mode mode) {
  return read(HttpPart::response, text, mode);
}

TEST(HttpRequest, HasEveryField) {
  constexpr auto kText =
      "GET /p?q HTTP/1.1\r\nHost: www.one.example\r\nReferer: http://x.example/a?c\r\n"
      "User-Agent: Probe/1 (b)\r\nCookie: a=b\r\nDNT: 1\r\n\r\n"sv;
  for (const Mode mode : kModes) {
    const HttpFields fields = request(kText, mode);
    EXPECT_EQ(fields.method, "GET");
    EXPECT_EQ(fields.path, "/p?q");
    EXPECT_EQ(fields[HttpHeader::host], "www.one.example");
    EXPECT_EQ(fields[HttpHeader::referer], "http://x.example/a?c");
    EXPECT_EQ(fields[HttpHeader::user_agent], "Probe/1 (b)");
    EXPECT_EQ(fields[HttpHeader::cookie], "a=b");
    EXPECT_EQ(fields[HttpHeader::dnt], "1");
    EXPECT_EQ(fields.cut, 0U);
  }
}

TEST(HttpResponse, HasEveryField) {
  constexpr auto kText =
      "HTTP/1.1 206 Partial\r\nServer: srv/1\r\nContent-Type: text/html; charset=x\r\n"
      "Content-Length: 12\r\nContent-Range: bytes 0-11/12\r\nLocation: https://y.example/z\r\n"
      "Set-Cookie: s=2\r\n\r\nhello world!"sv;
  for (const Mode mode : kModes) {
    const HttpFields fields = response(kText, mode);
    EXPECT_EQ(fields.status, "206");
    EXPECT_EQ(fields[HttpHeader::server], "srv/1");
    EXPECT_EQ(fields[HttpHeader::content_type], "text/html; charset=x");
    EXPECT_EQ(fields[HttpHeader::content_length], "12");
    EXPECT_EQ(fields[HttpHeader::content_range], "bytes 0-11/12");
    EXPECT_EQ(fields[HttpHeader::location], "https://y.example/z");
    EXPECT_EQ(fields[HttpHeader::set_cookie], "s=2");
  }
}

TEST(HttpRequest, IsFoundByTheMethodsOfItsMode) {
  const struct {
    std::string_view text;
    bool tstat, corrected;
  } kCases[] = {
      {"GET /", true, true},
      {"GET ", false, false},
      {"POSTER", true, false},
      {"HEAD / HTTP/1.1", true, true},
      {"PUT /x", true, true},
      {"PATCH /x", true, true},
      {"PATCHY /x", false, false},
      {"DELETE /x", true, true},
      {"OPTIONS *", true, true},
      {"CONNECT a.example:443 HTTP/1.1", false, true},
      {"TRACE / HTTP/1.1", false, true},
      {"get / HTTP/1.1", false, false},
      {"PRI * HTTP/2.0", false, false},
  };
  for (const auto& c : kCases) {
    EXPECT_EQ(begins_http_request(bytes_of(c.text), Mode::tstat), c.tstat) << c.text;
    EXPECT_EQ(begins_http_request(bytes_of(c.text), Mode::corrected), c.corrected) << c.text;
  }
  EXPECT_TRUE(begins_http_response(bytes_of("HTTP/")));
  EXPECT_FALSE(begins_http_response(bytes_of("HTTP 200 OK")));
}

TEST(HttpRequestLine, IsUpperCaseBlankPath) {
  const struct {
    std::string_view text, method, path;
  } kCases[] = {
      {"GET /a HTTP/1.1\r\n", "GET", "/a"},
      {"GET /a\r\n", "GET", "/a"},
      {"GET /", "GET", "/"},
      {"GET  /a HTTP/1.1\r\n", "", ""},
      {"GET \r\n", "", ""},
      {"POSTER", "", ""},
      {"POSTER /a b", "POSTER", "/a"},
      {"POSTABCDEFGH /a b", "POSTABCDE", "/a"},
      {"PUT /a\tb c", "PUT", "/a"},
  };
  for (const auto& c : kCases) {
    const HttpFields fields = request(c.text, Mode::tstat);
    EXPECT_EQ(fields.method, c.method) << c.text;
    EXPECT_EQ(fields.path, c.path) << c.text;
  }
}

TEST(HttpStatus, IsReadAtItsPlaceAndInCorrectedModeWhole) {
  const struct {
    std::string_view text, tstat, corrected;
  } kCases[] = {
      {"HTTP/1.1 404 Not Found\r\n", "404", "404"}, {"HTTP/1.1 200\n", "", "200"},  // 13 bytes
      {"HTTP/1.1 200\r\n", "200", "200"},           {"HTTP/1.1 20\r\nServer: x\r\n", "20", ""},
      {"HTTP/1.1 20x abcdefgh", "20", ""},          {"HTTP/1.1 abc\r\nServer: x\r\n", "", ""},
      {"HTTP/2 200\r\nServer: x\r\n", "0", "200"},  {"HTTP/1.1\t304 x\r\n\r\n", "304", ""},
      {"HTTP/1.1 2001 x\r\n\r\n", "200", "200"},    {"HTTP/1.1\r\nAge: 200\r\n\r\n", "", ""},
      {"HTTP/1.1  200 OK\r\n", "", "200"},          {"HTTP/\0.1 200 OK\r\n"sv, "", "200"},
  };
  for (const auto& c : kCases) {
    EXPECT_EQ(response(c.text, Mode::tstat).status, c.tstat) << c.text;
    EXPECT_EQ(response(c.text, Mode::corrected).status, c.corrected) << c.text;
  }
}

TEST(HttpHeaders, AreFoundAnywhereOrByLine) {
  const struct {
    std::string_view text;
    HttpHeader header;
    std::string_view tstat, corrected;
  } kCases[] = {
      {"GET / HTTP/1.1\r\nhost: a.example\r\n\r\n", HttpHeader::host, "", "a.example"},
      {"GET / HTTP/1.1\r\nHost:a.example\r\n\r\n", HttpHeader::host, "", "a.example"},
      {"GET / HTTP/1.1\r\nHost:  a.example \r\n\r\n", HttpHeader::host, "", "a.example"},
      {"GET / HTTP/1.1\r\nHost: \r\nX-Host: b.example\r\n\r\n", HttpHeader::host, "b.example", ""},
      {"GET / HTTP/1.1\r\nX-Host: n.example\r\nHost: y.example\r\n\r\n", HttpHeader::host,
       "n.example", "y.example"},
      {"GET /Host: zz HTTP/1.1\r\nHost: y.example\r\n\r\n", HttpHeader::host, "y.example",
       "y.example"},
      {"POST / HTTP/1.1\r\n\r\nHost: body.example\r\n", HttpHeader::host, "body.example", ""},
      {"POST / HTTP/1.1\n\nHost: body.example\n", HttpHeader::host, "body.example", ""},
      {"GET / HTTP/1.1\r\n\0\r\nHost: late.example\r\n\r\n"sv, HttpHeader::host, "",
       "late.example"},
      {"GET / HTTP/1.1\r\nHost: a b\r\n\r\n", HttpHeader::host, "a", "a b"},
      {"GET / HTTP/1.1\r\nReferer: http://a/ b\r\n\r\n", HttpHeader::referer, "http://a/",
       "http://a/ b"},
      {"GET / HTTP/1.1\r\nUser-Agent: a\tb\r\n\r\n", HttpHeader::user_agent, "a", "a\tb"},
      {"GET / HTTP/1.1\r\nUser-Agent: \xc3\xbc\x7f\r\n\r\n", HttpHeader::user_agent, "\xc3\xbc",
       "\xc3\xbc\x7f"},
      {"GET / HTTP/1.1\r\nCookie: a\r\nCookie: b\r\n\r\n", HttpHeader::cookie, "a", "a"},
  };
  for (const auto& c : kCases) {
    EXPECT_EQ(request(c.text, Mode::tstat)[c.header], c.tstat) << c.text;
    EXPECT_EQ(request(c.text, Mode::corrected)[c.header], c.corrected) << c.text;
    if (c.header != HttpHeader::host) continue;
    EXPECT_EQ(tstat_http_host({HttpPart::request, HttpField::none, bytes_of(c.text)}), c.tstat);
    HttpHead head;  // by the same rules
    head.begin();
    head.read(bytes_of(c.text));
    EXPECT_EQ(head.host(), c.corrected) << c.text;
  }
}

TEST(HttpHeaders, OfTheOtherDirectionAreNotLookedFor) {
  for (const Mode mode : kModes) {
    EXPECT_TRUE(request("GET / HTTP/1.1\r\nServer: x\r\n\r\n", mode)[HttpHeader::server].empty());
    EXPECT_TRUE(response("HTTP/1.1 200 OK\r\nHost: x\r\n\r\n", mode)[HttpHeader::host].empty());
  }
}

TEST(HttpValues, AreCutAtTheirBounds) {
  const std::string longer(2000, 'a');
  const std::string text = "GET /" + longer + " HTTP/1.1\r\nHost: " + longer +
                           "\r\nReferer: " + longer + "\r\nUser-Agent: " + longer +
                           "\r\nCookie: " + longer + "\r\nDNT: " + longer + "\r\n\r\n";
  for (const Mode mode : kModes) {
    const HttpFields fields = request(text, mode);
    EXPECT_EQ(fields.path.size(), 1599U);
    EXPECT_EQ(fields[HttpHeader::host].size(), 199U);
    EXPECT_EQ(fields[HttpHeader::referer].size(), 1599U);
    EXPECT_EQ(fields[HttpHeader::user_agent].size(), 1599U);
    EXPECT_EQ(fields[HttpHeader::cookie].size(), 1599U);
    EXPECT_EQ(fields[HttpHeader::dnt].size(), 199U);
  }
}

TEST(HttpCut, IsWhatReachesTheEndOfTheSegment) {
  const struct {
    HttpPart part;
    std::string_view text;
    HttpField cut;
  } kCases[] = {
      {HttpPart::request, "GET /abc", HttpField::path},
      {HttpPart::request, "GET /abc?d", HttpField::path_query},
      {HttpPart::request, "GET /abc HTTP/1.1", HttpField::none},
      {HttpPart::request, "GET / HTTP/1.1\r\nReferer: http://a/b", HttpField::referer},
      {HttpPart::request, "GET / HTTP/1.1\r\nReferer: http://a/b?c", HttpField::referer_query},
      {HttpPart::request, "GET / HTTP/1.1\r\nUser-Agent: a?", HttpField::user_agent},
      {HttpPart::request, "GET / HTTP/1.1\r\nCookie: a", HttpField::cookie},
      {HttpPart::request, "GET / HTTP/1.1\r\nCookie: a\r\nCookie: b", HttpField::none},
      {HttpPart::request, "GET / HTTP/1.1\r\nHost: a", HttpField::none},
      {HttpPart::request, "GET / HTTP/1.1\r\nCookie: a\r\n", HttpField::none},
      {HttpPart::response, "HTTP/1.1 302 F\r\nLocation: /b", HttpField::location},
      {HttpPart::response, "HTTP/1.1 302 F\r\nLocation: /b?c", HttpField::location_query},
      {HttpPart::response, "HTTP/1.1 302 F\r\nSet-Cookie: s", HttpField::set_cookie},
  };
  for (const auto& c : kCases)
    for (const Mode mode : kModes) {
      EXPECT_EQ(http_field_cut({c.part, HttpField::none, bytes_of(c.text)}, mode), c.cut) << c.text;
      const HttpFields fields = read(c.part, c.text, mode);
      EXPECT_EQ(fields.cut != 0, c.cut != HttpField::none) << c.text;
      if (c.cut != HttpField::none) {
        EXPECT_TRUE(fields.is_cut(without_query(c.cut))) << c.text;
      }
    }
}

TEST(HttpCut, NeedsTheHeaderPartInCorrectedMode) {
  constexpr auto kBody = "HTTP/1.1 200 OK\r\n\r\nSet-Cookie: s"sv;
  const HttpSegment segment{HttpPart::response, HttpField::none, bytes_of(kBody)};
  EXPECT_EQ(http_field_cut(segment, Mode::tstat), HttpField::set_cookie);
  EXPECT_EQ(http_field_cut(segment, Mode::corrected), HttpField::none);
}

TEST(HttpContinuation, BeginsWithTheRestOfWhatWasCut) {
  const struct {
    HttpField continued;
    std::string_view text, rest;
  } kCases[] = {
      {HttpField::path, "def HTTP/1.1\r\nHost: a\r\n", "def"},
      {HttpField::path_query, "def HTTP/1.0\r\nHost: a\r\n", "def"},
      {HttpField::path, " HTTP/1.1\r\nHost: a\r\n", ""},
      {HttpField::path, "def", "def"},
      {HttpField::user_agent, "b HTTP/1.1\r\nHost: a\r\n", "b HTTP/1.1"},
      {HttpField::cookie, "\r\nHost: a\r\n", ""},
      {HttpField::none, "def\r\nHost: a\r\n", ""},
  };
  for (const auto& c : kCases)
    for (const Mode mode : kModes) {
      const HttpFields fields = read(HttpPart::request_rest, c.text, mode, c.continued);
      EXPECT_EQ(fields.rest, c.rest) << c.text;
      EXPECT_EQ(fields.method, "");
      EXPECT_EQ(fields[HttpHeader::host], c.text.size() > 3 ? "a" : "") << c.text;
    }
}

TEST(HttpContinuation, OfAValueIsNoHeaderInCorrectedMode) {
  constexpr auto kRest = "Host: value\r\nHost: a.example\r\n\r\n"sv;
  const auto host = [&](HttpField continued, Mode mode) {
    return read(HttpPart::request_rest, kRest, mode, continued)[HttpHeader::host];
  };
  EXPECT_EQ(host(HttpField::cookie, Mode::corrected), "a.example");
  EXPECT_EQ(host(HttpField::cookie, Mode::tstat), "value");
  EXPECT_EQ(host(HttpField::none, Mode::corrected), "value");
}

TEST(HttpHead, EndsAtItsBlankLine) {
  EXPECT_EQ(http_head_end(bytes_of("GET / HTTP/1.1\r\n\r\nbody")), HttpHeadEnd::complete);
  EXPECT_EQ(http_head_end(bytes_of("GET / HTTP/1.1\n\n")), HttpHeadEnd::complete);
  EXPECT_EQ(http_head_end(bytes_of("GET / HTTP/1.1\r\n")), HttpHeadEnd::at_line_start);
  EXPECT_EQ(http_head_end(bytes_of("GET / HTTP/1.1\r\n\r")), HttpHeadEnd::at_line_start);
  EXPECT_EQ(http_head_end(bytes_of("GET / HTTP/1.1\r")), HttpHeadEnd::within_line);
  EXPECT_EQ(http_head_end(bytes_of("GET / HTTP/1.1\r\nHost: a")), HttpHeadEnd::within_line);
}

}  // namespace
}  // namespace tapstat::flowstats::layer7
