/// Which of a process's workers a shard belongs to.
#pragma once

#include <cstdint>

namespace tapstat::dataplane {

struct ShardPlace {
  uint32_t index = 0, count = 1;
};

}  // namespace tapstat::dataplane
