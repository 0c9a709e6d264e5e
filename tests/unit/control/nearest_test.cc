#include "flowstats/base/nearest.h"

#include <gtest/gtest.h>

namespace tapstat::tests {
namespace {

using flowstats::did_you_mean;
using flowstats::edit_distance;
using flowstats::nearest;

TEST(Nearest, CountsEdits) {
  EXPECT_EQ(edit_distance("", ""), 0U);
  EXPECT_EQ(edit_distance("", "abc"), 3U);
  EXPECT_EQ(edit_distance("quues", "queues"), 1U);
  EXPECT_EQ(edit_distance("frist", "first"), 1U) << "a swap of neighbours is one edit";
  EXPECT_EQ(edit_distance("LOG", "log"), 0U);
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3U);
}

TEST(Nearest, IsSymmetric) {
  const std::string words[] = {"rotate", "rotat", "ratote", "", "x", "tcplog_p2p", "p2p"};
  for (const auto& a : words)
    for (const auto& b : words)
      EXPECT_EQ(edit_distance(a, b), edit_distance(b, a)) << a << " " << b;
}

TEST(Nearest, TakesTheNearestAndTheFirstOfEqualOnes) {
  const std::vector<std::string> names = {"core", "p2p", "options", "cord"};
  EXPECT_EQ(nearest("optoins", names), "options");
  EXPECT_EQ(nearest("corr", names), "core");
  EXPECT_EQ(nearest("somethingelse", names), std::nullopt);
}

TEST(Nearest, WritesTheQuestion) {
  const std::vector<std::string> names = {"queues"};
  EXPECT_EQ(did_you_mean("quues", names), " Did you mean \"queues\"?");
  EXPECT_EQ(did_you_mean("zzz", names), "");
}

}  // namespace
}  // namespace tapstat::tests
