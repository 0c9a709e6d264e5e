#include "control/rest/access.h"

#include <sys/stat.h>

#include <fstream>

#include "tests/support/temp_dir.h"
#include "tests/unit/control/rest/support.h"

namespace tapstat::tests {
namespace {

using control::http::Needs;
using control::http::Request;
using control::http::Via;
using control::rest::Access;
using control::rest::read_token;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Access::Clock::time_point kNow{std::chrono::hours{1}};
const std::string kToken = "correct horse";

std::set<std::string> roles_of(const control::http::Peer& peer) {
  if (peer.identity == "Operator") return {"operator", "guest"};
  if (peer.identity == "Admin") return {"admin"};
  if (peer.identity == "Reader") return {"reader"};
  return {"guest"};
}

Access make_access() { return Access({kToken, {"Probe.example", "[2001:db8::1]:443"}}, roles_of); }

unsigned status_of(const std::optional<control::http::Response>& refusal) {
  return refusal ? refusal->status : 200;
}

std::string header_of(const control::http::Response& response, std::string_view name) {
  for (const auto& [header, value] : response.headers)
    if (header == name) return value;
  return "";
}

unsigned ask(Access& access, const Request& request, Needs needs,
             Access::Clock::time_point now = kNow) {
  return status_of(access.admit(request, needs, now));
}

Request over_tls(std::string identity, std::string bearer = "") {
  Request request = request_of("GET", "/api/v1/status");
  request.peer.via = Via::tls;
  request.peer.identity = std::move(identity);
  request.peer.address = "192.0.2.7";
  request.bearer = std::move(bearer);
  return request;
}

TEST(Access, LoopbackReadsAndChangesWithTheTokenOnly) {
  Access access = make_access();
  Request request = request_of("PATCH", "/api/v1/groups");
  EXPECT_EQ(ask(access, request, Needs::nobody), 200U);
  EXPECT_EQ(ask(access, request, Needs::reader), 200U);
  const auto refusal = access.admit(request, Needs::operator_role, kNow);
  ASSERT_EQ(status_of(refusal), 401U);
  EXPECT_EQ(header_of(*refusal, "WWW-Authenticate"), "Bearer");
  EXPECT_EQ(refusal->content_type, "application/problem+json");
  for (const char* wrong : {"correct", "correct horse ", "Correct horse", "x"}) {
    request.bearer = wrong;
    EXPECT_EQ(ask(access, request, Needs::operator_role), 401U) << wrong;
  }
  request.bearer = kToken;
  EXPECT_EQ(ask(access, request, Needs::operator_role), 200U);
}

TEST(Access, WithoutATokenFileNoTokenIsAccepted) {
  Access access({}, roles_of);
  Request request = request_of("POST", "/api/v1/stop");
  EXPECT_EQ(ask(access, request, Needs::operator_role), 401U);
  request.bearer = "anything";
  EXPECT_EQ(ask(access, request, Needs::operator_role), 401U);
}

TEST(Access, TheLocalSocketIsTheOperators) {
  Access access = make_access();
  Request request = request_of("POST", "/api/v1/stop");
  request.peer.via = Via::local;
  request.host = "";
  EXPECT_EQ(ask(access, request, Needs::operator_role), 200U);
}

TEST(Access, RolesOfTheCertificateCount) {
  Access access = make_access();
  EXPECT_EQ(ask(access, over_tls("Operator"), Needs::operator_role), 200U);
  EXPECT_EQ(ask(access, over_tls("Admin"), Needs::operator_role), 200U);
  EXPECT_EQ(ask(access, over_tls("Reader"), Needs::reader), 200U);
  EXPECT_EQ(ask(access, over_tls("Reader"), Needs::operator_role), 403U);
  EXPECT_EQ(ask(access, over_tls("Stranger"), Needs::reader), 403U);
  EXPECT_EQ(ask(access, over_tls("Stranger"), Needs::nobody), 200U);
  EXPECT_EQ(ask(access, over_tls("Reader", kToken), Needs::operator_role), 200U);
  EXPECT_EQ(ask(access, over_tls("Stranger", kToken), Needs::reader), 200U);
  EXPECT_EQ(ask(access, over_tls("Stranger", "guess"), Needs::reader), 401U);
}

TEST(Access, TheHostMustBeOurs) {
  Access access = make_access();
  Request request = request_of("GET", "/healthz");
  for (const char* ours : {"127.0.0.1", "127.0.0.1:8888", "[::1]", "[::1]:8888", "LOCALHOST:1",
                           "probe.example", "probe.EXAMPLE:9000", "[2001:db8::1]:8888"}) {
    request.host = ours;
    EXPECT_EQ(ask(access, request, Needs::nobody), 200U) << ours;
  }
  for (const char* other : {"evil.example", "127.0.0.1.evil.example", "localhost.evil",
                            "[::2]:8888", "::1", "[::1", ":8888", "10.0.0.1"}) {
    request.host = other;
    EXPECT_EQ(ask(access, request, Needs::nobody), 421U) << other;
  }
  request.host = "";
  EXPECT_EQ(ask(access, request, Needs::nobody), 400U);
}

TEST(Access, TenFailuresAMinuteAreEnough) {
  Access access = make_access();
  Request request = request_of("POST", "/api/v1/rotate");
  request.bearer = "guess";
  for (int i = 0; i < 10; ++i)
    EXPECT_EQ(ask(access, request, Needs::operator_role, kNow + seconds{i}), 401U) << i;
  request.bearer = kToken;  // the eleventh guess may be the right one: it is not looked at
  const auto refusal = access.admit(request, Needs::operator_role, kNow + milliseconds{20'500});
  ASSERT_EQ(status_of(refusal), 429U);
  EXPECT_EQ(header_of(*refusal, "Retry-After"), "40");
  EXPECT_EQ(ask(access, request, Needs::reader, kNow + seconds{20}), 200U);
  Request elsewhere = request;
  elsewhere.peer.address = "127.0.0.2";
  EXPECT_EQ(ask(access, elsewhere, Needs::operator_role, kNow + seconds{20}), 200U);
  EXPECT_EQ(ask(access, request, Needs::operator_role, kNow + seconds{60}), 200U);
}

TEST(Access, OfManyAddressesTheQuietestIsForgotten) {
  Access access = make_access();
  Request first = request_of("POST", "/api/v1/rotate"), other = first;
  first.peer.address = "192.0.2.1";
  for (int i = 0; i < 10; ++i) EXPECT_EQ(ask(access, first, Needs::operator_role), 401U);
  EXPECT_EQ(ask(access, first, Needs::operator_role, kNow + seconds{1}), 429U);
  for (int i = 0; i < 1'024; ++i) {
    other.peer.address = "10.0." + std::to_string(i / 256) + "." + std::to_string(i % 256);
    EXPECT_EQ(ask(access, other, Needs::operator_role, kNow + milliseconds{1'000 + i}), 401U);
  }
  EXPECT_EQ(ask(access, first, Needs::operator_role, kNow + seconds{3}), 401U);
  for (int i = 1; i < 10; ++i)
    EXPECT_EQ(ask(access, other, Needs::operator_role, kNow + seconds{3}), 401U);
  EXPECT_EQ(ask(access, other, Needs::operator_role, kNow + seconds{3}), 429U);
}

TEST(AccessToken, IsTheFirstLineOfAFileOfOurs) {
  const TempDir dir;
  const auto path = dir / "token";
  std::ofstream(path) << "  s3cret\t\r\nsecond line\n";
  for (const mode_t mode : {0400, 0600}) {
    chmod(path.c_str(), mode);
    const auto token = read_token(path);
    ASSERT_TRUE(token) << token.error().sentence;
    EXPECT_EQ(*token, "s3cret");
  }
}

TEST(AccessToken, WhatOthersMayReadIsRefused) {
  const TempDir dir;
  const auto path = dir / "token";
  std::ofstream(path) << "s3cret\n";
  for (const mode_t mode : {0644, 0640, 0660, 0604, 0700, 0401}) {
    chmod(path.c_str(), mode);
    const auto token = read_token(path);
    ASSERT_FALSE(token) << mode;
    EXPECT_EQ(token.error().status, flowstats::ExitStatus::usage);
    EXPECT_NE(token.error().sentence.find("chmod 0400 " + path.string()), std::string::npos);
  }
}

TEST(AccessToken, EmptyMissingAndNoFile) {
  const TempDir dir;
  EXPECT_FALSE(read_token(dir / "missing"));
  EXPECT_FALSE(read_token(dir.path()));
  const auto path = dir / "token";
  std::ofstream(path) << " \nbehind\n";
  chmod(path.c_str(), 0400);
  const auto empty = read_token(path);
  ASSERT_FALSE(empty);
  EXPECT_NE(empty.error().sentence.find("first line is empty"), std::string::npos);
}

}  // namespace
}  // namespace tapstat::tests
