#include "flowstats/layer7/http_follower.h"

#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

namespace tapstat::flowstats::layer7 {
namespace {

constexpr auto kGet = "GET / HTTP/1.1\r\nHost: a.example\r\n\r\n";
constexpr auto kOk = "HTTP/1.1 200 OK\r\n\r\n";

struct Step {
  size_t side;
  std::string_view text;
  HttpPart part;
  HttpField continued = HttpField::none;
};

HttpFollower follow(Mode mode, const std::vector<Step>& steps) {
  HttpFollower follower;
  for (size_t i = 0; i < steps.size(); ++i) {
    const std::string_view text = steps[i].text;
    const auto seen = follower.on_segment(
        steps[i].side, {reinterpret_cast<const uint8_t*>(text.data()), text.size()}, mode);
    EXPECT_EQ(seen.part, steps[i].part) << "segment " << i << ": " << text;
    EXPECT_EQ(seen.continued, steps[i].continued) << "segment " << i << ": " << text;
  }
  return follower;
}

TEST(HttpFollower, CountsMessagesAndKeepsTheFirstHost) {
  for (const Mode mode : {Mode::tstat, Mode::corrected}) {
    const auto flow =
        follow(mode, {{kClient, kGet, HttpPart::request},
                      {kServer, kOk, HttpPart::response},
                      {kClient, "GET / HTTP/1.1\r\nHost: b.example\r\n\r\n", HttpPart::request},
                      {kServer, kOk, HttpPart::response},
                      {kServer, kOk, HttpPart::response}});
    EXPECT_EQ(flow.requests(), 2U);
    EXPECT_EQ(flow.responses(), 3U);
    EXPECT_EQ(flow.host(), "a.example");
  }
}

TEST(HttpFollower, LooksAtTheSideThatSends) {
  for (const Mode mode : {Mode::tstat, Mode::corrected}) {
    const auto flow =
        follow(mode, {{kServer, kGet, HttpPart::none}, {kClient, kOk, HttpPart::none}});
    EXPECT_EQ(flow.requests(), 0U);
    EXPECT_EQ(flow.responses(), 0U);
    EXPECT_EQ(flow.host(), "");
  }
}

TEST(HttpFollower, CountsPipelinedMessagesOfASegmentOnce) {
  const std::string two = std::string{kGet} + kGet;
  EXPECT_EQ(follow(Mode::tstat, {{kClient, two, HttpPart::request}}).requests(), 1U);
}

TEST(HttpFollower, CountsAResponseWithoutSlashInTstatModeOnly) {
  const std::vector<Step> steps = {{kServer, "HTTP 200 OK\r\nServer: x\r\n", HttpPart::none}};
  EXPECT_EQ(follow(Mode::tstat, steps).responses(), 1U);
  EXPECT_EQ(follow(Mode::corrected, steps).responses(), 0U);
}

TEST(HttpFollower, KnowsConnectInCorrectedModeOnly) {
  constexpr auto kConnect = "CONNECT a.example:443 HTTP/1.1\r\nHost: a.example:443\r\n\r\n";
  EXPECT_EQ(follow(Mode::tstat, {{kClient, kConnect, HttpPart::none}}).requests(), 0U);
  const auto flow = follow(Mode::corrected, {{kClient, kConnect, HttpPart::request}});
  EXPECT_EQ(flow.requests(), 1U);
  EXPECT_EQ(flow.host(), "a.example:443");
}

TEST(HttpFollower, TakesOneContinuationForEachMessage) {
  const auto flow =
      follow(Mode::tstat, {{kClient, "GET / HTTP/1.1\r\n", HttpPart::request},
                           {kServer, kOk, HttpPart::response},
                           {kClient, "Host: b.example\r\n\r\n", HttpPart::request_rest},
                           {kClient, "Host: c.example\r\n\r\n", HttpPart::none},
                           {kServer, "<html>", HttpPart::response_rest},
                           {kServer, "</html>", HttpPart::none}});
  EXPECT_EQ(flow.host(), "b.example");
  EXPECT_EQ(flow.requests(), 1U);
  EXPECT_EQ(flow.responses(), 1U);
}

TEST(HttpFollower, TakesNoBodyForAContinuationInCorrectedMode) {
  follow(Mode::corrected, {{kServer, kOk, HttpPart::response},
                           {kServer, "Server: body\r\n", HttpPart::none},
                           {kServer, "HTTP/1.1 200 OK\r\n", HttpPart::response},
                           {kServer, "\r\nServer: body\r\n", HttpPart::none},
                           {kServer, "HTTP/1.1 200 OK\r\n\r", HttpPart::response},
                           {kServer, "\nServer: body\r\n", HttpPart::none},
                           {kServer, "HTTP/1.1 200 OK\r\nX-A: b", HttpPart::response},
                           {kServer, "\r\nServer: x\r\n\r\n", HttpPart::response_rest}});
}

TEST(HttpFollower, DoesNotSeeSegmentsOfFourBytesInTstatMode) {
  const std::vector<Step> steps = {{kClient, "GET ", HttpPart::none},
                                   {kServer, "HTTP", HttpPart::none},
                                   {kClient, "GET /", HttpPart::request, HttpField::none},
                                   {kClient, "abcd", HttpPart::none},
                                   {kClient, "abcde", HttpPart::request_rest, HttpField::path}};
  const auto flow = follow(Mode::tstat, steps);
  EXPECT_EQ(flow.requests(), 1U);
  EXPECT_EQ(flow.responses(), 0U);
  follow(Mode::corrected, {{kClient, "GET /", HttpPart::request},
                           {kClient, "abcd", HttpPart::request_rest, HttpField::path},
                           {kClient, "abcde", HttpPart::request_rest, HttpField::path}});
}

TEST(HttpFollower, FollowsARequestToItsBlankLineInCorrectedMode) {
  const auto flow =
      follow(Mode::corrected, {{kClient, "GET / HTTP/1.1\r\nUser-Agent: a", HttpPart::request},
                               {kClient, "bc", HttpPart::request_rest, HttpField::user_agent},
                               {kServer, kOk, HttpPart::response},
                               {kClient, "d\r\nHo", HttpPart::request_rest, HttpField::user_agent},
                               {kClient, "st: b.exam", HttpPart::request_rest},
                               {kClient, "GET /ple\r\nCookie: e", HttpPart::request_rest},
                               {kClient, "f\r\n", HttpPart::request_rest, HttpField::cookie},
                               {kClient, "\r\nHost: body\r\n", HttpPart::none},
                               {kClient, "Host: body\r\n", HttpPart::none},
                               {kClient, kGet, HttpPart::request}});
  EXPECT_EQ(flow.requests(), 2U);
  EXPECT_EQ(flow.host(), "b.examGET /ple");
}

TEST(HttpFollower, SaysWhichFieldGoesOn) {
  for (const Mode mode : {Mode::tstat, Mode::corrected}) {
    follow(mode, {{kClient, "GET /abc?d", HttpPart::request},
                  {kClient, "ef HTTP/1.1\r\n\r\n", HttpPart::request_rest, HttpField::path_query},
                  {kServer, "HTTP/1.1 200 OK\r\nSet-Cookie: a", HttpPart::response},
                  {kServer, "=bcde\r\n\r\n", HttpPart::response_rest, HttpField::set_cookie},
                  {kServer, "HTTP/1.1 200 OK\r\nX-A: a", HttpPart::response},
                  {kServer, "=bcde\r\n\r\n", HttpPart::response_rest}});
  }
}

TEST(HttpFollower, CutsTheHostAtItsBound) {
  const std::string text = "GET / HTTP/1.1\r\nHost: " + std::string(300, 'h') + "\r\n\r\n";
  const auto flow = follow(Mode::tstat, {{kClient, text, HttpPart::request}});
  EXPECT_EQ(flow.host(), std::string(199, 'h'));
}

}  // namespace
}  // namespace tapstat::flowstats::layer7
