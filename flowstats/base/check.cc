#include "flowstats/base/check.h"

#include <cstdio>
#include <cstdlib>

namespace tapstat::flowstats {

void assertion_failed(const char* condition, const char* file, int line) {
  std::fprintf(stderr, "tapstat: internal error: %s is not true (%s:%d)\n", condition, file, line);
  std::abort();
}

}  // namespace tapstat::flowstats
