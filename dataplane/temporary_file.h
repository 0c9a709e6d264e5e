/// An unlinked temporary file that is written once, from its start to its end, and then read by
/// name of its descriptor. It is gone with the process, whatever happens. Control thread only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "dataplane/file_descriptor.h"
#include "flowstats/base/result.h"

namespace tapstat::dataplane {

/// $TMPDIR, or /tmp.
[[nodiscard]] std::string temporary_directory();

/// "812 bytes", "3.1 GB": decimal units, one digit after the point.
[[nodiscard]] std::string readable_size(uint64_t bytes);

class TemporaryFile {
 public:
  /// Errors: ExitStatus::environment.
  [[nodiscard]] static flowstats::Result<TemporaryFile> create();

  /// Buffered. After a failure everything is ignored; finish() reports it.
  void write(const void* bytes, size_t count);
  /// True once a write has failed: nothing more needs to be produced.
  [[nodiscard]] bool failed() const { return error_ != 0; }
  [[nodiscard]] uint64_t bytes_written() const { return written_ + buffer_.size(); }

  /// Writes what is buffered and gives the descriptor away. Errors: ExitStatus::environment with
  /// the directory, the reason and what to do.
  [[nodiscard]] flowstats::Result<FileDescriptor> finish();

 private:
  explicit TemporaryFile(FileDescriptor file) : file_(std::move(file)) {}
  void flush();

  FileDescriptor file_;
  std::vector<uint8_t> buffer_;
  uint64_t written_ = 0;
  int error_ = 0;  // errno of the first failure
};

}  // namespace tapstat::dataplane
