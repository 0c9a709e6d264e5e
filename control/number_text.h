/// Numbers for people: thousands separators, decimal units for rates and file sizes, binary ones
/// for memory.
#pragma once

#include <cstdint>
#include <string>

namespace tapstat::control {

/// 1234567 -> "1,234,567".
[[nodiscard]] std::string grouped(uint64_t n);
/// "1.94 Mpps", "12.3 kpps".
[[nodiscard]] std::string packet_rate_text(double packets_per_s);
/// "10.7 Gb/s".
[[nodiscard]] std::string bit_rate_text(double bits_per_s);
/// "28.4 MB"; decimal.
[[nodiscard]] std::string file_size_text(uint64_t bytes);
/// "1.2 GB", "84 MB": decimal, two digits below 10.
[[nodiscard]] std::string rough_size_text(uint64_t bytes);
/// "312 MiB"; binary.
[[nodiscard]] std::string memory_text(uint64_t bytes);
/// "0.021 s", "62.1 s", "3,600 s".
[[nodiscard]] std::string seconds_text(double seconds);
/// 2956.7 -> "2,957"; small values keep three digits.
[[nodiscard]] std::string factor_text(double factor);

}  // namespace tapstat::control
