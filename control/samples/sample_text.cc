#include "control/samples/sample_text.h"

#include <string_view>

#include <fmt/format.h>

#include "flowstats/base/check.h"

namespace tapstat::control {
namespace {

constexpr size_t kNumberBytes = 7;  // line feed and six digits
constexpr std::string_view kWords =
    " of a tapstat sample file: 512 bytes that begin with their number and end like all others;"
    " what you count on the way is more, for headers come on top. --";

/// A block behind its number.
std::string block_rest() {
  std::string rest;
  while (rest.size() < kSampleBlockBytes - kNumberBytes) rest += kWords;
  rest.resize(kSampleBlockBytes - kNumberBytes);
  return rest;
}

}  // namespace

std::string sample_name(size_t bytes) { return std::to_string(bytes) + ".txt"; }

std::string sample_text(size_t bytes) {
  TAPSTAT_ASSERT(bytes % kSampleBlockBytes == 0);
  TAPSTAT_ASSERT(bytes <= kSampleBytes.back());
  const std::string rest = block_rest();
  std::string text;
  text.reserve(bytes);
  for (size_t block = 0; text.size() < bytes; ++block) text += fmt::format("\n{:06}", block) + rest;
  return text;
}

}  // namespace tapstat::control
