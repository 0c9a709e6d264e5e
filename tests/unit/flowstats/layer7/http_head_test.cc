#include "flowstats/layer7/http_head.h"

#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/tcp_views.h"

namespace tapstat::flowstats::layer7 {
namespace {

using test::bytes_of;

HttpHead head_of(const std::vector<std::string_view>& pieces) {
  HttpHead head;
  head.begin();
  for (const std::string_view piece : pieces) head.read(bytes_of(piece));
  return head;
}

struct Case {
  std::string text, host;
  bool is_open;
};

const std::vector<Case>& cases() {
  static const std::vector<Case> kCases = {
      {"GET / HTTP/1.1\r\nHost: a.example\r\n\r\n", "a.example", false},
      {"GET / HTTP/1.1\nhOST:\ta.example \t\n\n", "a.example", false},
      {"GET / HTTP/1.1\r\nX-Host: b\r\n Host: c\r\nHost:a\r\nHost: d\r\n\r\n", "a", false},
      {"GET / HTTP/1.1\r\nHost:  \r\nHost: a b\r\n\r\n", "a b", false},
      {"GET / HTTP/1.1\r\nHos: x\r\nHost\r\nHosts: y\r\n\r\nHost: body\r\n", "", false},
      {"GET / HTTP/1.1\r\n\rHost: a\r\n\r\r\nHost: b\r\n", "b", true},
      {"Host: a\r\nHost: b\r\n", "b", true},
      {"GET / HTTP/1.1\r\nHost: a.exam", "", true},
      {"GET / HTTP/1.1\r\nHost: " + std::string(300, 'h') + "\r\n\r\n", std::string(199, 'h'),
       false},
      {"GET / HTTP/1.1\r\nHost: a" + std::string(300, ' ') + "\r\n\r\n", "a", false},
  };
  return kCases;
}

TEST(HttpHead, HostIsTheFirstWholeLineOfThatName) {
  for (const Case& c : cases()) {
    const HttpHead head = head_of({c.text});
    EXPECT_EQ(head.host(), c.host) << c.text;
    EXPECT_EQ(head.is_open(), c.is_open) << c.text;
  }
}

TEST(HttpHead, IsTheSameForAnySplit) {
  for (const Case& c : cases()) {
    const std::string_view text = c.text;
    for (size_t cut = 0; cut <= text.size(); ++cut) {
      for (const size_t second : {cut + 1, cut + 2, cut + 7}) {
        const size_t end = std::min(second, text.size());
        const HttpHead head =
            head_of({text.substr(0, cut), text.substr(cut, end - cut), text.substr(end)});
        EXPECT_EQ(head.host(), c.host) << cut << " " << text;
        EXPECT_EQ(head.is_open(), c.is_open) << cut << " " << text;
      }
    }
    HttpHead head;
    head.begin();
    for (size_t i = 0; i < text.size(); ++i) head.read(bytes_of(text.substr(i, 1)));
    EXPECT_EQ(head.host(), c.host) << text;
    EXPECT_EQ(head.is_open(), c.is_open) << text;
  }
}

TEST(HttpHead, EndsAtItsBound) {
  HttpHead head;
  head.begin();
  const std::string kib = "X-A: " + std::string(1017, 'a') + "\r\n";
  for (size_t read = 0; read < kHttpHeadBytesMax; read += kib.size()) {
    EXPECT_TRUE(head.is_open());
    head.read(bytes_of(kib));
  }
  EXPECT_FALSE(head.is_open());
  head.read(bytes_of("Host: a\r\n"));
  EXPECT_EQ(head.host(), "");
}

TEST(HttpHead, WhatIsNotCompleteIsForgottenWithItsRequest) {
  HttpHead head = head_of({"GET / HTTP/1.1\r\nHost: a.exam"});
  head.give_up();
  EXPECT_FALSE(head.is_open());
  EXPECT_EQ(head.host(), "");
  head = head_of({"GET / HTTP/1.1\r\nHost: a.exam"});
  head.begin();
  head.read(bytes_of("GET / HTTP/1.1\r\nHost: b\r\n\r\n"));
  EXPECT_EQ(head.host(), "b");
  head.begin();
  head.read(bytes_of("GET / HTTP/1.1\r\nHost: c\r\n\r\n"));
  EXPECT_EQ(head.host(), "b");
}

}  // namespace
}  // namespace tapstat::flowstats::layer7
