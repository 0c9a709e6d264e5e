#include "control/http/router.h"

#include <stdexcept>

#include <gtest/gtest.h>

namespace tapstat::tests {
namespace {

using namespace control::http;

Response response(unsigned status, std::string body) {
  Response made;
  made.status = status;
  made.body = std::move(body);
  return made;
}

Route route(std::string_view method, std::string_view path, const char* name,
            Needs needs = Needs::nobody) {
  return {method,
          path,
          needs,
          [name](const Request&, std::string_view argument, const Answer& answer) {
            answer(response(200, std::string(name) + ":" + std::string(argument)));
          },
          {}};
}

RouteFamily family(std::vector<std::string_view> prefixes, const char* name) {
  RouteFamily made;
  made.prefixes = std::move(prefixes);
  made.error = [name](unsigned status, std::string_view detail) {
    return response(status, std::string(name) + " " + std::string(detail));
  };
  return made;
}

Router sample_router() {
  RouteFamily rest = family({}, "mplane");
  rest.routes = {route("GET", "/capability/{token}", "token"), route("GET", "/", "start"),
                 route("POST", "/", "message"), route("GET", "/capability/all", "all")};
  RouteFamily api = family({"/api/", "/metrics"}, "api");
  api.body_bytes_max = 7;
  api.needs_length = false;
  api.routes = {
      route("PATCH", "/api/groups", "groups", Needs::operator_role),
      route("GET", "/api/groups", "read", Needs::reader),
      {"GET",
       "/api/broken",
       Needs::nobody,
       [](const Request&, std::string_view, const Answer&) { throw std::runtime_error("broken"); },
       {}}};
  api.admit = [](const Request& request, Needs needs) -> std::optional<Response> {
    if (needs != Needs::operator_role || request.bearer == "secret") return std::nullopt;
    return response(403, "no");
  };
  RouteFamily inner = family({"/api/v2/"}, "inner");
  Router router;
  router.add(std::move(rest));
  router.add(std::move(api));
  router.add(std::move(inner));
  return router;
}

Response ask(const Router& router, std::string method, std::string path, std::string bearer = "") {
  Request request;
  request.method = std::move(method);
  request.path = std::move(path);
  request.bearer = std::move(bearer);
  std::vector<Response> answers;
  router.handle(request, [&answers](Response one) { answers.push_back(std::move(one)); });
  EXPECT_EQ(answers.size(), 1U);
  return answers.at(0);
}

TEST(Router, FindsLiteralPathsBeforeNames) {
  const Router router = sample_router();
  EXPECT_EQ(ask(router, "GET", "/").body, "start:");
  EXPECT_EQ(ask(router, "POST", "/").body, "message:");
  EXPECT_EQ(ask(router, "GET", "/capability/abc").body, "token:abc");
  EXPECT_EQ(ask(router, "GET", "/capability/all").body, "all:");
  EXPECT_EQ(ask(router, "GET", "/capability/{token}").body, "token:{token}");
}

TEST(Router, UnknownPathsGet404InTheFormOfTheirFamily) {
  const Router router = sample_router();
  EXPECT_EQ(ask(router, "GET", "/capability/").status, 404U);
  EXPECT_EQ(ask(router, "GET", "/capability/a/b").body, "mplane Not found");
  EXPECT_EQ(ask(router, "GET", "/api/nothing").body, "api Not found");
  EXPECT_EQ(ask(router, "GET", "/api/v2/nothing").body, "inner Not found");
  EXPECT_EQ(ask(router, "GET", "").status, 404U);
}

TEST(Router, WrongMethodsGet405WithTheRightOnes) {
  const Router router = sample_router();
  const Response start = ask(router, "DELETE", "/");
  EXPECT_EQ(start.status, 405U);
  EXPECT_EQ(start.body, "mplane Method not allowed");
  ASSERT_EQ(start.headers.size(), 1U);
  EXPECT_EQ(start.headers[0], (std::pair<std::string, std::string>{"Allow", "GET, POST"}));
  EXPECT_EQ(ask(router, "HEAD", "/").status, 405U);
  EXPECT_EQ(ask(router, "PUT", "/api/groups").headers.at(0).second, "PATCH, GET");
  EXPECT_EQ(ask(router, "POST", "/capability/all").headers.at(0).second, "GET");
}

TEST(Router, AsksForAccessBeforeTheHandler) {
  const Router router = sample_router();
  EXPECT_EQ(ask(router, "PATCH", "/api/groups").status, 403U);
  EXPECT_EQ(ask(router, "PATCH", "/api/groups", "secret").body, "groups:");
  EXPECT_EQ(ask(router, "GET", "/api/groups").body, "read:");
}

TEST(Router, AnExceptionOfAHandlerIsAnInternalError) {
  const Response answer = ask(sample_router(), "GET", "/api/broken");
  EXPECT_EQ(answer.status, 500U);
  EXPECT_EQ(answer.body, "api Internal error");
}

TEST(Router, KnowsTheBoundsOfEachFamily) {
  const Router router = sample_router();
  EXPECT_EQ(router.body_bytes_max("/api/groups"), 7U);
  EXPECT_EQ(router.body_bytes_max("/metrics"), 7U);
  EXPECT_EQ(router.body_bytes_max("/anything"), RouteFamily{}.body_bytes_max);
  EXPECT_FALSE(router.needs_length("/api/groups"));
  EXPECT_TRUE(router.needs_length("/"));
  EXPECT_EQ(router.error("/api/x", 413, "Message too large").status, 413U);
}

}  // namespace
}  // namespace tapstat::tests
