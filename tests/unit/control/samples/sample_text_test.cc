#include "control/samples/sample_text.h"

#include <algorithm>
#include <cstdio>
#include <string_view>

#include <gtest/gtest.h>

namespace tapstat::tests {
namespace {

using control::kSampleBytes;
using control::sample_name;
using control::sample_text;

TEST(SampleText, TwelveSizesFrom512BytesToAMebibyte) {
  EXPECT_EQ(kSampleBytes.size(), 12U);
  EXPECT_EQ(kSampleBytes.front(), 512U);
  EXPECT_EQ(kSampleBytes.back(), 1'048'576U);
  EXPECT_EQ(sample_name(kSampleBytes[3]), "4096.txt");
  for (const size_t bytes : kSampleBytes) EXPECT_EQ(sample_text(bytes).size(), bytes);
}

TEST(SampleText, BlocksDifferInTheirNumberAlone) {
  const std::string text = sample_text(kSampleBytes.back());
  const std::string rest = text.substr(7, 505);
  EXPECT_TRUE(std::all_of(rest.begin(), rest.end(), [](char c) { return c >= ' ' && c <= '~'; }));
  for (unsigned block = 0; block < 2048; ++block) {
    char number[8];
    std::snprintf(number, sizeof number, "\n%06u", block);
    const std::string_view found = std::string_view(text).substr(size_t{512} * block, 512);
    ASSERT_EQ(found.substr(0, 7), number);
    ASSERT_EQ(found.substr(7), rest) << "block " << block;
  }
}

TEST(SampleText, SmallerFilesAreTheBeginningOfLargerOnes) {
  const std::string largest = sample_text(kSampleBytes.back());
  for (const size_t bytes : kSampleBytes) EXPECT_TRUE(largest.starts_with(sample_text(bytes)));
}

}  // namespace
}  // namespace tapstat::tests
