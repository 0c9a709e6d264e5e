#include "control/rest/rest_api.h"

#include <cctype>
#include <chrono>
#include <fstream>
#include <sstream>

#include <boost/asio/io_context.hpp>

#include "control/audit_log.h"
#include "control/http/router.h"
#include "control/mplane/component.h"
#include "control/rest/schemas.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/control/rest/support.h"

namespace tapstat::tests {
namespace {

using control::http::Request;
using control::http::Response;
using control::http::Via;
namespace rest = control::rest;
namespace schema = control::rest::schema;

/// A whole control plane behind the router, without sockets.
class RestApi : public testing::Test {
 protected:
  void SetUp() override {
    std::ofstream(conf_) << "[options]\ntcplog_p2p = 1\n";
    probe_.figures_now = busy_figures();
    probe_.figures_now.epoch_published = probe_.figures_now.epoch_written = 1;
    audit_ = std::move(*control::AuditLog::open(dir_ / "audit.jsonl", messages_));
    settings_ = std::make_unique<control::Settings>(
        control::Settings::Start{{}, {}, "runtime.conf", conf_, {}, 1},
        control::Settings::Effects{[](const flowstats::ActiveConfig&) {}, [](const std::string&) {},
                                   [](uint32_t, uint32_t) { return std::optional<uint64_t>{}; },
                                   []() -> flowstats::Result<void> { return {}; }},
        *audit_);
    component_ = std::move(*control::mplane::Component::create(
        io_, {}, *control::mplane::Roles::load({}), *settings_, *audit_));
    access_ = std::make_unique<rest::Access>(rest::AccessOptions{"token", {}},
                                             [](const auto&) { return std::set<std::string>{}; });
    api_ = std::make_unique<rest::RestApi>(
        io_, rest::RestParts{probe_,
                             *settings_,
                             *access_,
                             *audit_,
                             *component_,
                             nullptr,
                             server_,
                             {{"control", "listen", "127.0.0.1:8888", "default"}}});
    router_.add(api_->routes());
  }

  /// The answer to an operator on the local socket.
  Response ask(const std::string& method, const std::string& path, const std::string& body = "",
               const std::string& type = "application/json") {
    Request request = request_of(method, path);
    request.peer.via = Via::local;
    request.body = body;
    request.content_type = type;
    return answer_to(request);
  }
  Response answer_to(const Request& request) {
    std::optional<Response> answer;
    router_.handle(request, [&](Response response) { answer = std::move(response); });
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{10};
    while (!answer && std::chrono::steady_clock::now() < deadline) io_.run_one_until(deadline);
    EXPECT_TRUE(answer) << request.method << " " << request.path << " got no answer";
    return answer.value_or(Response{});
  }
  rapidjson::Document json_of(const Response& response) { return parsed(response.body); }

  std::string audit_lines(std::string_view verb) {
    std::ostringstream lines;
    std::ifstream file(dir_ / "audit.jsonl");
    for (std::string line; std::getline(file, line);)
      if (line.find("\"verb\":\"" + std::string(verb) + "\"") != line.npos) lines << line << '\n';
    return lines.str();
  }

