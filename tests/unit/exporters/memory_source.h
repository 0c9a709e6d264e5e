/// A record queue in memory: any thread may push, the writer drains.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <deque>
#include <mutex>
#include <new>

#include "flowstats/exit_record.h"
#include "flowstats/record_queue.h"
#include "flowstats/records.h"

namespace tapstat::tests {

/// Of records of one kind, without texts.
template <class Record, flowstats::RecordKind kKind>
class MemoryQueue : public flowstats::RecordSource {
 public:
  void push(const Record& record) {
    const std::lock_guard lock{mutex_};
    records_.push_back(record);
    records_.back().units = flowstats::record_units(sizeof record);
    records_.back().kind = kKind;
  }
  size_t drain(flowstats::RecordBuffer& out, flowstats::Timestamp names_until) override {
    return drain_up_to(kAllOfThem, out, names_until);
  }
  size_t drain_one(flowstats::RecordBuffer& out) override {
    return drain_up_to(1, out, flowstats::kAlways);
  }
  [[nodiscard]] bool has_records() const override { return !empty(); }
  [[nodiscard]] bool is_filling_up() const override { return fills_up_; }
  void fill_up() { fills_up_ = true; }
  flowstats::Timestamp frontier() override {
    const std::lock_guard lock{mutex_};
    return records_.empty() ? clock_ : records_.front().closed;
  }
  /// No record up to this moment will be pushed any more.
  void advance(flowstats::Timestamp clock) {
    const std::lock_guard lock{mutex_};
    clock_ = clock;
  }
  [[nodiscard]] bool empty() const {
    const std::lock_guard lock{mutex_};
    return records_.empty();
  }

 private:
  std::atomic<bool> fills_up_ = false;

  static constexpr size_t kAllOfThem = ~size_t{0};

  size_t drain_up_to(size_t records_max, flowstats::RecordBuffer& out,
                     flowstats::Timestamp names_until) {
    const std::lock_guard lock{mutex_};
    size_t n = 0;
    for (; n < records_max && !records_.empty(); ++n) {
      alignas(flowstats::kRecordUnit) std::array<std::byte, kBytes> place{};
      const Record& record = *new (place.data()) Record(records_.front());
      if (!out.has_room(record.units) || flowstats::name_time(record) > names_until) break;
      out.append(record);
      records_.pop_front();
    }
    return n;
  }
  static constexpr size_t kBytes = flowstats::record_units(sizeof(Record)) * flowstats::kRecordUnit;

  mutable std::mutex mutex_;
  std::deque<Record> records_;
  flowstats::Timestamp clock_ = flowstats::kNever;
};

using MemorySource = MemoryQueue<flowstats::TcpRecord, flowstats::RecordKind::tcp_flow>;
using ExitSource = MemoryQueue<flowstats::ExitRecord, flowstats::RecordKind::exit>;

}  // namespace tapstat::tests
