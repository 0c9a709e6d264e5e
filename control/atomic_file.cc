#include "control/atomic_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

namespace tapstat::control {
namespace {

bool write_all(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(descriptor, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    text.remove_prefix(static_cast<size_t>(written));
  }
  return true;
}

/// Without it the rename itself may be lost with the power. Not every file system can do it: the
/// content is safe already, so a refusal is no error.
void sync_directory(const std::filesystem::path& directory) {
  const int descriptor = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return;
  ::fsync(descriptor);
  ::close(descriptor);
}

}  // namespace

flowstats::Result<void> replace_file(const std::filesystem::path& path, std::string_view text,
                                     mode_t mode) {
  const auto refuse = [&](int reason) {
    return flowstats::fail(
        flowstats::ExitStatus::environment,
        "cannot write \"" + path.string() + "\": " + std::strerror(reason) + ".");
  };
  const std::filesystem::path directory = path.has_parent_path() ? path.parent_path() : ".";
  std::string temporary = (directory / ("." + path.filename().string() + ".XXXXXX")).string();
  const int descriptor = ::mkostemp(temporary.data(), O_CLOEXEC);
  if (descriptor < 0) return refuse(errno);
  bool good =
      ::fchmod(descriptor, mode) == 0 && write_all(descriptor, text) && ::fsync(descriptor) == 0;
  int reason = errno;
  if (::close(descriptor) != 0 && good) {
    good = false;
    reason = errno;
  }
  if (good && std::rename(temporary.c_str(), path.c_str()) != 0) {
    good = false;
    reason = errno;
  }
  if (!good) {
    ::unlink(temporary.c_str());
    return refuse(reason);
  }
  sync_directory(directory);
  return {};
}

}  // namespace tapstat::control
