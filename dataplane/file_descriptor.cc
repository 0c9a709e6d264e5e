#include "dataplane/file_descriptor.h"

#include <unistd.h>

#include <cerrno>

namespace tapstat::dataplane {

FileDescriptor::~FileDescriptor() {
  if (fd_ >= 0) close(fd_);
}

std::string FileDescriptor::path() const { return "/proc/self/fd/" + std::to_string(fd_); }

std::optional<size_t> read_at(int fd, std::span<uint8_t> to, uint64_t offset) {
  size_t done = 0;
  while (done < to.size()) {
    const ssize_t n =
        pread(fd, to.data() + done, to.size() - done, static_cast<off_t>(offset + done));
    if (n == 0) break;
    if (n > 0)
      done += static_cast<size_t>(n);
    else if (errno != EINTR)
      return std::nullopt;
  }
  return done;
}

}  // namespace tapstat::dataplane
