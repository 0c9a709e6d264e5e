/// Records of several kinds in a row, as the writer's batches hold them.
///
/// A block of memory of fixed size, taken once. One owner at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>

#include "flowstats/base/check.h"
#include "flowstats/record.h"

namespace tapstat::flowstats {

class RecordBuffer {
 public:
  /// Room for `units` x kRecordUnit bytes, and for at most `records_max` records.
  RecordBuffer(uint32_t units, uint32_t records_max)
      : bytes_(new (std::align_val_t{kRecordUnit}) std::byte[size_t{units} * kRecordUnit]),
        capacity_(units),
        records_max_(records_max) {}

  [[nodiscard]] bool has_room(uint32_t units) const {
    return units <= capacity_ - used_ && records_ < records_max_;
  }
  /// Copies a record of `record.units`. Precondition: has_room().
  void append(const RecordHead& record) {
    TAPSTAT_ASSERT(has_room(record.units));
    std::memcpy(at(used_), static_cast<const void*>(&record), record.units * kRecordUnit);
    used_ += record.units;
    ++records_;
  }
  void clear() { used_ = records_ = 0; }

  [[nodiscard]] bool empty() const { return records_ == 0; }
  [[nodiscard]] uint32_t records() const { return records_; }
  [[nodiscard]] uint32_t units() const { return used_; }

  /// The record that begins at `unit`; the next one is at unit + units.
  [[nodiscard]] RecordHead& record_at(uint32_t unit) {
    return *reinterpret_cast<RecordHead*>(at(unit));
  }
  /// Visits all records in order.
  template <class Visit>
  void for_each(Visit visit) {
    for (uint32_t unit = 0; unit < used_; unit += record_at(unit).units) visit(record_at(unit));
  }
  /// Moves the records from `unit` on into `other`, which has room for them.
  void move_tail(uint32_t unit, RecordBuffer& other) {
    const uint32_t end = used_;
    for (uint32_t u = unit; u < end; u += record_at(u).units) {
      other.append(record_at(u));
      --records_;
    }
    used_ = unit;
  }

 private:
  struct Release {
    void operator()(std::byte* bytes) const {
      ::operator delete[](bytes, std::align_val_t{kRecordUnit});
    }
  };
  [[nodiscard]] std::byte* at(uint32_t unit) { return bytes_.get() + size_t{unit} * kRecordUnit; }

  std::unique_ptr<std::byte[], Release> bytes_;
  uint32_t capacity_;
  uint32_t records_max_;
  uint32_t used_ = 0;  // units
  uint32_t records_ = 0;
};

}  // namespace tapstat::flowstats
