#include "control/http/request_reader.h"

#include <gtest/gtest.h>

#include "control/http/router.h"

namespace tapstat::tests {
namespace {

using namespace control::http;
using State = RequestReader::State;

const Router& router() {
  static const Router made = [] {
    Router two;
    RouteFamily rest;
    rest.body_bytes_max = 10;
    two.add(std::move(rest));
    RouteFamily api;
    api.prefixes = {"/api/"};
    api.needs_length = false;
    two.add(std::move(api));
    return two;
  }();
  return made;
}

constexpr HeadLimits kLimits{1024, 5};

/// The one request of `bytes`, which come in pieces of `piece` bytes.
Request read(std::string_view bytes, size_t piece = 1 << 20) {
  RequestReader reader(kLimits, router());
  State state = State::idle;
  while (!bytes.empty() && state != State::refused) {
    reader.append(bytes.substr(0, piece));
    bytes.remove_prefix(std::min(piece, bytes.size()));
    state = reader.next();
  }
  EXPECT_EQ(state, State::complete) << reader.refusal().sentence;
  return state == State::complete ? reader.take() : Request{};
}

/// "STATUS PATH: SENTENCE" of bytes that are refused.
std::string refusal(std::string_view bytes, const HeadLimits& limits = kLimits) {
  RequestReader reader(limits, router());
  reader.append(bytes);
  if (reader.next() != State::refused) return "not refused";
  const RequestReader::Refusal& why = reader.refusal();
  return std::to_string(why.status) + " " + why.path + ": " + why.sentence;
}

TEST(RequestReader, ReadsTheSameFromPiecesOfAnySize) {
  constexpr std::string_view kBytes =
      "\r\nPOST /a/b?c=d%20e HTTP/1.1\r\nHost: probe:8888\r\nContent-Type: text/plain; a=b\r\n"
      "Authorization: bearer  s3cret\r\nTransfer-Encoding: chunked\r\n\r\n"
      "3\r\nabc\r\n4;x=y\r\ndefg\r\n0\r\n\r\n";
  for (size_t piece = 1; piece <= kBytes.size(); ++piece) {
    const Request request = read(kBytes, piece);
    EXPECT_EQ(request.method, "POST") << piece;
    EXPECT_EQ(request.path, "/a/b");
    EXPECT_EQ(request.query, "c=d%20e");
    EXPECT_EQ(request.host, "probe:8888");
    EXPECT_EQ(request.content_type, "text/plain; a=b");
    EXPECT_EQ(request.bearer, "s3cret");
    EXPECT_EQ(request.body, "abcdefg");
  }
}

TEST(RequestReader, TakesAbsoluteTargets) {
  const Request request = read("GET http://probe:1/x?y HTTP/1.1\r\nHost: other\r\n\r\n");
  EXPECT_EQ(request.path, "/x");
  EXPECT_EQ(request.query, "y");
  EXPECT_EQ(request.host, "probe:1");
  EXPECT_EQ(read("GET HTTP://probe HTTP/1.1\r\nHost: p\r\n\r\n").path, "/");
}

TEST(RequestReader, KeepsPipelinedRequestsApart) {
  RequestReader reader(kLimits, router());
  reader.append(
      "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi"
      "GET /second HTTP/1.0\r\n\r\nGE");
  ASSERT_EQ(reader.next(), State::complete);
  EXPECT_TRUE(reader.keep_alive());
  EXPECT_EQ(reader.take().body, "hi");
  ASSERT_EQ(reader.next(), State::complete);
  EXPECT_FALSE(reader.keep_alive());
  EXPECT_TRUE(reader.is_http_1_0());
  EXPECT_EQ(reader.take().path, "/second");
  EXPECT_EQ(reader.next(), State::head);
  EXPECT_EQ(reader.path(), "/");
}

TEST(RequestReader, SaysOnceThatThePeerWaitsForContinue) {
  RequestReader reader(kLimits, router());
  constexpr std::string_view kHead =
      "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-Continue\r\nContent-Length: 2\r\n\r\n";
  reader.append(kHead);
  ASSERT_EQ(reader.next(), State::body);
  EXPECT_TRUE(reader.wants_continue());
  EXPECT_FALSE(reader.wants_continue());
  RequestReader hasty(kLimits, router());
  hasty.append(std::string(kHead) + "x");
  ASSERT_EQ(hasty.next(), State::body);
  EXPECT_FALSE(hasty.wants_continue());
}

TEST(RequestReader, RefusesAmbiguousFraming) {
  const auto post = [](std::string_view headers, std::string_view version = "1.1") {
    return refusal("POST /p HTTP/" + std::string(version) + "\r\nHost: a\r\n" +
                   std::string(headers) + "\r\n\r\n");
  };
  for (const std::string_view headers :
       {"Content-Length: 3\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\nContent-Length: 3", "Content-Length: 3\r\nContent-Length: 4",
        "Content-Length: -1", "Content-Length: 0x3", "Content-Length: 99999999999999999999",
        "Transfer-Encoding: gzip, chunked", "Transfer-Encoding: identity",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", "Host: b", "No colon",
        "Content-Length : 3"})
    EXPECT_TRUE(post(headers).starts_with("400 /p: Malformed request: ")) << headers;
  EXPECT_TRUE(post("Transfer-Encoding: chunked", "1.0").starts_with("400 /p"));
  EXPECT_TRUE(refusal("GET /h HTTP/1.1\r\n\r\n").starts_with("400 /h"));
  EXPECT_TRUE(refusal("\x16\x03\x01\x02").starts_with("400 /: "));
  EXPECT_TRUE(refusal("GET / HTTP/2.0\r\n\r\n").starts_with("400 /: "));
  EXPECT_TRUE(post("Transfer-Encoding: chunked\r\n\r\nxyz\r\n").starts_with("400 /p"));
}

TEST(RequestReader, BoundsHeadsTargetsAndBodies) {
  EXPECT_EQ(refusal("GET /x HTTP/1.1\r\nHost: " + std::string(1100, 'a')),
            "431 /x: Request head too large");
  EXPECT_EQ(refusal("GET /x HTTP/1.1\r\nHost: a\r\nA:1\r\nB:2\r\nC:3\r\nD:4\r\nE:5\r\n\r\n"),
            "431 /x: Too many header lines");
  const std::string target(9'000, 'a');
  EXPECT_EQ(refusal("GET /" + target + " HTTP/1.1\r\nHost: a\r\n\r\n", {16 << 10, 5}),
            "414 /" + target + ": Request target too long");
  EXPECT_EQ(refusal("GET /" + std::string(17'000, 'a'), {16 << 10, 5}),
            "414 /: Request target too long");
  EXPECT_EQ(refusal("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\n"),
            "413 /: Message too large");
  EXPECT_EQ(refusal("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                    "6\r\nabcdef\r\n5\r\n"),
            "413 /: Message too large");
}

TEST(RequestReader, WantsTheLengthOfABodyWhereOneIsNeeded) {
  EXPECT_EQ(refusal("POST /x HTTP/1.1\r\nHost: a\r\n\r\n"), "411 /x: Length required");
  EXPECT_EQ(read("POST /api/rotate HTTP/1.1\r\nHost: a\r\n\r\n").body, "");
  EXPECT_EQ(read("GET /x HTTP/1.1\r\nHost: a\r\n\r\n").body, "");
}

}  // namespace
}  // namespace tapstat::tests
