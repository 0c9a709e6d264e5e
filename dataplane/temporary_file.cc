#include "dataplane/temporary_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace tapstat::dataplane {

using flowstats::ExitStatus;
using flowstats::fail;
using flowstats::Result;

namespace {

constexpr size_t kBufferBytes = 1 << 20;

/// Some file systems have no O_TMPFILE: a name that is removed at once does the same.
int open_unlinked(const std::string& directory) {
  const int fd = open(directory.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR)) return fd;
  std::string name = directory + "/tapstat-XXXXXX";
  const int named = mkostemp(name.data(), O_CLOEXEC);
  if (named >= 0) unlink(name.c_str());
  return named;
}

}  // namespace

std::string temporary_directory() {
  const char* directory = std::getenv("TMPDIR");
  return directory != nullptr && *directory != '\0' ? directory : "/tmp";
}

std::string readable_size(uint64_t bytes) {
  if (bytes < 1000) return std::to_string(bytes) + " bytes";
  auto value = static_cast<double>(bytes);
  const char* unit = "";
  for (const char* next : {"kB", "MB", "GB", "TB"}) {
    if (value < 999.95) break;
    value /= 1000;
    unit = next;
  }
  char text[32];
  std::snprintf(text, sizeof text, "%.1f %s", value, unit);
  return text;
}

Result<TemporaryFile> TemporaryFile::create() {
  const std::string directory = temporary_directory();
  FileDescriptor file(open_unlinked(directory));
  if (!file.is_open())
    return fail(ExitStatus::environment, "cannot make a temporary file in " + directory + ": " +
                                             std::strerror(errno) +
                                             ". Set TMPDIR to a directory that can be written.");
  return TemporaryFile(std::move(file));
}

void TemporaryFile::write(const void* bytes, size_t count) {
  const auto* from = static_cast<const uint8_t*>(bytes);
  buffer_.insert(buffer_.end(), from, from + count);
  if (buffer_.size() >= kBufferBytes) flush();
}

void TemporaryFile::flush() {
  size_t done = 0;
  while (error_ == 0 && done < buffer_.size()) {
    const ssize_t n = ::write(file_.get(), buffer_.data() + done, buffer_.size() - done);
    if (n >= 0)
      done += static_cast<size_t>(n);
    else if (errno != EINTR)
      error_ = errno;
  }
  written_ += done;
  buffer_.clear();
}

Result<FileDescriptor> TemporaryFile::finish() {
  flush();
  if (error_ != 0)
    return fail(ExitStatus::environment,
                "cannot write the temporary file in " + temporary_directory() + " after " +
                    readable_size(written_) + ": " + std::strerror(error_) +
                    ". Set TMPDIR to a directory with more room.");
  return std::move(file_);
}

}  // namespace tapstat::dataplane
