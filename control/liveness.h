/// Is a live run alive? Watches that workers, dispatcher and writer make their rounds, tells the
/// service manager, and ends the process when one of them stands still. The supervisor's thread.
#pragma once

#include <chrono>
#include <optional>
#include <vector>

#include "control/messages.h"
#include "control/privileges/service_manager.h"
#include "control/privileges/watchdog.h"
#include "dataplane/packet_pipeline.h"
#include "exporters/writer.h"

namespace tapstat::control {

class Liveness {
 public:
  using Clock = std::chrono::steady_clock;

  /// All outlive it. Packets are read from now on.
  Liveness(const ServiceManager& service, const exporters::Writer& writer, Messages& messages);

  /// As often as the supervisor looks. Ends the process with ExitStatus::watchdog when a thread has
  /// stood still for Watchdog::kPatience: what waits for it cannot be written any more.
  void update(const dataplane::PipelineProgress& progress, Clock::time_point now);

  /// Reading has ended; what is recorded is being written, which may take as long as it takes.
  void stopping();

 private:
  void tell(const flowstats::Result<void>& told);

  const ServiceManager& service_;
  const exporters::Writer& writer_;
  Messages& messages_;
  std::optional<Watchdog> watchdog_;
  std::vector<uint64_t> rounds_;
  Clock::time_point ticked_, reported_;
  bool complained_ = false;
};

}  // namespace tapstat::control
