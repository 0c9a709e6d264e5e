/// What DPDK prints when it cannot start -> one sentence with what to do. Pure; control thread.
///
/// DPDK's own lines are shown with -vv only. Source of the words: DPDK 22.11's messages.
#pragma once

#include <string>
#include <string_view>

namespace tapstat::dataplane {

/// `said` is everything that DPDK printed, `reason` the text of its error number. A failure that is
/// not in the table is told in DPDK's last line.
[[nodiscard]] std::string explain_eal_failure(std::string_view said, std::string_view reason);

}  // namespace tapstat::dataplane
