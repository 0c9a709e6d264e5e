#include "exporters/exit_collector.h"

#include <algorithm>

#include "flowstats/exit_record.h"

namespace tapstat::exporters {

using flowstats::RecordHead;
using flowstats::RecordSource;
using flowstats::Timestamp;

namespace {

/// Of one source in a row: some milliseconds of formatting, in which the logs' rings do not fill.
constexpr unsigned kBatchesPerTurn = 8;

}  // namespace

ExitCollector::ExitCollector(Web100Log& log, std::vector<RecordSource*> sources) : log_(log) {
  for (RecordSource* source : sources) inputs_.push_back({source});
}

/// What was published before the frontier was told has been taken when the source is found empty
/// behind it.
void ExitCollector::take_from(Input& input) {
  for (unsigned batch = 0; batch < kBatchesPerTurn; ++batch) {
    if (input.source->drain(records_, flowstats::kAlways) == 0) break;
    records_.for_each([&](const RecordHead& record) {
      log_.append(static_cast<const flowstats::ExitRecord&>(record));
    });
    records_.clear();
  }
  const Timestamp frontier = input.source->frontier();
  if (!input.source->has_records()) input.told = std::max(input.told, frontier);
}

void ExitCollector::take() {
  for (Input& input : inputs_) take_from(input);
  const auto least = std::ranges::min_element(inputs_, {}, &Input::told);
  // At the end of the run the log finishes its hours itself.
  if (least != inputs_.end() && least->told != flowstats::kNever &&
      least->told != flowstats::kAlways)
    log_.advance(least->told);
  log_.flush();
}

void ExitCollector::take_all() {
  const auto has_records = [](const Input& input) { return input.source->has_records(); };
  do take();
  while (std::ranges::any_of(inputs_, has_records));
}

bool ExitCollector::is_urgent() const {
  return std::ranges::any_of(inputs_,
                             [](const Input& input) { return input.source->is_filling_up(); });
}

}  // namespace tapstat::exporters
