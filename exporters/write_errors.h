/// What went wrong while writing: one sentence for each cause, with the number of rows it cost.
///
/// Noted by the writer's collecting and ordered stages, which may run at the same time; read after
/// both have ended.
#pragma once

#include <cstdint>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace tapstat::exporters {

class WriteErrors {
 public:
  /// `what` says what could not be done to which file or directory, and why; the same words are the
  /// same cause.
  void note(const std::string& what, uint64_t rows_lost);

  /// In the order in which the causes first came up.
  [[nodiscard]] std::vector<std::string> sentences() const;

 private:
  mutable std::mutex mutex_;
  std::vector<std::pair<std::string, uint64_t>> causes_;
};

}  // namespace tapstat::exporters
