/// Temporal scopes of mPlane.
///
/// The input is the text. Checked: what is accepted has a canonical text that reads as the same
/// scope; at any arrival either a refusal or an interval within the limits comes out, the same for
/// both texts.
#include <array>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "control/mplane/when.h"

namespace {

using namespace tapstat::control::mplane;
using tapstat::control::UtcMicroseconds;

/// The epoch, 2014, a moment of the year 9998, and the last ones that the clock can show.
constexpr std::array<UtcMicroseconds, 5> kArrivals = {
    0, 1'400'068'800'000'000, 253'370'764'800'000'000, kOpenEnd - 2, kOpenEnd - 1};

void require(bool condition) {
  if (!condition) std::abort();
}

void check_scope(const Scope& scope, UtcMicroseconds arrival, const ScopeLimits& limits) {
  require(scope.start >= arrival && scope.end >= scope.start);
  require(scope.start - arrival <= limits.ahead_us_max);
  if (scope.end == kOpenEnd)
    require(limits.allow_indefinite);
  else
    require(scope.end - scope.start <= limits.duration_us_max);
  require(!interval_text(scope.start, scope.end).empty());
}

void check_at(const When& when, const When& again, UtcMicroseconds arrival,
              const ScopeLimits& limits) {
  const auto scope = resolve(when, arrival, limits);
  const auto same = resolve(again, arrival, limits);
  require(scope.has_value() == same.has_value());
  if (!scope) {
    require(scope.error() == same.error());
    return;
  }
  require(scope->start == same->start && scope->end == same->end);
  check_scope(*scope, arrival, limits);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto when = parse_when({reinterpret_cast<const char*>(data), size});
  if (!when) return 0;
  const std::string text = canonical(*when);
  const auto again = parse_when(text);
  require(again.has_value());
  require(canonical(*again) == text);
  for (const UtcMicroseconds arrival : kArrivals) {
    check_at(*when, *again, arrival, {});
    check_at(*when, *again, arrival, {kOpenEnd, kOpenEnd, false});
  }
  return 0;
}
