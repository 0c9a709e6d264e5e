/// What went wrong while writing: one sentence for each cause, with the number of rows it cost.
///
/// Noted by the writer's collecting and ordered stages, which may run at the same time; read by any
/// thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace tapstat::exporters {

/// The sentence about a file that cannot be `done` ("written") for the reason that `error` (errno)
/// names; `when_full` is added when the disk, the quota or the largest file is the reason.
[[nodiscard]] std::string write_failure(const std::filesystem::path& file, std::string_view done,
                                        int error, std::string_view when_full);

class WriteErrors {
 public:
  /// `what` says what could not be done to which file or directory, and why; the same words are the
  /// same cause.
  void note(const std::string& what, uint64_t rows_lost);

  /// In the order in which the causes first came up.
  [[nodiscard]] std::vector<std::string> sentences() const;

  struct Cause {
    std::string what;
    uint64_t rows_lost = 0, times = 0;
  };
  /// The same, with their numbers beside.
  [[nodiscard]] std::vector<Cause> causes() const;

 private:
  mutable std::mutex mutex_;
  std::vector<Cause> causes_;
};

}  // namespace tapstat::exporters
