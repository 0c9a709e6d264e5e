#include "control/rest/problem.h"

#include "control/rest/schemas.h"
#include "tests/unit/control/rest/support.h"

namespace tapstat::tests {
namespace {

using namespace control::rest;

TEST(Problem, SaysWhatIsWrongInOneForm) {
  const auto response = problem_response({404, "There is no \"/x\".", "See /openapi.json.", {}});
  EXPECT_EQ(response.status, 404U);
  EXPECT_EQ(response.content_type, "application/problem+json");
  EXPECT_EQ(misfit(response.body, schema::kProblem), "");
  const auto json = parsed(response.body);
  EXPECT_STREQ(json["title"].GetString(), "Not Found");
  EXPECT_EQ(json["status"].GetUint(), 404U);
  EXPECT_STREQ(json["detail"].GetString(), "There is no \"/x\".");
  EXPECT_FALSE(json.HasMember("errors"));
}

TEST(Problem, ListsErrorsAndKeepsToUnicode) {
  const auto json = parsed(problem_response({422, "\xff", "", {"a:1: wrong", "a:2: wrong"}}).body);
  EXPECT_STREQ(json["detail"].GetString(), "\xef\xbf\xbd");
  ASSERT_EQ(json["errors"].Size(), 2U);
  EXPECT_STREQ(json["errors"][1].GetString(), "a:2: wrong");
}

TEST(Problem, EveryStatusHasATitle) {
  EXPECT_EQ(status_title(421), "Misdirected Request");
  EXPECT_EQ(status_title(299), "Error");
}

TEST(Problem, ADocumentEndsInALineEnd) {
  EXPECT_EQ(json_response(200, "{}").body, "{}\n");
  EXPECT_EQ(json_response(200, "{}\n").body, "{}\n");
  EXPECT_EQ(json_response(202, "{}").status, 202U);
}

}  // namespace
}  // namespace tapstat::tests
