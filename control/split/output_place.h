/// The directory that a split writes to. Control thread.
#pragma once

#include <filesystem>
#include <vector>

#include "flowstats/base/result.h"

namespace tapstat::control::splitting {

/// Makes the directory. What an earlier split left there, whole or not, is refused, or with `force`
/// removed: conn, host, pair, port, other.pcap and index.tsv; anything else stays. Refused as well
/// when one of `inputs` lies in it. Errors: ExitStatus::usage, ExitStatus::environment.
[[nodiscard]] flowstats::Result<void> prepare_output(
    const std::filesystem::path& directory, const std::vector<std::filesystem::path>& inputs,
    bool force);

}  // namespace tapstat::control::splitting
