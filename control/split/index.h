/// The table of contents of a split, index.tsv: one row for each connection, by its first packet.
///
/// Rows come in the order in which connections end; they are sorted in pieces of kRowsInMemory,
/// which wait in an unlinked temporary file and are merged at the end: memory does not grow with
/// the number of connections. Control thread.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "control/split/piece_name.h"
#include "dataplane/temporary_file.h"
#include "flowstats/base/result.h"

namespace tapstat::control::splitting {

/// Which captures a connection was in: the first and, of the 63 after it, any.
struct SourceSet {
  uint32_t first = 0, last = 0;
  uint64_t following = 0;  // bit i: capture first + 1 + i

  void add(uint32_t source, bool is_first);
  /// Names with "," between them; those that no longer fit the bits as "...,LAST".
  [[nodiscard]] std::string text(const std::vector<std::string>& names) const;
};

struct IndexRow {
  enum Flag : uint8_t { kMidStream = 1, kTruncated = 2, kDisorder = 4, kDuplicates = 8 };

  ConnectionId id;
  int64_t last_us = 0;
  uint64_t packets_out = 0, bytes_out = 0, packets_in = 0, bytes_in = 0;  // out: sent by local
  uint64_t syn = 0, fin = 0, rst = 0;                                     // segments with the flag
  SourceSet sources;
  uint8_t flags = 0;
};

/// The header line, without newline.
inline constexpr std::string_view kIndexHeader =
    "file\tfirst_us\tlast_us\tlocal\tlport\trem\trport\tproto\tpkts_out\tbytes_out\tpkts_in\t"
    "bytes_in\tsyn\tfin\trst\tflags\tsources";

/// One line, without newline. `file` is the piece's name.
[[nodiscard]] std::string index_line(const IndexRow& row, const std::string& file,
                                     const std::vector<std::string>& source_names);

class IndexRows {
 public:
  static constexpr size_t kRowsInMemory = 65'536;

  /// `rows_in_memory` is for tests of the merge.
  explicit IndexRows(size_t rows_in_memory = kRowsInMemory) : rows_in_memory_(rows_in_memory) {}

  /// Errors: ExitStatus::environment (temporary file).
  [[nodiscard]] flowstats::Result<void> add(const IndexRow& row);
  [[nodiscard]] uint64_t count() const { return count_; }

  /// All rows by first_us, then by tuple and repetition. Once, after the last add().
  [[nodiscard]] flowstats::Result<void> visit(const std::function<void(const IndexRow&)>& visitor);

 private:
  [[nodiscard]] flowstats::Result<void> store();

  size_t rows_in_memory_;
  uint64_t count_ = 0;
  std::vector<IndexRow> rows_;
  std::optional<dataplane::TemporaryFile> file_;
  std::vector<uint64_t> run_rows_;  // of each sorted part of the file
};

}  // namespace tapstat::control::splitting
