#include "exporters/thread_placement.h"

namespace tapstat::exporters {

ThreadPlacement::ThreadPlacement(tbb::task_arena& arena, const std::vector<int>& cpus)
    : tbb::task_scheduler_observer(arena), cpus_{} {
  for (const int cpu : cpus)
    if (cpu >= 0 && cpu < CPU_SETSIZE) CPU_SET(static_cast<size_t>(cpu), &cpus_);
  if (CPU_COUNT(&cpus_) > 0) observe(true);
}

ThreadPlacement::~ThreadPlacement() { observe(false); }

/// A CPU that was taken offline meanwhile costs speed only.
void ThreadPlacement::on_scheduler_entry(bool /*is_worker*/) {
  static_cast<void>(sched_setaffinity(0, sizeof cpus_, &cpus_));
}

}  // namespace tapstat::exporters
