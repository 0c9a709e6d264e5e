#include <gtest/gtest.h>

#include "control/http/listener.h"

namespace tapstat::tests {
namespace {

using control::http::parse_listen;

TEST(ListenAddress, KnowsWhatIsLoopback) {
  const auto v4 = parse_listen("127.0.0.1:8888");
  ASSERT_TRUE(v4);
  EXPECT_EQ(v4->literal, "127.0.0.1");
  EXPECT_EQ(v4->port, 8888);
  EXPECT_TRUE(v4->loopback);
  EXPECT_TRUE(parse_listen("127.9.9.9:0")->loopback);
  EXPECT_FALSE(parse_listen("0.0.0.0:1")->loopback);
  EXPECT_FALSE(parse_listen("[::]:1")->loopback);
  const auto v6 = parse_listen("[::1]:65535");
  ASSERT_TRUE(v6);
  EXPECT_TRUE(v6->loopback && v6->v6);
  EXPECT_EQ(v6->host, "[::1]");
  EXPECT_EQ(v6->literal, "::1");
  const auto name = parse_listen("localhost:80");
  ASSERT_TRUE(name);
  EXPECT_EQ(name->host, "localhost");
  EXPECT_EQ(name->literal, "127.0.0.1");
}

TEST(ListenAddress, RefusesEverythingElseWithExamples) {
  for (const std::string_view text : {"", "8888", ":8888", "127.0.0.1", "127.0.0.1:", "127.1:80",
                                      "127.0.0.1:65536", "::1:80", "[::1]", "probe.example:80"}) {
    const auto address = parse_listen(text);
    ASSERT_FALSE(address) << text;
    EXPECT_EQ(address.error().status, flowstats::ExitStatus::usage);
    EXPECT_TRUE(address.error().sentence.starts_with("[control] listen = \"" + std::string(text)));
  }
}

}  // namespace
}  // namespace tapstat::tests
