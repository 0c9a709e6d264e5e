/// Says what a live run could not write while it goes on: nobody waits for its end. The
/// supervisor's thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "control/messages.h"
#include "exporters/write_errors.h"

namespace tapstat::control {

class WriteWatch {
 public:
  using Clock = std::chrono::steady_clock;
  /// A cause that was silent for so long is said again when it comes back.
  static constexpr std::chrono::seconds kSilence{60};

  /// `messages` outlives it.
  explicit WriteWatch(Messages& messages) : messages_(messages) {}

  /// `causes` of one writer, as they are `now`. How much each costs, counters say.
  void update(const std::vector<exporters::WriteErrors::Cause>& causes, Clock::time_point now);

 private:
  struct Known {
    uint64_t times = 0;
    Clock::time_point latest;
  };
  Messages& messages_;
  std::map<std::string, Known> known_;
};

}  // namespace tapstat::control