  const TempDir dir_;
  const std::filesystem::path conf_ = dir_ / "runtime.conf";
  boost::asio::io_context io_;
  FakeProbe probe_;
  control::Messages messages_;
  control::http::ServerCounters server_;
  std::unique_ptr<control::AuditLog> audit_;
  std::unique_ptr<control::Settings> settings_;
  std::unique_ptr<control::mplane::Component> component_;
  std::unique_ptr<rest::Access> access_;
  std::unique_ptr<rest::RestApi> api_;
  control::http::Router router_;
};

bool is_on(const rapidjson::Document& groups, std::string_view name) {
  for (const auto& group : groups["groups"].GetArray())
    if (group["name"].GetString() == name) return group["on"].GetBool();
  ADD_FAILURE() << "no group " << name;
  return false;
}

TEST_F(RestApi, EveryDocumentHasTheFormThatItsDescriptionPromises) {
  const std::pair<const char*, std::string_view> documents[] = {
      {"/healthz", schema::kHealth},       {"/readyz", schema::kReadiness},
      {"/api/v1/status", schema::kStatus}, {"/api/v1/counters", schema::kCounters},
      {"/api/v1/groups", schema::kGroups}, {"/api/v1/columns", schema::kColumns},
      {"/api/v1/config", schema::kConfig}, {"/api/v1/specifications", schema::kSpecifications},
  };
  for (const auto& [path, form] : documents) {
    const Response response = ask("GET", path);
    EXPECT_EQ(response.status, 200U) << path;
    EXPECT_EQ(response.content_type, "application/json") << path;
    EXPECT_EQ(misfit(response.body, form), "") << path;
  }
}

TEST_F(RestApi, EveryOperationOfTheDescriptionIsServedAndNoOther) {
  probe_.arrives_after = 1;
  const auto description = json_of(ask("GET", "/openapi.json"));
  size_t operations = 0;
  for (const auto& path : description["paths"].GetObject())
    for (const auto& operation : path.value.GetObject()) {
      std::string method = operation.name.GetString();
      for (char& c : method) c = static_cast<char>(std::toupper(c));
      const Response response =
          ask(method, path.name.GetString(), method == "PATCH" ? R"({"p2p": null})" : "");
      const std::string status = std::to_string(response.status);
      EXPECT_TRUE(operation.value["responses"].HasMember(status.c_str()))
          << method << " " << path.name.GetString() << " answered " << status;
      EXPECT_LT(response.status, 300U) << path.name.GetString() << response.body;
      ++operations;
    }
  EXPECT_EQ(operations, 14U);
  size_t routes = 0;
  for (const auto& family : router_.families()) routes += family.routes.size();
  EXPECT_EQ(operations, routes);
}

TEST_F(RestApi, TheManualHasEveryRoute) {
  std::ostringstream page;
  page << std::ifstream(TAPSTAT_SOURCE_ROOT "/docs/control.md").rdbuf();
  for (const auto& family : router_.families())
    for (const auto& route : family.routes) {
      const std::string row =
          "| `" + std::string(route.path) + "` | " + std::string(route.method) + " |";
      EXPECT_NE(page.str().find(row), std::string::npos) << row;
    }
}

TEST_F(RestApi, MetricsAreText) {
  const Response response = ask("GET", "/metrics");
  EXPECT_EQ(response.content_type, "text/plain; version=0.0.4; charset=utf-8");
  EXPECT_NE(response.body.find("\ntapstat_group_on{group=\"p2p\"} 1\n"), std::string::npos);
  EXPECT_NE(response.body.find("\ntapstat_ready 1\n"), std::string::npos);
}

TEST_F(RestApi, WhoMayAskWhat) {
  for (const auto& family : router_.families())
    for (const auto& route : family.routes) {
      Request request = request_of(std::string(route.method), std::string(route.path));
      const unsigned expected = route.needs == control::http::Needs::operator_role ? 401 : 200;
      EXPECT_EQ(answer_to(request).status, expected) << route.path;
    }
  EXPECT_EQ(probe_.stops, 0U);
  EXPECT_EQ(settings_->epoch(), 1U);
  Request request = request_of("GET", "/api/v1/config");
  request.bearer = "token";
  EXPECT_EQ(answer_to(request).status, 200U);
  request.host = "evil.example";
  EXPECT_EQ(answer_to(request).status, 421U);
}

TEST_F(RestApi, WrongPathsAndMethodsAreProblems) {
  const Response missing = ask("GET", "/api/v1/nothing");
  EXPECT_EQ(missing.status, 404U);
  EXPECT_EQ(missing.content_type, "application/problem+json");
  EXPECT_EQ(misfit(missing.body, schema::kProblem), "");
  EXPECT_EQ(ask("DELETE", "/api/v1/groups").status, 405U);
  EXPECT_EQ(router_.body_bytes_max("/api/v1/groups"), 64U << 10);
}

TEST_F(RestApi, ReadinessTellsWhyNot) {
  probe_.figures_now.writer_errors = {"\"out\" is full."};
  const Response response = ask("GET", "/readyz");
  EXPECT_EQ(response.status, 503U);
  EXPECT_STREQ(json_of(response)["reasons"][0].GetString(), "writer: \"out\" is full.");
  EXPECT_EQ(ask("GET", "/healthz").status, 200U);
}

TEST_F(RestApi, AGroupIsSwitchedWhenTheWriterHasArrived) {
  probe_.arrives_after = 4;
  const Response response =
      ask("PATCH", "/api/v1/groups", R"({"p2p": false})", "application/merge-patch+json");
  ASSERT_EQ(response.status, 200U) << response.body;
  EXPECT_EQ(misfit(response.body, schema::kGroups), "");
  const auto groups = json_of(response);
  EXPECT_FALSE(is_on(groups, "p2p"));
  EXPECT_TRUE(is_on(groups, "options"));
  EXPECT_EQ(groups["epoch"].GetUint(), groups["written_epoch"].GetUint());
  EXPECT_GT(groups["epoch"].GetUint(), 1U);
  EXPECT_GE(probe_.asked, 4U);
}

TEST_F(RestApi, AWriterThatTakesLongIsNotWaitedFor) {
  const Response response = ask("PATCH", "/api/v1/groups", R"({"p2p": false})");
  EXPECT_EQ(response.status, 202U);
  ASSERT_EQ(response.headers.size(), 1U);
  EXPECT_EQ(response.headers[0],
            (std::pair<std::string, std::string>{"Location", "/api/v1/groups"}));
  EXPECT_LT(json_of(response)["written_epoch"].GetUint(), json_of(response)["epoch"].GetUint());
}

TEST_F(RestApi, WrongWordsChangeNothing) {
  const std::string before = ask("GET", "/api/v1/groups").body;
  EXPECT_EQ(ask("PATCH", "/api/v1/groups", R"({"p2p": false, "p3p": true})").status, 400U);
  EXPECT_EQ(ask("PATCH", "/api/v1/groups", "").status, 400U);
  EXPECT_EQ(ask("PATCH", "/api/v1/groups", R"({"p2p": false})", "text/plain").status, 415U);
  EXPECT_EQ(ask("PATCH", "/api/v1/groups", R"({"core": false})").status, 409U);
  EXPECT_EQ(ask("GET", "/api/v1/groups").body, before);
}

TEST_F(RestApi, RotateNamesTheNewDirectory) {
  probe_.arrives_after = 5;
  const Response response = ask("POST", "/api/v1/rotate");
  EXPECT_EQ(response.status, 200U);
  EXPECT_STREQ(json_of(response)["directory"].GetString(), "out/second");
  const std::string line = audit_lines("rotate");
  EXPECT_NE(line.find("\"way\":\"local\""), std::string::npos) << line;
  EXPECT_NE(line.find("\"from\":\"out/2014_05_14_23_44.out\""), std::string::npos) << line;
}

TEST_F(RestApi, RotateWithoutARowIsAcceptedForLater) {
  EXPECT_EQ(ask("POST", "/api/v1/rotate").status, 202U);
}

TEST_F(RestApi, ReloadTakesTheFileOrListsItsErrors) {
  std::ofstream(conf_) << "[options]\ntcplog_p2p = 0\n";
  const Response good = ask("POST", "/api/v1/reload");
  ASSERT_EQ(good.status, 200U) << good.body;
  EXPECT_EQ(misfit(good.body, schema::kReload), "");
  EXPECT_TRUE(json_of(good)["changed"].GetBool());
  EXPECT_FALSE(is_on(json_of(ask("GET", "/api/v1/groups")), "p2p"));

  std::ofstream(conf_) << "[options]\ntcplog_p2q = 0\ntcplog_options = 7\n";
  const Response bad = ask("POST", "/api/v1/reload");
  ASSERT_EQ(bad.status, 422U);
  EXPECT_EQ(misfit(bad.body, schema::kProblem), "");
  EXPECT_EQ(json_of(bad)["errors"].Size(), 2U);
  EXPECT_EQ(ask("GET", "/readyz").status, 503U);
}

TEST_F(RestApi, StopIsAnsweredAndAudited) {
  const Response response = ask("POST", "/api/v1/stop");
  EXPECT_EQ(response.status, 202U);
  EXPECT_EQ(misfit(response.body, schema::kStop), "");
  EXPECT_EQ(probe_.stops, 1U);
  EXPECT_NE(audit_lines("stop"), "");
}

TEST_F(RestApi, RatesAreSampledOnceASecond) {
  io_.run_for(std::chrono::milliseconds{1'100});
  probe_.figures_now.dispatcher.value[static_cast<size_t>(flowstats::Counter::rx_packets)] += 1'000;
  io_.run_for(std::chrono::milliseconds{1'000});
  const auto status = json_of(ask("GET", "/api/v1/status"));
  EXPECT_NEAR(status["rates"]["packets_per_s"].GetDouble(), 1'000, 200);
}

TEST_F(RestApi, AnAnswerThatWaitsIsDroppedAtTheEnd) {
  Request request = request_of("POST", "/api/v1/rotate");
  request.peer.via = Via::local;
  bool answered = false;
  router_.handle(request, [&](const Response&) { answered = true; });
  api_.reset();
  io_.run_for(std::chrono::milliseconds{100});
  EXPECT_FALSE(answered);
}

}  // namespace
}  // namespace tapstat::tests
