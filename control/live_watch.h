/// The watch over live ports while a run goes on: their counts, and a sentence when a link or a
/// device goes or comes. The supervisor's thread, but for what other threads may read.
#pragma once

#include <chrono>
#include <cstdint>
#include <vector>

#include "control/messages.h"
#include "dataplane/live_ports.h"
#include "flowstats/base/counters.h"

namespace tapstat::control {

class LiveWatch {
 public:
  /// `ports` and `messages` outlive it. `stop_when_removed`: a device that vanishes ends the run.
  LiveWatch(dataplane::LivePorts& ports, bool stop_when_removed, Messages& messages);

  /// Asks the ports, at most a few times a second. False: the run shall end.
  [[nodiscard]] bool update(std::chrono::steady_clock::time_point now);

  /// Asks the ports now: their last counts, when nobody receives any more.
  void finish() { ports_.update(); }

  [[nodiscard]] bool device_was_removed() const { return removed_; }
  /// Any thread.
  [[nodiscard]] std::vector<dataplane::PortFigures> ports() const { return ports_.figures(); }
  /// Any thread: what the ports delivered and lost.
  [[nodiscard]] flowstats::CounterValues counters() const { return ports_.counters().snapshot(); }

 private:
  void tell_changes();

  dataplane::LivePorts& ports_;
  const bool stop_when_removed_;
  Messages& messages_;
  std::chrono::steady_clock::time_point updated_;
  std::vector<dataplane::PortFigures> before_;
  bool removed_ = false;
  dataplane::ClockFigures clock_;  // as told
};

}  // namespace tapstat::control
