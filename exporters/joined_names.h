/// The names that were joined to the records of one batch; records point into it.
///
/// Collecting stage writes, formatting stage reads.
#pragma once

#include <cstddef>
#include <deque>
#include <string>
#include <string_view>

#include "flowstats/record.h"

namespace tapstat::exporters {

class JoinedNames {
 public:
  /// A copy that lives until clear().
  [[nodiscard]] const flowstats::Resolution* add(const flowstats::Resolution& resolution) {
    if (names_.empty() || names_.back() != resolution.name) names_.emplace_back(resolution.name);
    resolutions_.push_back(resolution);
    resolutions_.back().name = names_.back();
    return &resolutions_.back();
  }
  void clear() {
    names_.clear();
    resolutions_.clear();
  }

 private:
  std::deque<std::string> names_;  // a deque: what was added stays where it is
  std::deque<flowstats::Resolution> resolutions_;
};

}  // namespace tapstat::exporters
