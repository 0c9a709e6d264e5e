/// Runs a fuzz target over files instead of a fuzzer: the default build replays the corpus with it.
///
/// Usage: fuzz_NAME FILE-OR-DIRECTORY... Every regular file is one input, in sorted order, so that
/// a run is reproducible. Exit status 1 when an argument does not exist or when there is nothing to
/// run.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace {

namespace fs = std::filesystem;

std::set<fs::path> collect(const fs::path& place) {
  if (!fs::is_directory(place)) return {place};
  std::set<fs::path> inputs;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(place))
    if (entry.is_regular_file()) inputs.insert(entry.path());
  return inputs;
}

void run(const fs::path& input) {
  std::ifstream file(input, std::ios::binary);
  const std::vector<char> bytes{std::istreambuf_iterator<char>(file),
                                std::istreambuf_iterator<char>()};
  // A copy of exactly this size lets the address sanitizer see a read one byte too far.
  const std::vector<uint8_t> exact(bytes.begin(), bytes.end());
  LLVMFuzzerTestOneInput(exact.data(), exact.size());
}

}  // namespace

int main(int argc, char** argv) {
  size_t count = 0;
  for (int i = 1; i < argc; ++i) {
    if (!fs::exists(argv[i])) {
      std::fprintf(stderr, "%s: no such file or directory\n", argv[i]);
      return EXIT_FAILURE;
    }
    for (const fs::path& input : collect(argv[i])) {
      run(input);
      ++count;
    }
  }
  std::printf("%zu inputs\n", count);
  return count == 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
