#include "exporters/trace_merge.h"

#include <algorithm>
#include <utility>

#include "flowstats/record_queue.h"

namespace tapstat::exporters {

using flowstats::Timestamp;
using flowstats::TracedPacket;
using flowstats::TraceSlot;

TraceMerge::TraceMerge(std::vector<flowstats::TraceSource*> sources, Clock::duration hold_back)
    : sources_(std::move(sources)), hold_back_(hold_back) {}

const TraceSlot* TraceMerge::next() {
  const TracedPacket* oldest = nullptr;
  Timestamp silent_until = flowstats::kAlways;  // of the rings that are empty
  bool is_filling = false;
  for (flowstats::TraceSource* source : sources_) {
    const Timestamp complete = source->frontier();  // before front(), which then shows all of it
    const TraceSlot* const slot = source->front();
    if (slot == nullptr) {
      silent_until = std::min(silent_until, complete);
      continue;
    }
    if (slot->kind == TraceSlot::Kind::tally) {
      chosen_ = source;
      return slot;
    }
    const auto* const packet = static_cast<const TracedPacket*>(slot);
    is_filling = is_filling || source->is_filling();
    if (oldest == nullptr || packet->time < oldest->time) {
      oldest = packet;
      chosen_ = source;
    }
  }
  frontier_ = oldest == nullptr ? silent_until : std::min(silent_until, oldest->time);
  if (oldest != nullptr && oldest->time > silent_until)
    return may_pass(is_filling) ? oldest : nullptr;
  waiting_since_.reset();
  return oldest;
}

/// Once it was waited long enough everything that is there passes, until the silent ring speaks.
bool TraceMerge::may_pass(bool is_filling) {
  const auto now = Clock::now();
  if (!waiting_since_) waiting_since_ = now;
  return is_filling || now - *waiting_since_ >= hold_back_;
}

void TraceMerge::pop() { chosen_->pop(); }

}  // namespace tapstat::exporters
