#include "dataplane/file_descriptor.h"

#include <unistd.h>

namespace tapstat::dataplane {

FileDescriptor::~FileDescriptor() {
  if (fd_ >= 0) close(fd_);
}

std::string FileDescriptor::path() const { return "/proc/self/fd/" + std::to_string(fd_); }

}  // namespace tapstat::dataplane
