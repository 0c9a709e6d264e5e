#include "control/mplane/pages.h"

#include <gtest/gtest.h>

namespace tapstat::tests {
namespace {

using namespace control::mplane;  // NOLINT(google-build-using-namespace): every line uses it

TEST(Pages, TheStartPageHasOneLink) {
  const auto page = start_page();
  EXPECT_EQ(page.status, 200U);
  EXPECT_EQ(page.content_type, "text/html");
  const size_t link = page.body.find("<a href='/v1/capability'>");
  ASSERT_NE(link, std::string::npos);
  EXPECT_EQ(page.body.find("href"), page.body.rfind("href"));
}

TEST(Pages, ListsAreInTheFormThatClientsParse) {
  EXPECT_EQ(list_page("/capability", {"aa", "bb"}).body,
            "<html><head><title>Capabilities</title></head><body>"
            "<a href='/capability/aa'>aa</a><br/><a href='/capability/bb'>bb</a><br/>"
            "</body></html>");
  EXPECT_EQ(list_page("/v1/capability", {}).body,
            "<html><head><title>Capabilities</title></head><body></body></html>");
}

TEST(Pages, EveryErrorIsAnException) {
  struct Case {
    unsigned status;
    const char* text;
  };
  for (const Case& one : {Case{400, "Malformed message: why"}, Case{404, "Not found"},
                          Case{405, "Method not allowed"}, Case{408, "Malformed message: why"},
                          Case{413, "Message too large"}, Case{415, "Unsupported content type"},
                          Case{431, "Malformed message: why"}, Case{500, "Internal error"},
                          Case{503, "Service unavailable"}}) {
    const auto response = error_response(one.status, "why");
    EXPECT_EQ(response.status, one.status);
    EXPECT_EQ(response.content_type, "application/x-mplane+json");
    EXPECT_EQ(response.body, to_json(exception(kNoToken, one.text)));
  }
  EXPECT_TRUE(error_response(413, "").close);
  const auto busy = error_response(503, "");
  ASSERT_EQ(busy.headers.size(), 1U);
  EXPECT_EQ(busy.headers[0].first, "Retry-After");
}

}  // namespace
}  // namespace tapstat::tests
