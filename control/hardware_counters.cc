#include "control/hardware_counters.h"

#include <linux/perf_event.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace tapstat::control {
namespace {

dataplane::FileDescriptor open_counter(uint64_t event, int group) {
  perf_event_attr attributes{};
  attributes.size = sizeof attributes;
  attributes.type = PERF_TYPE_HARDWARE;
  attributes.config = event;
  attributes.exclude_kernel = 1;
  attributes.exclude_hv = 1;
  attributes.read_format = PERF_FORMAT_GROUP;
  constexpr int kThisThread = 0, kAnyCpu = -1;
  return dataplane::FileDescriptor(static_cast<int>(syscall(
      SYS_perf_event_open, &attributes, kThisThread, kAnyCpu, group, PERF_FLAG_FD_CLOEXEC)));
}

}  // namespace

HardwareCounters::HardwareCounters()
    : instructions_(open_counter(PERF_COUNT_HW_INSTRUCTIONS, -1)),
      cycles_(instructions_.is_open() ? open_counter(PERF_COUNT_HW_CPU_CYCLES, instructions_.get())
                                      : dataplane::FileDescriptor()) {}

std::optional<HardwareCounters::Reading> HardwareCounters::read() const {
  if (!instructions_.is_open() || !cycles_.is_open()) return std::nullopt;
  uint64_t group[3] = {};  // how many, instructions, cycles
  if (::read(instructions_.get(), group, sizeof group) != sizeof group || group[0] != 2)
    return std::nullopt;
  return Reading{group[1], group[2]};
}

}  // namespace tapstat::control
