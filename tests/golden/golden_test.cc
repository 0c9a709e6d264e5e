/// Replays every golden case in both modes and compares the logs column by column.
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/log_reader.h"
#include "tests/support/temp_dir.h"

namespace tapstat::tests {
namespace {

namespace fs = std::filesystem;

const fs::path kCases = fs::path(TAPSTAT_SOURCE_ROOT) / "tests" / "golden";

std::vector<std::string> case_names() {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(kCases))
    if (fs::exists(entry.path() / "input.pcap")) names.push_back(entry.path().filename());
  std::sort(names.begin(), names.end());
  return names;
}

/// Runs the product and returns the one output directory. Its messages are shown when it fails.
fs::path replay(const fs::path& capture, const std::string& mode, const TempDir& dir) {
  const char* executable = std::getenv("TAPSTAT_EXE");
  if (executable == nullptr) throw std::runtime_error("TAPSTAT_EXE does not name the product");
  const fs::path messages = dir / "messages";
  const std::string command =
      std::string("TZ=UTC '") + executable + "' replay -q -g all --schema tstat-3.3 --mode " +
      mode + " -N '" + (kCases / "net.internal").string() + "' -s '" + (dir / "out").string() +
      "' '" + capture.string() + "' > '" + messages.string() + "' 2>&1";
  if (std::system(command.c_str()) != 0)
    throw std::runtime_error(command + "\n" + read_text(messages));
  for (const auto& entry : fs::directory_iterator(dir / "out"))
    if (entry.path().extension() == ".out") return entry.path();
  throw std::runtime_error("no output directory\n" + read_text(messages));
}

void compare(const std::string& what, const Log& expected, const Log& actual) {
  EXPECT_EQ(expected.group_number, actual.group_number) << what;
  ASSERT_EQ(expected.columns, actual.columns) << what;
  EXPECT_EQ(expected.rows.size(), actual.rows.size()) << what << ": number of rows";
  for (size_t row = 0; row < std::min(expected.rows.size(), actual.rows.size()); ++row)
    for (size_t column = 0; column < expected.columns.size(); ++column)
      EXPECT_EQ(expected.rows[row][column], actual.rows[row][column])
          << what << " row " << row + 1 << " column " << expected.columns[column];
}

Log in_order(Log log) {
  std::sort(log.rows.begin(), log.rows.end());
  return log;
}

class Golden : public testing::TestWithParam<std::string> {};

TEST_P(Golden, TstatMode) {
  const fs::path folder = kCases / GetParam();
  const TempDir dir;
  const fs::path out = replay(folder / "input.pcap", "tstat", dir);
  for (const char* log : {"log_tcp_complete", "log_tcp_nocomplete"})
    compare(GetParam() + " " + log, read_log(folder / log), read_log(out / log));
}

/// Timers of corrected mode run on packet time, so its rows may come in another order: compared as
/// sets.
TEST_P(Golden, CorrectedMode) {
  fs::path folder = kCases / GetParam();
  const TempDir dir;
  const fs::path out = replay(folder / "input.pcap", "corrected", dir);
  if (fs::exists(folder / "corrected")) folder /= "corrected";
  for (const char* log : {"log_tcp_complete", "log_tcp_nocomplete"})
    compare(GetParam() + " corrected " + log, in_order(read_log(folder / log)),
            in_order(read_log(out / log)));
}

INSTANTIATE_TEST_SUITE_P(Cases, Golden, testing::ValuesIn(case_names()),
                         [](const testing::TestParamInfo<std::string>& param) {
                           return param.param;
                         });

}  // namespace
}  // namespace tapstat::tests
