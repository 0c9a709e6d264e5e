/// Files that appear whole: written as ROOT/.spool/NAME.part, outside the tree that others copy,
/// and moved to their place when they are finished.
///
/// A name ends in a counter, the smallest for which neither a published nor a spooled file is
/// there. A published file is never opened again, changed or replaced (renameat2 with
/// RENAME_NOREPLACE), so a copying program meets each once, complete. What a process that was
/// killed has left is cut to what is whole and published by the next one. Bytes only: what a row
/// is, and what is whole, the owner says. Owned by one thread; no call waits for anything but the
/// disk.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "exporters/log_file.h"
#include "exporters/row_buffer.h"
#include "flowstats/base/result.h"

namespace tapstat::exporters {

/// How many bytes from the start of a leftover file are whole; 0: it holds nothing to publish.
using WholeBytes = std::function<uint64_t(int descriptor, uint64_t bytes)>;

/// Text: everything up to the last line end, and nothing when there are no more than
/// `header_lines`.
[[nodiscard]] WholeBytes whole_lines(unsigned header_lines);

struct SpoolOptions {
  std::filesystem::path root;
  std::string suffix;  // of the files that this spool makes and recovers, e.g. ".web100"
  WholeBytes whole;
  bool lines = true;               // a full disk may cut what is written behind any line end
  size_t buffer_bytes = 64 << 10;  // of each file
  size_t open_files_max = 256;     // descriptors; further files are opened for each write
  bool in_place = false;           // files grow under their final names instead
};

class Spool;

class SpoolFile {
 public:
  /// Appends a row, which is kept or lost as one. Reaches the disk when the buffer is full.
  WriteResult append(std::string_view row);
  WriteResult flush();

  [[nodiscard]] uint64_t bytes() const { return written_ + buffer_.size(); }
  [[nodiscard]] size_t buffered() const { return buffer_.size(); }
  /// Where it is now.
  [[nodiscard]] const std::filesystem::path& path() const { return file_.path(); }

 private:
  friend class Spool;
  SpoolFile(std::filesystem::path path, std::string header)
      : file_(std::move(path), std::move(header)) {}

  LogFile file_;
  Spool* spool_ = nullptr;
  std::filesystem::path directory_;  // of the published file
  std::string stem_;
  unsigned counter_ = 0;
  RowBuffer buffer_;
  uint64_t rows_ = 0;  // in the buffer
  uint64_t written_ = 0;
};

/// What became of a finished file.
struct Published {
  std::filesystem::path path;  // where it is: final, or still in the spool when moving it failed
  WriteResult last;            // of the flush
  int error = 0;               // errno of making it durable or of moving it
};

/// What became of a file that an earlier process had left.
struct Recovered {
  std::filesystem::path path;  // as in Published; the part's when nothing was worth publishing
  bool published = false;
  uint64_t bytes_cut = 0;
  int error = 0;
};

class Spool {
 public:
  static constexpr unsigned kCounterMax = 999'999;

  explicit Spool(SpoolOptions options);
  ~Spool();
  Spool(const Spool&) = delete;
  Spool& operator=(const Spool&) = delete;

  /// Makes ROOT/.spool, and again when somebody has removed it. Refused when it cannot be written,
  /// or while another process has a spool of this suffix there (ExitStatus::environment).
  [[nodiscard]] flowstats::Result<void> open();

  /// After open(): publishes what was left. `directory_of` gives a file's directory below the root;
  /// empty: the file is not one of ours, and stays.
  [[nodiscard]] std::vector<Recovered> recover(
      const std::function<std::filesystem::path(std::string_view file_name)>& directory_of);

  /// A new file to be published as ROOT/directory/STEMnSUFFIX, with its header in it. When the disk
  /// refuses, every write tries again and counts its rows as lost.
  [[nodiscard]] std::unique_ptr<SpoolFile> create(const std::filesystem::path& directory,
                                                  std::string_view stem, std::string header);

  /// Flushes the file, waits until the disk has it, and moves it to its place. The file is not
  /// written any more.
  Published publish(SpoolFile& file);

 private:
  friend class SpoolFile;

  [[nodiscard]] std::filesystem::path final_path(const std::filesystem::path& directory,
                                                 std::string_view stem, unsigned counter) const;
  [[nodiscard]] std::filesystem::path part_path(std::string_view stem, unsigned counter) const;
  void begin(SpoolFile& file);
  void restore_directory(const SpoolFile& file);
  Recovered recover_one(const std::filesystem::path& part, const std::filesystem::path& directory);
  /// Moves a part to the first free name from `counter` on; returns errno, and the path in `path`.
  [[nodiscard]] int move(std::filesystem::path& path, const std::filesystem::path& directory,
                         std::string_view stem, unsigned counter) const;

  SpoolOptions options_;
  std::filesystem::path folder_;
  int lock_ = -1;
  size_t open_files_ = 0;
};

}  // namespace tapstat::exporters
