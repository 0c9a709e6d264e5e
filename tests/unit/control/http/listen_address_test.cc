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

TEST(ListenAddress, BeyondThisMachineItTakesTlsOrARule) {
  using control::http::admissible_listen;
  EXPECT_TRUE(admissible_listen("127.0.0.1:1", false));
  EXPECT_TRUE(admissible_listen("[::]:1", true));
  EXPECT_TRUE(admissible_listen("[::]:1", false, {"--listen", true}));
  const auto refused = admissible_listen("[::]:1", false, {"--listen", false});
  ASSERT_FALSE(refused);
  EXPECT_TRUE(refused.error().sentence.starts_with("--listen = \"[::]:1\" without TLS."));
  const auto unreadable = parse_listen("8000", {"--listen", true});
  ASSERT_FALSE(unreadable);
  EXPECT_TRUE(unreadable.error().sentence.starts_with("--listen = \"8000\" is not"));
}

}  // namespace
}  // namespace tapstat::tests
