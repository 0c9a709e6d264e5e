/// make_golden DIR: writes DIR/<case>/input.pcap for every golden case.
#include <cstdio>
#include <exception>
#include <filesystem>
#include <iterator>

#include "tests/golden/cases.h"

namespace tapstat::tests {

std::vector<GoldenCase> all_golden_cases() {
  std::vector<GoldenCase> all;
  for (const auto& cases : {closing_cases(), timing_cases(), loss_cases(), sequence_cases(),
                            option_cases(), intake_cases(), layer7_cases()})
    all.insert(all.end(), cases.begin(), cases.end());
  return all;
}

}  // namespace tapstat::tests

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fputs("usage: make_golden DIR\n", stderr);
    return 2;
  }
  try {
    for (const auto& golden : tapstat::tests::all_golden_cases()) {
      const auto folder = std::filesystem::path(argv[1]) / golden.name;
      std::filesystem::create_directories(folder);
      write_capture(folder / "input.pcap", golden.frames(), golden.options);
    }
  } catch (const std::exception& error) {
    std::fprintf(stderr, "make_golden: %s\n", error.what());
    return 1;
  }
}
