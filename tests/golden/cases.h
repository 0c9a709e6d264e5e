/// The captures of the golden cases, one small conversation (or a few) for each behaviour.
///
/// `make_golden` writes them; each case's why.md says what it shows. Deterministic: the same bytes
/// on every machine.
#pragma once

#include <string_view>
#include <vector>

#include "tests/support/capture_writer.h"

namespace tapstat::tests {

struct GoldenCase {
  std::string_view name;  // folder below tests/golden
  std::vector<TimedFrame> (*frames)();
  CaptureOptions options{};
};

[[nodiscard]] std::vector<GoldenCase> closing_cases();
[[nodiscard]] std::vector<GoldenCase> timing_cases();
[[nodiscard]] std::vector<GoldenCase> loss_cases();
[[nodiscard]] std::vector<GoldenCase> sequence_cases();
[[nodiscard]] std::vector<GoldenCase> option_cases();
[[nodiscard]] std::vector<GoldenCase> intake_cases();
[[nodiscard]] std::vector<GoldenCase> layer7_cases();
[[nodiscard]] std::vector<GoldenCase> all_golden_cases();

}  // namespace tapstat::tests
