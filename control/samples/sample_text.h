/// What the sample files hold: texts of 512 to 1,048,576 bytes in powers of two, made in memory.
///
/// A file is a row of blocks of 512 bytes of printable ASCII. Each begins with a line feed and the
/// block's number in six digits (000000, 000001, ...), and the rest is the same in all blocks: any
/// piece of a file can be checked against its offset, and whatever compresses on the way shows.
/// Control thread.
#pragma once

#include <array>
#include <cstddef>
#include <string>

namespace tapstat::control {

inline constexpr size_t kSampleBlockBytes = 512;

/// In ascending order.
inline constexpr std::array<size_t, 12> kSampleBytes = [] {
  std::array<size_t, 12> sizes{};
  for (size_t k = 0; k < sizes.size(); ++k) sizes[k] = kSampleBlockBytes << k;
  return sizes;
}();

/// "4096.txt".
[[nodiscard]] std::string sample_name(size_t bytes);

/// `bytes` is one of kSampleBytes.
[[nodiscard]] std::string sample_text(size_t bytes);

}  // namespace tapstat::control
