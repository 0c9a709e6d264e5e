#include "flowstats/layer7/http_status.h"

#include <string_view>

#include <gtest/gtest.h>

#include "tests/support/tcp_views.h"

namespace tapstat::flowstats::layer7 {
namespace {

TEST(HttpStatus, IsWhatStandsBehindTheVersion) {
  struct Case {
    std::string_view line, status;
  };
  for (const Case& c : {Case{"HTTP/1.1 404 Not Found\r\n", "404"},
                        {"HTTP/1.1 20\r\nServer", "20"},
                        {"HTTP/1.1 20x\r\nServer", "20"},
                        {"HTTP/1.1 abc\r\nServer", "000"},
                        {"HTTP/2 200\r\nServer", "0"},
                        {"HTTP/1.1 2001 x\r\n", "200"},
                        {"HTTP/1.1 200\r", "000"},
                        {"HTTP/1.1 200\r\n", "200"},
                        {"HTTP", "000"}}) {
    HttpStatus status;
    EXPECT_EQ(status.size, 0);
    status.read(test::bytes_of(c.line), Mode::tstat);
    EXPECT_EQ(std::string_view(status.digits.data(), status.size), c.status) << c.line;
  }
}

TEST(HttpStatus, OfAShortSegmentIsReadInCorrectedModeOnly) {
  HttpStatus status;
  status.read(test::bytes_of("HTTP/1.1 404"), Mode::corrected);
  EXPECT_EQ(std::string_view(status.digits.data(), status.size), "404");
  status.read(test::bytes_of("HTTP/1.1 4"), Mode::corrected);
  EXPECT_EQ(std::string_view(status.digits.data(), status.size), "4");
  status.read(test::bytes_of("HTTP/1.1"), Mode::corrected);
  EXPECT_EQ(std::string_view(status.digits.data(), status.size), "000");
}

}  // namespace
}  // namespace tapstat::flowstats::layer7
