#include "control/number_text.h"

#include <array>
#include <cmath>
#include <cstddef>

#include <fmt/format.h>

namespace tapstat::control {
namespace {

/// Three significant digits below 1,000; whole numbers with separators above.
std::string three_digits(double value) {
  if (!std::isfinite(value)) return "-";
  if (value >= 999.5) return grouped(static_cast<uint64_t>(std::llround(value)));
  if (value >= 99.95) return fmt::format("{:.0f}", value);
  if (value >= 9.995) return fmt::format("{:.1f}", value);
  return fmt::format("{:.2f}", value);
}

template <size_t kUnits>
std::string scaled(double value, double step, const std::array<const char*, kUnits>& units) {
  size_t unit = 0;
  while (value >= step * 0.9995 && unit + 1 < kUnits) {
    value /= step;
    ++unit;
  }
  return (unit == 0 ? fmt::format("{:.0f}", value) : three_digits(value)) + " " + units[unit];
}

}  // namespace

std::string grouped(uint64_t n) {
  const std::string digits = std::to_string(n);
  std::string out;
  for (size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && (digits.size() - i) % 3 == 0) out += ',';
    out += digits[i];
  }
  return out;
}

std::string packet_rate_text(double packets_per_s) {
  return scaled(packets_per_s, 1000, std::array{"pps", "kpps", "Mpps", "Gpps"});
}

std::string bit_rate_text(double bits_per_s) {
  return scaled(bits_per_s, 1000, std::array{"b/s", "kb/s", "Mb/s", "Gb/s", "Tb/s"});
}

std::string file_size_text(uint64_t bytes) {
  return scaled(static_cast<double>(bytes), 1000, std::array{"B", "kB", "MB", "GB", "TB"});
}

std::string rough_size_text(uint64_t bytes) {
  constexpr std::array kUnits = {"B", "kB", "MB", "GB", "TB", "PB"};
  auto value = static_cast<double>(bytes);
  size_t unit = 0;
  for (; value >= 999.5 && unit + 1 < kUnits.size(); ++unit) value /= 1000;
  return fmt::format("{:.{}f} {}", value, unit > 0 && value < 9.95 ? 1 : 0, kUnits[unit]);
}

std::string memory_text(uint64_t bytes) {
  return scaled(static_cast<double>(bytes), 1024, std::array{"B", "KiB", "MiB", "GiB", "TiB"});
}

std::string seconds_text(double seconds) {
  if (seconds < 10) return fmt::format("{:.3f} s", seconds);
  return (seconds < 999.95 ? fmt::format("{:.1f}", seconds) : three_digits(seconds)) + " s";
}

std::string factor_text(double factor) { return three_digits(factor); }

}  // namespace tapstat::control
