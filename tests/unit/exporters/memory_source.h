/// A record queue in memory: any thread may push, the writer drains.
#pragma once

#include <algorithm>
#include <cstddef>
#include <deque>
#include <mutex>
#include <span>

#include "flowstats/record_queue.h"

namespace tapstat::tests {

class MemorySource : public flowstats::RecordSource {
 public:
  void push(const flowstats::TcpRecord& record) {
    const std::lock_guard lock{mutex_};
    records_.push_back(record);
  }
  size_t drain(std::span<flowstats::TcpRecord> out) override {
    const std::lock_guard lock{mutex_};
    const size_t n = std::min(out.size(), records_.size());
    std::copy_n(records_.begin(), n, out.begin());
    records_.erase(records_.begin(), records_.begin() + static_cast<ptrdiff_t>(n));
    return n;
  }
  [[nodiscard]] bool empty() const {
    const std::lock_guard lock{mutex_};
    return records_.empty();
  }

 private:
  mutable std::mutex mutex_;
  std::deque<flowstats::TcpRecord> records_;
};

}  // namespace tapstat::tests
