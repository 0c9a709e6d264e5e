#include "control/http/exchange.h"

#include <gtest/gtest.h>

namespace tapstat::tests {
namespace {

using control::http::media_type;

TEST(Exchange, MediaTypesLoseParametersAndCase) {
  EXPECT_EQ(media_type("application/x-mplane+json"), "application/x-mplane+json");
  EXPECT_EQ(media_type("Application/JSON; charset=utf-8"), "application/json");
  EXPECT_EQ(media_type(" text/html ;q=1"), "text/html");
  EXPECT_EQ(media_type(""), "");
}

}  // namespace
}  // namespace tapstat::tests
