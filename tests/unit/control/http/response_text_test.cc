#include "control/http/response_text.h"

#include <gtest/gtest.h>

namespace tapstat::tests {
namespace {

using namespace control::http;

Response sample_response() {
  Response response;
  response.content_type = "text/html";
  response.body = "<p>";
  return response;
}

TEST(ResponseText, HasTypeAndLengthAsGiven) {
  EXPECT_EQ(response_text(sample_response(), {}),
            "HTTP/1.1 200 OK\r\nServer: tapstat\r\nContent-Type: text/html\r\n"
            "Content-Length: 3\r\n\r\n<p>");
}

TEST(ResponseText, SaysWhatBecomesOfTheConnection) {
  EXPECT_NE(response_text(sample_response(), {.close = true}).find("Connection: close\r\n"),
            std::string::npos);
  EXPECT_NE(response_text(sample_response(), {.http_1_0 = true}).find("Connection: keep-alive\r\n"),
            std::string::npos);
}

TEST(ResponseText, LeavesOutBodiesThatMayNotBe) {
  EXPECT_TRUE(
      response_text(sample_response(), {.head_only = true}).ends_with("Content-Length: 3\r\n\r\n"));
  Response empty;
  empty.status = 204;
  EXPECT_EQ(response_text(empty, {}), "HTTP/1.1 204 No Content\r\nServer: tapstat\r\n\r\n");
}

TEST(ResponseText, NoValueCanAddAHeader) {
  Response response = sample_response();
  response.headers.emplace_back("Location", "/a\r\nSet-Cookie: b");
  const std::string text = response_text(response, {});
  EXPECT_NE(text.find("Location: /a  Set-Cookie: b\r\n"), std::string::npos);
  EXPECT_EQ(text.find("\r\nSet-Cookie"), std::string::npos);
}

}  // namespace
}  // namespace tapstat::tests
