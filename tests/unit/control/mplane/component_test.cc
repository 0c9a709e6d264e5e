#include "control/mplane/component.h"

#include <algorithm>
#include <utility>

#include <gtest/gtest.h>

#include "tests/unit/control/mplane/component_world.h"

namespace tapstat::tests {
namespace {

using namespace control::mplane;  // NOLINT(google-build-using-namespace): every line uses it
using std::chrono::milliseconds;

TEST_F(ComponentTest, PagesAndCapabilities) {
  begin();
  EXPECT_EQ(get("/")->response.body, start_page().body);
  for (const auto& [generation, path] :
       {std::pair{Generation::proxy_2014, "/capability"}, {Generation::sdk, "/v1/capability"}}) {
    std::vector<std::string_view> tokens;
    for (const Capability& one : component_->capabilities().of(generation)) {
      tokens.push_back(one.token());
      const auto answered = get(std::string(path) + "/" + one.token());
      EXPECT_EQ(answered->response.status, 200U);
      EXPECT_EQ(answered->response.content_type, kContentType);
      EXPECT_EQ(answered->response.body, to_json(one.message));
    }
    EXPECT_EQ(tokens.size(), 5U);
    EXPECT_EQ(get(path)->response.body, list_page(path, tokens).body);
    EXPECT_EQ(get(path)->response.content_type, "text/html");
  }
  const auto registry = get("/registry.json");
  EXPECT_EQ(registry->response.content_type, "application/json");
  EXPECT_EQ(registry->response.body, registry_json(options_.capabilities.registry_uri));
}

TEST_F(ComponentTest, WrongPathsAndMethods) {
  begin();
  expect_error(*get("/capability/0000"), 404, "Not found");
  expect_error(*get("/capability/341cdfb9d3ec020b6019a4772a7a889c/"), 404, "Not found");
  expect_error(*get("/v1/capability/341cdfb9d3ec020b6019a4772a7a889c"), 404, "Not found");
  expect_error(*get("/capability/"), 404, "Not found");
  expect_error(*get("/nothing"), 404, "Not found");
  for (const auto& [path, allow] : {std::pair{"/", "GET, POST"},
                                    {"/capability", "GET, POST"},
                                    {"/v1/capability", "GET, POST"},
                                    {"/v1", "POST"},
                                    {"/registry.json", "GET"}}) {
    control::http::Request request;
    request.method = "PUT";
    request.path = path;
    const auto answered = ask(request);
    expect_error(*answered, 405, "Method not allowed");
    EXPECT_EQ(answered->header("Allow"), allow) << path;
  }
}

TEST_F(ComponentTest, BodiesThatAreNoMessage) {
  begin();
  const std::string good = to_json(token_only(Kind::redemption, "t"));
  for (const char* type : {"", "application/json", "text/plain"})
    expect_error(*post_text(good, "/", type), 415, "Unsupported content type");
  for (const char* type : {"application/x-mplane+json; charset=utf-8", "Application/X-MPLANE+json"})
    expect_error(*post_text(good, "/", type), 200, "Unknown job", "t");
  for (const char* body : {"", "[]", "{", "{\"version\":0}"}) {
    const auto answered = post_text(body);
    EXPECT_EQ(answered->response.status, 400U);
    EXPECT_EQ(answered->message().token, kNoToken);
    EXPECT_TRUE(answered->message().text.starts_with("Malformed message: ")) << body;
  }
  expect_error(*post_text(R"({"redemption": "measure", "token": "t", "version": 2})"), 400,
               "Version mismatch", "t");
}

TEST_F(ComponentTest, EveryPostPathTakesEveryMessage) {
  begin();
  for (const char* path : {"/", "/capability", "/v1/capability", "/v1"})
    expect_error(*post(token_only(Kind::redemption, "t", 1), path), 200, "Unknown job", "t");
}

TEST_F(ComponentTest, ALongRunIsAnsweredWithItsReceiptAtOnce) {
  begin();
  const auto answered = specify("t", "now + 20s");
  ASSERT_TRUE(answered->done);
  EXPECT_EQ(answered->message().kind, Kind::receipt);
  EXPECT_TRUE(holds_.holds(flowstats::Group::end_to_end));
}

TEST_F(ComponentTest, AShortRunIsHeldBackUntilItsResult) {
  holds_.rows = 40;
  begin();
  const auto held = specify("t", for_ms(600));
  EXPECT_FALSE(held->done);
  const auto second = specify("t", for_ms(600));
  ASSERT_TRUE(second->done) << "nobody else waits";
  EXPECT_EQ(second->message().kind, Kind::receipt);
  EXPECT_EQ(post(token_only(Kind::redemption, "t"))->message().kind, Kind::receipt);
  run_for(milliseconds(200));
  EXPECT_FALSE(held->done);
  run_for(milliseconds(800));
  ASSERT_TRUE(held->done);
  EXPECT_EQ(held->message().kind, Kind::result);
  EXPECT_EQ(held->header("Tapstat-Epochs"), "2..2");
  EXPECT_EQ(held->header("Tapstat-Rows"), "41");
  EXPECT_TRUE(holds_.held.empty());
}

TEST_F(ComponentTest, SeveralWaitAtOnce) {
  begin();
  const auto one = specify("1", for_ms(200)), two = specify("2", for_ms(1'200)),
             three = specify("3", for_ms(200));
  run_for(milliseconds(500));
  EXPECT_TRUE(one->done);
  EXPECT_FALSE(two->done);
  EXPECT_TRUE(three->done);
  run_for(milliseconds(1'300));
  EXPECT_TRUE(two->done);
}

TEST_F(ComponentTest, TheInlineWaitCanBeSwitchedOffAndIsALimit) {
  options_.inline_wait = milliseconds(0);
  begin();
  EXPECT_EQ(specify("t", "now + 1s")->message().kind, Kind::receipt);
  EXPECT_EQ(specify("u", "now")->message().kind, Kind::result);
  options_.state_directory.reset();
  options_.inline_wait = milliseconds(1'000);
  begin();
  EXPECT_FALSE(specify("v", "now + 1s")->done) << "at most";
  EXPECT_TRUE(specify("w", "now + 2s")->done);
}

TEST_F(ComponentTest, AnInterruptReleasesAHeldReplyWithTheSameResult) {
  begin();
  const auto held = specify("t", "now + 4s");
  const auto interrupted = post(token_only(Kind::interrupt, "t"));
  ASSERT_TRUE(held->done);
  ASSERT_TRUE(interrupted->done);
  EXPECT_EQ(interrupted->message().kind, Kind::result);
  EXPECT_EQ(held->response.body, interrupted->response.body);
}

TEST_F(ComponentTest, AHeldReplyIsGivenUpWhenTheClockIsPutBack) {
  control::UtcMicroseconds clock = kNoon;
  options_.clock = [&clock] { return clock; };
  options_.inline_wait = milliseconds(300);
  begin();
  const auto held = specify("t", interval_text(kNoon, kNoon + kSecond / 5));
  EXPECT_FALSE(held->done);
  run_for(milliseconds(1'500));
  ASSERT_TRUE(held->done);
  EXPECT_EQ(held->message().kind, Kind::receipt);
}

TEST_F(ComponentTest, OnlyACompletelyWrittenAnswerIsDelivered) {
  begin();
  const auto broken = specify("t", "now");
  broken->written(false);
  EXPECT_EQ(specify("t", "now + 20s")->message().kind, Kind::result) << "the stored answer";
  const auto whole = post(token_only(Kind::redemption, "t"));
  whole->written(true);
  EXPECT_EQ(specify("t", "now + 20s")->message().kind, Kind::receipt) << "a new run";
}

TEST_F(ComponentTest, AnInstantHasNoEpochs) {
  begin();
  const auto answered = specify("t", "now");
  EXPECT_EQ(answered->message().kind, Kind::result);
  EXPECT_EQ(answered->header("Tapstat-Epochs"), "");
  EXPECT_EQ(answered->header("Tapstat-Rows"), "");
}

TEST_F(ComponentTest, EnvelopesAreAnsweredByEnvelopes) {
  begin();
  Message inner;
  inner.kind = Kind::envelope;
  inner.verb = "message";
  inner.contents = {token_only(Kind::redemption, "x")};
  Message outer = inner;
  outer.version = 1;
  outer.contents = {specification("a", "now + 1s"), inner, specification("b", "now"),
                    specification("c", "tomorrow")};
  const auto answered = post(outer);
  ASSERT_TRUE(answered->done) << "without inline wait";
  const Message reply = answered->message();
  EXPECT_EQ(reply.kind, Kind::envelope);
  EXPECT_EQ(reply.version, 1);
  ASSERT_EQ(reply.contents.size(), 4U);
  EXPECT_EQ(reply.contents[0].kind, Kind::receipt);
  EXPECT_EQ(reply.contents[1].kind, Kind::envelope);
  EXPECT_EQ(reply.contents[1].version, 0);
  ASSERT_EQ(reply.contents[1].contents.size(), 1U);
  EXPECT_EQ(reply.contents[1].contents[0].text, "Unknown job");
  EXPECT_EQ(reply.contents[2].kind, Kind::result);
  EXPECT_EQ(reply.contents[3].text, "Invalid temporal scope");
  answered->written(true);
  EXPECT_EQ(specify("b", "now + 20s")->message().kind, Kind::receipt) << "b was delivered";

  inner.contents.clear();
  EXPECT_TRUE(post(inner)->message().contents.empty());
}

TEST_F(ComponentTest, AFaultInAnEnvelopeRefusesAllOfIt) {
  begin();
  const std::string body = R"({"envelope": "message", "version": 0, "contents": [)" +
                           to_json(specification("a", "now + 20s")) + ", {}]}";
  EXPECT_EQ(post_text(body)->response.status, 400U);
  EXPECT_TRUE(component_->specifications().jobs().empty());
}

// ---- roles ----

TEST_F(ComponentTest, ListsShowWhatThePeerMayUse) {
  begin(roles());
  const auto tokens = component_->capabilities().of(Generation::proxy_2014);
  come_as("alice");
  const std::string list = get("/capability")->response.body;
  EXPECT_NE(list.find("dc350c3385279c53ec35b3a011782dca"), std::string::npos);
  EXPECT_EQ(list.find("341cdfb9d3ec020b6019a4772a7a889c"), std::string::npos);
  EXPECT_EQ(get("/capability/dc350c3385279c53ec35b3a011782dca")->response.status, 200U);
  expect_error(*get("/capability/341cdfb9d3ec020b6019a4772a7a889c"), 404, "Not found");
  come_as("bob");
  EXPECT_EQ(get("/capability")->response.body, list_page("/capability", {}).body);
  EXPECT_EQ(get("/v1/capability")->response.body, list_page("/v1/capability", {}).body);
  expect_error(*get("/capability/dc350c3385279c53ec35b3a011782dca"), 404, "Not found");
  EXPECT_EQ(get("/")->response.status, 200U);
  EXPECT_EQ(tokens.size(), 5U);
}

TEST_F(ComponentTest, RefusalsForLackOfPermissionAreAudited) {
  begin(roles());
  come_as("alice");
  ASSERT_EQ(specify("t", "now + 20s")->message().kind, Kind::receipt);
  EXPECT_EQ(audit_text(), "") << "changes are audited by who makes them";
  come_as("bob");
  expect_error(*specify("u", "now + 20s"), 200, "User has no permission to request this capability",
               "u");
  expect_error(*post(token_only(Kind::interrupt, "t")), 200, "Unknown job", "t");
  (void)get("/capability/dc350c3385279c53ec35b3a011782dca");
  const std::string audit = audit_text();
  EXPECT_EQ(std::count(audit.begin(), audit.end(), '\n'), 3) << audit;
  for (const char* part : {"org.bob", "mplane", "specification", "interrupt", "capability"})
    EXPECT_NE(audit.find(part), std::string::npos) << part << "\n" << audit;
}

TEST_F(ComponentTest, RolesCanBeReplaced) {
  begin(roles());
  come_as("alice");
  component_->replace_roles(Roles{});
  expect_error(*specify("u", "now + 20s"), 200, "User has no permission to request this capability",
               "u");
  EXPECT_FALSE(component_->roles().may_use(client_of(peer_), Generation::sdk,
                                           "tstat-log_tcp_complete-end_to_end"));
}

}  // namespace
}  // namespace tapstat::tests
