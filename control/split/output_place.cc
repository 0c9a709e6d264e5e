#include "control/split/output_place.h"

#include <algorithm>
#include <system_error>

#include "dataplane/capture_name.h"

namespace tapstat::control::splitting {

namespace fs = std::filesystem;
using dataplane::quoted;
using flowstats::ExitStatus;
using flowstats::fail;
using flowstats::Result;

namespace {

constexpr const char* kFirstToGo = "index.tsv";  // without it nothing claims to be complete
constexpr const char* kOurNames[] = {kFirstToGo, "index.tsv.part", "conn",       "host",
                                     "pair",     "port",           "other.pcap", "other.pcap.part"};

bool lies_in(const fs::path& file, const fs::path& directory) {
  std::error_code ignored;
  const fs::path inner = fs::weakly_canonical(file, ignored),
                 outer = fs::weakly_canonical(directory, ignored);
  return std::mismatch(outer.begin(), outer.end(), inner.begin(), inner.end()).first == outer.end();
}

}  // namespace

Result<void> prepare_output(const fs::path& directory, const std::vector<fs::path>& inputs,
                            bool force) {
  std::error_code error;
  for (const fs::path& input : inputs)
    if (fs::exists(input, error) && lies_in(input, directory))
      return fail(ExitStatus::usage, "capture " + quoted(input) + " lies in the output directory " +
                                         quoted(directory) + ". Choose another with -o.");
  for (const char* name : kOurNames) {
    const fs::path path = directory / name;
    if (!fs::exists(fs::symlink_status(path, error))) continue;
    if (!force) {
      const bool is_whole = fs::exists(directory / kFirstToGo, error);
      return fail(
          ExitStatus::usage,
          quoted(directory) + " holds " +
              (is_whole ? "the result of an earlier split" : "what an unfinished split has left") +
              ". Choose another directory with -o, or replace it with --force.");
    }
    fs::remove_all(path, error);
    if (error)
      return fail(ExitStatus::environment,
                  "cannot remove " + quoted(path) + ": " + error.message() + ".");
  }
  fs::create_directories(directory, error);
  if (error)
    return fail(ExitStatus::environment,
                "cannot make directory " + quoted(directory) + ": " + error.message() + ".");
  return {};
}

}  // namespace tapstat::control::splitting
