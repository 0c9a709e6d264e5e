/// One log file that never holds a torn line.
///
/// Owned by a LogDirectory; one thread at a time (the writer's ordered stage). A write that fails
/// leaves the file at the end of its last whole row; later writes try again, because a disk can
/// recover. A file that somebody has removed is begun again, with its header. Never deletes or
/// appends to a file that was there before.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace tapstat::exporters {

/// Whole rows, ready for the disk.
struct RowBlock {
  std::string_view bytes;
  uint64_t rows = 0;
  bool lines = true;  // plain text, which may be kept up to a line end; a gzip member is kept whole
                      // or not at all
};

struct WriteResult {
  uint64_t rows_written = 0;
  uint64_t rows_lost = 0;
  uint64_t bytes = 0;  // on disk, the header included
  uint64_t taken = 0;  // of the block
  int error = 0;       // errno of what failed; 0 = all written
};

class LogFile {
 public:
  /// `header` is what the file begins with, already packed when the file is.
  LogFile(std::filesystem::path path, std::string header);
  ~LogFile();
  LogFile(const LogFile&) = delete;
  LogFile& operator=(const LogFile&) = delete;

  /// Creates the file and writes its header as far as that was not done yet, then the block.
  WriteResult write(const RowBlock& block);

  /// Gives the descriptor back without waiting for the disk; the next write takes one again.
  void park();

  /// Waits until the disk has everything, and closes. Returns errno, 0 = done; harmless when
  /// repeated.
  int close();

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  [[nodiscard]] bool exists() const { return created_; }
  [[nodiscard]] bool is_open() const { return descriptor_ >= 0; }

 private:
  [[nodiscard]] int create_or_reopen();
  [[nodiscard]] bool is_removed() const;
  void begin_again();
  /// Bytes that reached the file at the current end; sets `error` when fewer than asked for.
  [[nodiscard]] size_t write_at_end(std::string_view bytes, int& error) const;

  std::filesystem::path path_;
  std::string header_;
  int descriptor_ = -1;
  uint64_t end_ = 0;  // after the last whole row
  bool created_ = false, has_header_ = false;
};

}  // namespace tapstat::exporters
