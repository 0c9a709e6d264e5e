#include "control/samples/sample_files.h"

#include <cstdint>
#include <fstream>
#include <string>
#include <vector>

#include "control/atomic_file.h"
#include "control/samples/sample_text.h"

namespace tapstat::control {
namespace {

namespace fs = std::filesystem;
using flowstats::ExitStatus;

enum class State : uint8_t { absent, same, other };

State state_of(const fs::path& path, const std::string& text) {
  std::error_code error;
  const fs::file_status status = fs::symlink_status(path, error);
  if (status.type() == fs::file_type::not_found) return State::absent;
  if (!fs::is_regular_file(status) || fs::file_size(path, error) != text.size())
    return State::other;
  std::string found(text.size(), '\0');
  std::ifstream file(path, std::ios::binary);
  file.read(found.data(), static_cast<std::streamsize>(found.size()));
  return file && found == text ? State::same : State::other;
}

}  // namespace

flowstats::Result<SampleFilesWritten> write_sample_files(const fs::path& directory,
                                                         bool overwrite) {
  std::error_code error;
  fs::create_directories(directory, error);
  if (error)
    return flowstats::fail(
        ExitStatus::environment,
        "cannot make directory \"" + directory.string() + "\": " + error.message() + ".");
  SampleFilesWritten done;
  std::vector<size_t> wanted;
  for (const size_t bytes : kSampleBytes) {
    const fs::path path = directory / sample_name(bytes);
    const State state = state_of(path, sample_text(bytes));
    if (state == State::other && !overwrite)
      return flowstats::fail(ExitStatus::usage, "\"" + path.string() +
                                                    "\" is there with other content; nothing was "
                                                    "written. --overwrite replaces it.");
    if (state == State::same)
      done.kept += 1;
    else
      wanted.push_back(bytes);
  }
  for (const size_t bytes : wanted) {
    if (auto written = replace_file(directory / sample_name(bytes), sample_text(bytes), 0644);
        !written)
      return tl::make_unexpected(written.error());
    done.written += 1;
  }
  return done;
}

}  // namespace tapstat::control
