/// Errors of the control path as values: a sentence for a person and the exit status it leads to.
///
/// Packet-path code never uses this; the network's errors are counters (counters.h).
#pragma once

#include <string>
#include <utility>

#include <tl/expected.hpp>

namespace tapstat::flowstats {

/// Process exit status (docs/operations.md). Several inputs: the highest wins.
enum class ExitStatus : int {
  done = 0,
  internal_error = 1,
  usage = 2,
  input_unreadable = 3,
  input_damaged = 4,
  records_lost = 5,
  environment = 6,
  watchdog = 7,
};

/// `sentence` says what is wrong with which value, where it came from and what to do; no trailing
/// newline, no "tapstat:" in front.
struct Error {
  ExitStatus status = ExitStatus::internal_error;
  std::string sentence;
};

/// Becomes std::expected with C++23.
template <class T>
using Result = tl::expected<T, Error>;

[[nodiscard]] inline auto fail(ExitStatus status, std::string sentence) {
  return tl::make_unexpected(Error{status, std::move(sentence)});
}

}  // namespace tapstat::flowstats
