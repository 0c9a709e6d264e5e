#include "exporters/record_collector.h"

#include <algorithm>
#include <span>
#include <utility>

namespace tapstat::exporters {

namespace {

using flowstats::RecordSource;
using flowstats::TcpRecord;
using Clock = std::chrono::steady_clock;

}  // namespace

RecordCollector::RecordCollector(std::vector<RecordSource*> sources, DirectoryFollower& follower,
                                 flowstats::Duration flush, size_t batches)
    : sources_(std::move(sources)), follower_(follower), wait_max_(flush.us / 2) {
  for (size_t i = 0; i < batches; ++i) batches_.push_back(std::make_unique<RecordBatch>());
  carried_.reserve(kBatchRecordsMax);
}

RecordBatch* RecordCollector::next(bool finishing) {
  RecordBatch& batch = *batches_[filling_];
  batch.take(RecordBatch::Stage::filling);
  if (!carried_.empty()) adopt_carried(batch);
  while (true) {
    if (ends_before_a_switch(batch) || batch.count == batch.records.size()) return hand_on(batch);
    const uint32_t settled = follower_.settled();  // before the rings are found empty
    const size_t before = batch.count;
    const size_t drained = drain_into(batch);
    if (drained == 0) return when_drained(batch, settled, finishing);
    if (before == 0) oldest_at_ = Clock::now();
  }
}

/// Every record that was made before `settled` has been taken.
RecordBatch* RecordCollector::when_drained(RecordBatch& batch, uint32_t settled, bool finishing) {
  if (batch.count == 0) {
    if (settled <= follower_.epoch() || !follower_.follow_up_to(settled)) return nullptr;
    enter(batch);
    return hand_on(batch);
  }
  const bool hurry = batch.epoch != last_epoch_ || settled > follower_.epoch();
  const bool waited = finishing || hurry || Clock::now() - oldest_at_ >= wait_max_;
  return waited ? hand_on(batch) : nullptr;
}

void RecordCollector::enter(RecordBatch& batch) {
  batch.directory = follower_.current();
  batch.epoch = follower_.epoch();
}

size_t RecordCollector::drain_into(RecordBatch& batch) {
  const size_t before = batch.count;
  for (size_t i = 0; i < sources_.size() && batch.count < batch.records.size(); ++i) {
    RecordSource& source = *sources_[(next_source_ + i) % sources_.size()];
    batch.count += source.drain(std::span{batch.records}.subspan(batch.count));
  }
  if (!sources_.empty()) next_source_ = (next_source_ + 1) % sources_.size();
  return batch.count - before;
}

bool RecordCollector::ends_before_a_switch(RecordBatch& batch) {
  for (; checked_ < batch.count; ++checked_) {
    const TcpRecord& record = batch.records[checked_];
    if (follower_.is_due(record)) {
      if (checked_ != 0) {
        const auto tail = batch.records.begin() + static_cast<ptrdiff_t>(checked_);
        carried_.assign(tail, batch.records.begin() + static_cast<ptrdiff_t>(batch.count));
        batch.count = checked_;
        return true;
      }
      follower_.follow(record);
    }
    if (checked_ == 0) enter(batch);
  }
  return false;
}

void RecordCollector::adopt_carried(RecordBatch& batch) {
  std::copy(carried_.begin(), carried_.end(), batch.records.begin());
  batch.count = carried_.size();
  carried_.clear();
  oldest_at_ = Clock::now();
}

RecordBatch* RecordCollector::hand_on(RecordBatch& batch) {
  batch.hand_over(RecordBatch::Stage::filling, RecordBatch::Stage::collected);
  filling_ = (filling_ + 1) % batches_.size();
  checked_ = 0;
  if (batch.count != 0) last_epoch_ = batch.epoch;
  return &batch;
}

}  // namespace tapstat::exporters
