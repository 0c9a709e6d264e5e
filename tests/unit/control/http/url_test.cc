#include <gtest/gtest.h>

#include "control/http/client.h"

namespace tapstat::tests {
namespace {

using control::http::parse_url;
using control::http::Url;

TEST(Url, ReadsSchemeHostPortAndPath) {
  const Url plain = parse_url("http://probe-1.example:8888/a/b?c=d").value();
  EXPECT_EQ(plain.origin(), "http://probe-1.example:8888");
  EXPECT_EQ(plain.path, "/a/b?c=d");
  const Url v6 = parse_url("HTTPS://[::1]:8888").value();
  EXPECT_EQ(v6.scheme, "https");
  EXPECT_EQ(v6.host, "::1");
  EXPECT_EQ(v6.path, "/");
  EXPECT_EQ(v6.origin(), "https://[::1]:8888");
  EXPECT_EQ(parse_url("http://a")->port, 80);
  EXPECT_EQ(parse_url("https://a/")->port, 443);
}

TEST(Url, ReadsLocalSockets) {
  const Url url = parse_url("unix:/run/x.sock:/path").value();
  EXPECT_EQ(url.scheme, "unix");
  EXPECT_EQ(url.socket, "/run/x.sock");
  EXPECT_EQ(url.path, "/path");
  EXPECT_EQ(url.origin(), "unix:/run/x.sock");
  EXPECT_EQ(parse_url("unix:/run/x.sock")->path, "/");
}

TEST(Url, RefusesEverythingElse) {
  for (const std::string_view text : {"",
                                      "probe:8888",
                                      "ftp://a/",
                                      "http://",
                                      "http:///a",
                                      "http://a:0/",
                                      "http://a:65536/",
                                      "http://a:/",
                                      "http://a:8x/",
                                      "http://user@a/",
                                      "http://a b/",
                                      "http://a/b c",
                                      "http://a/b#c",
                                      "http://a?b",
                                      "http://[::1/",
                                      "http://[::1]8/",
                                      "http://[zz]/",
                                      "http://-a/",
                                      "http://a/\r\nX: y",
                                      "unix:",
                                      "unix:x.sock:/p",
                                      "unix:/x:/p q"})
    EXPECT_FALSE(parse_url(text)) << text;
}

}  // namespace
}  // namespace tapstat::tests
