/// mPlane's temporal scopes: text -> value -> start and end, or the sentence that refuses it.
///
/// Grammar and meaning are those of docs/mplane.md; times are UTC. Pure functions.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include <tl/expected.hpp>

#include "control/group_holds.h"

namespace tapstat::control::mplane {

inline constexpr int64_t kSecondUs = 1'000'000;
inline constexpr int64_t kDayUs = 86'400 * kSecondUs;

struct WhenTime {
  enum class Kind : uint8_t { now, past, future, absolute };
  Kind kind = Kind::now;
  UtcMicroseconds at = 0;  // absolute
};

/// A scope as it was written.
struct When {
  WhenTime start;
  std::optional<WhenTime> end;         // "start ... end"
  std::optional<int64_t> duration_us;  // "start + duration"; whole seconds
  bool duration_infinite = false;      // "+ inf"
  std::optional<int64_t> period_us;    // "/ period"; whole seconds
  bool period_infinite = false;
  bool repeated = false;  // "repeat ..."; `repeat_text` is the whole scope then
  std::string repeat_text;
};

/// Empty when the text is none.
[[nodiscard]] std::optional<When> parse_when(std::string_view text);

/// The canonical text of receipts and hashes.
[[nodiscard]] std::string canonical(const When& when);
/// "2014-05-14 23:44:14.199951".
[[nodiscard]] std::string time_text(UtcMicroseconds time);
/// "START ... END", both absolute.
[[nodiscard]] std::string interval_text(UtcMicroseconds start, UtcMicroseconds end);

struct ScopeLimits {
  int64_t duration_us_max = 30 * kDayUs;
  int64_t ahead_us_max = 365 * kDayUs;  // how far in the future a scope may start
  bool allow_indefinite = true;
};

inline constexpr UtcMicroseconds kOpenEnd = std::numeric_limits<UtcMicroseconds>::max();

/// What a specification with this scope asks for, seen at its arrival.
struct Scope {
  UtcMicroseconds start = 0;                                      // not before the arrival
  UtcMicroseconds end = 0;                                        // kOpenEnd: until interrupted
  [[nodiscard]] bool is_instant() const { return start == end; }  // switches nothing
};

/// The error is the exception's text.
[[nodiscard]] tl::expected<Scope, std::string_view> resolve(const When& when,
                                                            UtcMicroseconds arrival,
                                                            const ScopeLimits& limits);

}  // namespace tapstat::control::mplane
