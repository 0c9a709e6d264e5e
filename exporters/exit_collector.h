/// Takes exit records from the rings of those who follow connections, and tells their log how far
/// packet time has come, so that hours are published while the probe runs.
///
/// Apart from the rows of the logs: these wait for names in the order of all workers, and neither
/// waits for the other. Writer's thread, between two rounds of its pipeline.
#pragma once

#include <vector>

#include "exporters/record_batch.h"
#include "exporters/web100_log.h"
#include "flowstats/base/units.h"
#include "flowstats/record_queue.h"

namespace tapstat::exporters {

class ExitCollector {
 public:
  /// The references outlive it.
  ExitCollector(Web100Log& log, std::vector<flowstats::RecordSource*> sources);

  /// Takes what is there, but not for long, and finishes the hours that no source will add to.
  void take();
  /// Takes everything; nothing more will come.
  void take_all();
  /// A source may soon make its follower wait: the writer's next round must not be a long one.
  [[nodiscard]] bool is_urgent() const;

 private:
  struct Input {
    flowstats::RecordSource* source;
    flowstats::Timestamp told = flowstats::kNever;  // no record up to here will follow
  };

  void take_from(Input& input);

  Web100Log& log_;
  std::vector<Input> inputs_;
  flowstats::RecordBuffer records_{kBatchUnits, kBatchRecordsMax};
};

}  // namespace tapstat::exporters
