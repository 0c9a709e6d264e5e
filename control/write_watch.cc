#include "control/write_watch.h"

namespace tapstat::control {

void WriteWatch::update(const std::vector<exporters::WriteErrors::Cause>& causes,
                        Clock::time_point now) {
  for (const exporters::WriteErrors::Cause& cause : causes) {
    Known& known = known_[cause.what];
    if (cause.times == known.times) continue;
    if (known.times == 0 || now - known.latest >= kSilence) messages_.error(cause.what);
    known = {cause.times, now};
  }
}

}  // namespace tapstat::control
