#include "flowstats/layer7/server_name.h"

#include <string>

#include <gtest/gtest.h>

namespace tapstat::flowstats::layer7 {
namespace {

TEST(ServerName, EndsInALabelADotAndALastLabel) {
  for (const char* name : {"www.one.example", "a.bc", "x.example.", "A.EXAMPLE", "*.one.example",
                           "a_b.one.example", "1.2.3.44", "a b.example.org", "\xff.a.example"}) {
    EXPECT_TRUE(is_server_name(name)) << name;
  }
}

TEST(ServerName, OthersAreNone) {
  for (const char* text : {"", ".", "..", "localhost", "a.b", "ex-ample.co-m", "::1", "-.ab",
                           "name.example:443", ".example", "x.example.."}) {
    EXPECT_FALSE(is_server_name(text)) << text;
  }
}

TEST(ServerName, LastLabelHasTwoToTwentyFourCharacters) {
  EXPECT_TRUE(is_server_name("a." + std::string(24, 'z')));
  EXPECT_FALSE(is_server_name("a." + std::string(25, 'z')));
}

}  // namespace
}  // namespace tapstat::flowstats::layer7
