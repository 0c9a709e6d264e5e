#include "control/rest/openapi.h"

#include <set>

#include "control/rest/schemas.h"
#include "tests/unit/control/rest/support.h"

namespace tapstat::tests {
namespace {

using control::http::Needs;
using control::http::Route;
namespace schema = control::rest::schema;

std::vector<Route> routes() {
  return {{"GET",
           "/healthz",
           Needs::nobody,
           {},
           {.summary = "Alive", .response_schema = schema::kHealth}},
          {"GET",
           "/api/v1/groups",
           Needs::reader,
           {},
           {.summary = "Groups", .response_schema = schema::kGroups}},
          {"PATCH",
           "/api/v1/groups",
           Needs::operator_role,
           {},
           {.summary = "Switches",
            .request_schema = schema::kGroupWords,
            .response_schema = schema::kGroups,
            .statuses = {200, 202, 409}}},
          {"GET",
           "/metrics",
           Needs::reader,
           {},
           {.summary = "Metrics",
            .response_schema = R"({"type":"string"})",
            .response_type = "text/plain"}}};
}

TEST(OpenApi, DescribesEveryRoute) {
  const auto list = routes();
  const auto json = parsed(control::rest::openapi_json(list));
  EXPECT_STREQ(json["openapi"].GetString(), "3.1.0");
  EXPECT_STREQ(json["info"]["license"]["identifier"].GetString(), "Apache-2.0");
  EXPECT_EQ(json["paths"].MemberCount(), 3U);
  std::set<std::string> ids;
  for (const auto& path : json["paths"].GetObject())
    for (const auto& operation : path.value.GetObject()) {
      EXPECT_TRUE(ids.insert(operation.value["operationId"].GetString()).second);
      EXPECT_TRUE(operation.value["summary"].IsString());
      EXPECT_TRUE(operation.value["responses"].MemberCount() > 0);
      for (const auto& response : operation.value["responses"].GetObject())
        EXPECT_TRUE(response.value["description"].IsString());
    }
  EXPECT_EQ(ids, (std::set<std::string>{"get_healthz", "get_api_v1_groups", "patch_api_v1_groups",
                                        "get_metrics"}));
}

TEST(OpenApi, AChangeHasABodyStatusesAndSecurity) {
  const auto list = routes();
  const auto json = parsed(control::rest::openapi_json(list));
  const auto& patch = json["paths"]["/api/v1/groups"]["patch"];
  const auto& body = patch["requestBody"]["content"];
  EXPECT_TRUE(body.HasMember("application/json"));
  EXPECT_TRUE(body.HasMember("application/merge-patch+json"));
  std::set<std::string> statuses;
  for (const auto& response : patch["responses"].GetObject())
    statuses.insert(response.name.GetString());
  EXPECT_EQ(statuses,
            (std::set<std::string>{"200", "202", "400", "401", "403", "409", "421", "429"}));
  EXPECT_STREQ(patch["responses"]["409"]["content"]["application/problem+json"]["schema"]["$ref"]
                   .GetString(),
               "#/components/schemas/Problem");
  EXPECT_TRUE(json["components"]["schemas"].HasMember("Problem"));
  EXPECT_EQ(patch["security"].Size(), 2U);
  for (const auto& choice : patch["security"].GetArray())
    for (const auto& scheme : choice.GetObject())
      EXPECT_TRUE(json["components"]["securitySchemes"].HasMember(scheme.name));
}

TEST(OpenApi, ReadersMayComeWithoutCredentialsAndAnybodyMayAskForHealth) {
  const auto list = routes();
  const auto json = parsed(control::rest::openapi_json(list));
  const auto& security = json["paths"]["/api/v1/groups"]["get"]["security"];
  ASSERT_EQ(security.Size(), 3U);
  EXPECT_EQ(security[2].MemberCount(), 0U);
  EXPECT_EQ(json["paths"]["/healthz"]["get"]["security"].Size(), 0U);
  EXPECT_FALSE(json["paths"]["/healthz"]["get"]["responses"].HasMember("401"));
  EXPECT_TRUE(
      json["paths"]["/metrics"]["get"]["responses"]["200"]["content"].HasMember("text/plain"));
}

}  // namespace
}  // namespace tapstat::tests
