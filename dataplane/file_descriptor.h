/// An open file descriptor and the names that lead to it, and a stream that closes itself.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>

namespace tapstat::dataplane {

/// Closed with its owner. Not for sharing between threads.
class FileDescriptor {
 public:
  FileDescriptor() = default;
  explicit FileDescriptor(int fd) : fd_(fd) {}
  FileDescriptor(FileDescriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  FileDescriptor& operator=(FileDescriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~FileDescriptor();

  [[nodiscard]] int get() const { return fd_; }
  [[nodiscard]] bool is_open() const { return fd_ >= 0; }
  /// For a library that closes it itself.
  [[nodiscard]] int release() { return std::exchange(fd_, -1); }
  /// "/proc/self/fd/N": a name that works for unlinked files and for names with commas, which a
  /// vdev string cannot carry. Opening it gives an independent read position, at the start.
  [[nodiscard]] std::string path() const;

 private:
  int fd_ = -1;
};

struct CloseFile {
  void operator()(std::FILE* file) const { std::fclose(file); }
};
using FileStream = std::unique_ptr<std::FILE, CloseFile>;

/// Fills `to` from `offset` of a file on; less only where the file ends. Empty, with errno set,
/// when it cannot be read.
[[nodiscard]] std::optional<size_t> read_at(int fd, std::span<uint8_t> to, uint64_t offset);

}  // namespace tapstat::dataplane
