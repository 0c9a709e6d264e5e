/// How many rows were written under which configuration epochs.
///
/// The ordered stage of the writer enters epochs and adds rows, once for each batch; any thread may
/// ask. Remembers the last kEpochsKept epochs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>

namespace tapstat::exporters {

class EpochRows {
 public:
  static constexpr size_t kEpochsKept = 10'000;

  /// Rows that are added from now on belong to `epoch`; epochs ascend.
  void enter(uint32_t epoch);
  void add(uint64_t rows);

  /// The last one that was entered; 0 before the first.
  [[nodiscard]] uint32_t epoch() const;

  /// Rows of the epochs from `first` to before `end`, up to now when `end` has not been entered;
  /// empty when `first` is no longer remembered.
  [[nodiscard]] std::optional<uint64_t> between(uint32_t first, uint32_t end) const;

 private:
  struct Mark {
    uint32_t epoch = 0;
    uint64_t rows_before = 0;
  };
  [[nodiscard]] uint64_t rows_before(uint32_t epoch) const;

  mutable std::mutex mutex_;
  std::deque<Mark> marks_;  // by ascending epoch
  bool forgot_ = false;
  uint64_t rows_ = 0;
};

}  // namespace tapstat::exporters
