/// The generator's own random numbers: integers only, so that a seed gives the same traffic on
/// every machine and library.
///
/// SplitMix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, OOPSLA 2014).
/// Not for secrets.
#pragma once

#include <cstdint>

namespace tapstat::bench {

class Random {
 public:
  explicit constexpr Random(uint64_t seed) : state_(seed) {}

  constexpr uint64_t next() {
    state_ += 0x9e3779b97f4a7c15ULL;
    uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
  }
  /// Uniform in [0, bound); `bound` below 2^32.
  constexpr uint32_t below(uint32_t bound) {
    return static_cast<uint32_t>(((next() >> 32) * bound) >> 32);
  }
  /// Uniform in [low, high].
  constexpr uint32_t between(uint32_t low, uint32_t high) { return low + below(high - low + 1); }
  /// True with probability `millionths` / 1,000,000.
  constexpr bool chance(uint32_t millionths) { return below(1'000'000) < millionths; }

 private:
  uint64_t state_;
};

}  // namespace tapstat::bench
