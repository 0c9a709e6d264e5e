#include "exporters/epoch_rows.h"

#include <algorithm>

namespace tapstat::exporters {

void EpochRows::enter(uint32_t epoch) {
  const std::lock_guard lock{mutex_};
  if (!marks_.empty() && epoch <= marks_.back().epoch) return;
  marks_.push_back({epoch, rows_});
  if (marks_.size() <= kEpochsKept) return;
  marks_.pop_front();
  forgot_ = true;
}

void EpochRows::add(uint64_t rows) {
  const std::lock_guard lock{mutex_};
  rows_ += rows;
}

uint32_t EpochRows::epoch() const {
  const std::lock_guard lock{mutex_};
  return marks_.empty() ? 0 : marks_.back().epoch;
}

uint64_t EpochRows::rows_before(uint32_t epoch) const {
  const auto at = std::ranges::lower_bound(marks_, epoch, {}, &Mark::epoch);
  return at == marks_.end() ? rows_ : at->rows_before;
}

std::optional<uint64_t> EpochRows::between(uint32_t first, uint32_t end) const {
  const std::lock_guard lock{mutex_};
  if (forgot_ && first < marks_.front().epoch) return std::nullopt;
  return rows_before(std::max(first, end)) - rows_before(first);
}

}  // namespace tapstat::exporters
