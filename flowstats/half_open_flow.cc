#include "flowstats/half_open_flow.h"

#include <algorithm>

#include "flowstats/base/check.h"

namespace tapstat::flowstats {

bool HalfOpenFlow::expired(Timestamp last_heard, Timestamp now, const FlowTimeouts& timeouts) {
  return elapsed(last_heard, now) > std::min(timeouts.tcp_idle, timeouts.tcp_singleton);
}

void HalfOpenFlow::grow_into(TcpFlow& flow, const NetworkList& networks,
                             TrackerContext& context) const {
  flow.open(opening, networks);
  const auto end = flow.update(opening, context);
  TAPSTAT_ASSERT(!end);
}

}  // namespace tapstat::flowstats
