#include "control/secret_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include <fmt/format.h>

namespace tapstat::control {

using flowstats::ExitStatus;

flowstats::Result<std::string> read_secret(const std::filesystem::path& path,
                                           std::string_view what) {
  const auto refuse = [&](const std::string& reason) {
    return flowstats::fail(ExitStatus::usage,
                           fmt::format("{} \"{}\": {}", what, path.string(), reason));
  };
  const int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (descriptor < 0) return refuse(std::string(std::strerror(errno)) + ".");
  struct stat facts {};
  const bool known = fstat(descriptor, &facts) == 0;
  std::array<char, kSecretFileBytesMax> bytes{};
  const ssize_t count = read(descriptor, bytes.data(), bytes.size());
  close(descriptor);
  if (!known || !S_ISREG(facts.st_mode)) return refuse("it is not a regular file.");
  if (facts.st_uid != geteuid())
    return refuse(fmt::format("it belongs to uid {}, this process runs as uid {}. Run: chown {} {}",
                              facts.st_uid, geteuid(), geteuid(), path.string()));
  const auto mode = static_cast<unsigned>(facts.st_mode & 07777);
  if (mode != 0400 && mode != 0600)
    return refuse(fmt::format("its mode is {:04o}, others may use it. Run: chmod 0400 {}", mode,
                              path.string()));
  if (count < 0) return refuse("it cannot be read.");
  const std::string_view text(bytes.data(), static_cast<size_t>(count));
  std::string_view line = text.substr(0, text.find('\n'));
  if (line.ends_with('\r')) line.remove_suffix(1);
  return std::string(line);
}

flowstats::Result<void> create_secret(const std::filesystem::path& path, std::string_view line) {
  const auto refuse = [&](ExitStatus status, const std::string& reason) {
    return flowstats::fail(status, fmt::format("cannot write \"{}\": {}", path.string(), reason));
  };
  const int descriptor =
      open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0400);
  if (descriptor < 0 && errno == EEXIST)
    return refuse(ExitStatus::usage,
                  "it is there already and is not overwritten. Choose another name.");
  if (descriptor < 0)
    return refuse(ExitStatus::environment, std::string(std::strerror(errno)) + ".");
  const std::string text = std::string(line) + "\n";
  errno = 0;
  const bool written =
      write(descriptor, text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
      fchmod(descriptor, 0400) == 0 && fsync(descriptor) == 0;
  const int reason = errno == 0 ? ENOSPC : errno;
  close(descriptor);
  if (written) return {};
  unlink(path.c_str());
  return refuse(ExitStatus::environment, std::string(std::strerror(reason)) + ".");
}

}  // namespace tapstat::control
