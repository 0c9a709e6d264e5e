/// Instructions and cycles of the calling thread, where the machine counts them.
///
/// perf_event_open(2), user mode only. Virtual machines and locked-down kernels often refuse:
/// read() is then empty and nothing else changes. One object per thread, used by it alone.
#pragma once

#include <cstdint>
#include <optional>

#include "dataplane/file_descriptor.h"

namespace tapstat::control {

class HardwareCounters {
 public:
  struct Reading {
    uint64_t instructions = 0, cycles = 0;
  };

  HardwareCounters();

  /// Since construction; a system call.
  [[nodiscard]] std::optional<Reading> read() const;

 private:
  dataplane::FileDescriptor instructions_, cycles_;
};

}  // namespace tapstat::control
