#include "exporters/record_collector.h"

#include <algorithm>
#include <utility>

namespace tapstat::exporters {

namespace {

using flowstats::RecordHead;
using flowstats::RecordSource;
using flowstats::Timestamp;

}  // namespace

RecordCollector::RecordCollector(std::vector<RecordSource*> sources, DirectoryFollower& follower,
                                 NameJoiner& names, flowstats::Duration flush, size_t batches)
    : sources_(std::move(sources)),
      follower_(follower),
      names_(names),
      wait_max_(flush.us / 2),
      frontiers_(sources_.size()) {
  for (size_t i = 0; i < batches; ++i) batches_.push_back(std::make_unique<RecordBatch>());
}

RecordBatch* RecordCollector::next(bool finishing) {
  RecordBatch& batch = *batches_[filling_];
  batch.take(RecordBatch::Stage::filling);
  if (!carried_.empty()) adopt_carried(batch);
  while (true) {
    if (ends_before_a_switch(batch)) return hand_on(batch);
    const uint32_t settled = follower_.settled();  // before the rings are found empty
    const bool was_empty = batch.records.empty();
    if (drain_into(batch, finishing) == 0) return when_drained(batch, settled, finishing);
    if (was_empty) oldest_at_ = Clock::now();
  }
}

/// Every record that was made before `settled` has been taken, or the batch is full.
RecordBatch* RecordCollector::when_drained(RecordBatch& batch, uint32_t settled, bool finishing) {
  const bool left = std::ranges::any_of(sources_, &RecordSource::has_records);
  if (batch.records.empty()) {
    if (left || settled <= follower_.epoch() || !follower_.follow_up_to(settled)) return nullptr;
    enter(batch);
    return hand_on(batch);
  }
  const bool hurry = batch.epoch != last_epoch_ || settled > follower_.epoch();
  const bool waited = finishing || hurry || left || Clock::now() - oldest_at_ >= wait_max_;
  return waited ? hand_on(batch) : nullptr;
}

void RecordCollector::enter(RecordBatch& batch) {
  batch.directory = follower_.current();
  batch.epoch = follower_.epoch();
}

size_t RecordCollector::drain_into(RecordBatch& batch, bool finishing) {
  if (const size_t ready = drain_ready(batch); ready != 0) {
    stuck_since_ = {};
    return ready;
  }
  return drain_unready(batch, finishing);
}

/// What needs no name, or whose name can be known: every other worker is past that moment.
size_t RecordCollector::drain_ready(RecordBatch& batch) {
  const size_t sources = sources_.size();
  size_t drained = 0;
  if (sources == 1 || !names_.wanted()) {
    for (size_t i = 0; i < sources; ++i)
      drained += sources_[(next_source_ + i) % sources]->drain(batch.records, flowstats::kAlways);
  } else {
    std::ranges::transform(sources_, frontiers_.begin(), &RecordSource::frontier);
    for (size_t i = 0; i < sources; ++i) {
      const size_t mine = (next_source_ + i) % sources;
      Timestamp others = flowstats::kAlways;
      for (size_t other = 0; other < sources; ++other)
        if (other != mine) others = std::min(others, frontiers_[other]);
      drained += sources_[mine]->drain(batch.records, others);
    }
  }
  if (sources != 0) next_source_ = (next_source_ + 1) % sources;
  return drained;
}

/// Nothing was ready, and yet there may be something: at the end everything is, and a worker that
/// stands still must not stop the others.
size_t RecordCollector::drain_unready(RecordBatch& batch, bool finishing) {
  if (sources_.size() < 2 || !names_.wanted() ||
      std::ranges::none_of(sources_, &RecordSource::has_records))
    return 0;
  if (!finishing) {
    const auto now = Clock::now();
    if (stuck_since_ == Clock::time_point{}) stuck_since_ = now;
    const bool is_urgent = std::ranges::any_of(sources_, &RecordSource::is_filling_up);
    if (now - stuck_since_ < (is_urgent ? kNamesWaitMax : kStillWaitMax)) return 0;
  }
  // The oldest first: the names that it brings may be all that the others wait for.
  const auto oldest = std::ranges::min_element(sources_, {}, [](RecordSource* source) {
    return source->has_records() ? source->frontier() : flowstats::kAlways;
  });
  const size_t drained = (*oldest)->drain_one(batch.records);
  if (!finishing) names_.note_early(drained);
  return drained;
}

bool RecordCollector::ends_before_a_switch(RecordBatch& batch) {
  while (checked_ < batch.records.units()) {
    RecordHead& record = batch.records.record_at(checked_);
    if (follower_.is_due(record)) {
      if (checked_ != 0) {
        batch.records.move_tail(checked_, carried_);
        return true;
      }
      follower_.follow(record);
    }
    if (checked_ == 0) enter(batch);
    names_.join(record, batch.names);
    checked_ += record.units;
  }
  return false;
}

void RecordCollector::adopt_carried(RecordBatch& batch) {
  carried_.move_tail(0, batch.records);
  oldest_at_ = Clock::now();
}

RecordBatch* RecordCollector::hand_on(RecordBatch& batch) {
  batch.hand_over(RecordBatch::Stage::filling, RecordBatch::Stage::collected);
  filling_ = (filling_ + 1) % batches_.size();
  checked_ = 0;
  if (!batch.records.empty()) last_epoch_ = batch.epoch;
  return &batch;
}

}  // namespace tapstat::exporters
