#include "control/build_info.h"

#include "control/commit.h"

namespace tapstat::control {

std::string_view version() { return TAPSTAT_VERSION; }

std::string_view commit() { return kCommit; }

std::string version_text(std::string_view dpdk_version) {
  return "tapstat " + std::string(version()) + "\ncommit  " + std::string(commit()) + "\nDPDK    " +
         std::string(dpdk_version) + "\nbuild   " TAPSTAT_BUILD_OPTIONS;
}

}  // namespace tapstat::control
