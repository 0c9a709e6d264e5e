#include "control/live_watch.h"

#include <cstdlib>
#include <string>
#include <utility>

#include "control/number_text.h"

namespace tapstat::control {

using dataplane::PortFigures;

namespace {

constexpr std::chrono::milliseconds kUpdateEvery{200};

}  // namespace

LiveWatch::LiveWatch(dataplane::LivePorts& ports, bool stop_when_removed, Messages& messages)
    : ports_(ports), stop_when_removed_(stop_when_removed), messages_(messages) {
  ports_.update();
  before_ = ports_.figures();
  for (const PortFigures& port : before_)
    if (port.is_present && !port.is_up)
      messages_.note("port " + port.name + ": the link is down; packets are taken when it is up.");
}

bool LiveWatch::update(std::chrono::steady_clock::time_point now) {
  if (now - updated_ >= kUpdateEvery) {
    updated_ = now;
    ports_.update();
    tell_changes();
  }
  return !removed_ || !stop_when_removed_;
}

void LiveWatch::tell_changes() {
  std::vector<PortFigures> now = ports_.figures();
  for (size_t i = 0; i < now.size(); ++i) {
    const PortFigures &port = now[i], &before = before_[i];
    if (port.is_present != before.is_present) {
      removed_ = removed_ || !port.is_present;
      messages_.event("port " + port.name +
                      (port.is_present ? ": the device is back." : ": the device was removed."));
    } else if (port.is_present && port.is_up != before.is_up) {
      messages_.event("port " + port.name +
                      (port.is_up ? ": the link is up again." : ": the link is down."));
    }
  }
  before_ = std::move(now);
  const dataplane::ClockFigures clock = ports_.clock();
  if (clock.steps == clock_.steps) return;
  const int64_t step_us = clock.stepped.us - clock_.stepped.us;
  clock_ = clock;
  messages_.event(std::string("the machine's clock was set ") + (step_us < 0 ? "back" : "forward") +
                  " by " + seconds_text(static_cast<double>(std::abs(step_us)) / 1e6) +
                  "; packet times go on without a step.");
}

}  // namespace tapstat::control
