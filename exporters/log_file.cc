#include "exporters/log_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace tapstat::exporters {

LogFile::LogFile(std::filesystem::path path, std::string header)
    : path_(std::move(path)), header_(std::move(header)) {}

LogFile::~LogFile() { close(); }

int LogFile::create_or_reopen() {
  const int as_new = created_ ? 0 : O_CREAT | O_EXCL;
  descriptor_ = open(path_.c_str(), O_WRONLY | O_CLOEXEC | as_new, 0664);
  if (descriptor_ < 0 && errno == ENOENT && created_) {
    begin_again();
    return create_or_reopen();
  }
  if (descriptor_ < 0) return errno;
  created_ = true;
  return 0;
}

/// What is written to such a file nobody finds.
bool LogFile::is_removed() const {
  struct stat status {};
  return descriptor_ >= 0 && fstat(descriptor_, &status) == 0 && status.st_nlink == 0;
}

void LogFile::begin_again() {
  park();
  created_ = has_header_ = false;
  end_ = 0;
}

size_t LogFile::write_at_end(std::string_view bytes, int& error) const {
  size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t n = pwrite(descriptor_, bytes.data() + done, bytes.size() - done,
                             static_cast<off_t>(end_ + done));
    if (n > 0) {
      done += static_cast<size_t>(n);
    } else if (n == 0 || errno != EINTR) {
      error = n == 0 ? ENOSPC : errno;
      break;
    }
  }
  return done;
}

WriteResult LogFile::write(const RowBlock& block) {
  WriteResult result;
  result.rows_lost = block.rows;
  if (!block.bytes.empty() && is_removed()) begin_again();
  if (descriptor_ < 0 && (result.error = create_or_reopen()) != 0) return result;
  if (!has_header_) {
    const size_t done = write_at_end(header_, result.error);
    if (result.error != 0) {
      if (done != 0 && ftruncate(descriptor_, static_cast<off_t>(end_)) != 0) result.error = errno;
      return result;
    }
    end_ += header_.size();
    result.bytes += header_.size();
    has_header_ = true;
  }
  const size_t done = write_at_end(block.bytes, result.error);
  size_t kept = done;
  if (done == block.bytes.size()) {
    result.rows_written = block.rows;
  } else {
    const std::string_view whole = block.bytes.substr(0, done);
    kept = block.lines ? whole.rfind('\n') + 1 : 0;  // npos + 1 is 0
    result.rows_written = static_cast<uint64_t>(
        std::count(whole.begin(), whole.begin() + static_cast<ptrdiff_t>(kept), '\n'));
    // When even this fails the next block is written over the torn bytes, and close() tries once
    // more.
    if (ftruncate(descriptor_, static_cast<off_t>(end_ + kept)) != 0) result.error = errno;
  }
  result.rows_lost = block.rows - result.rows_written;
  result.taken = kept;
  result.bytes += kept;
  end_ += kept;
  return result;
}

void LogFile::park() {
  if (descriptor_ >= 0) ::close(descriptor_);
  descriptor_ = -1;
}

int LogFile::close() {
  if (descriptor_ < 0) return 0;
  int error = ftruncate(descriptor_, static_cast<off_t>(end_)) != 0 ? errno : 0;
  if (fdatasync(descriptor_) != 0 && errno != EINVAL) error = errno;
  if (::close(descriptor_) != 0 && errno != EINTR) error = errno;
  descriptor_ = -1;
  return error;
}

}  // namespace tapstat::exporters
