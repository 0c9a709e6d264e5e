/// The logs that tapstat writes and the set of those that are switched on.
///
/// Bits are Tstat's (runtime.conf, section [log]).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace tapstat::flowstats {

/// In the order of their files in messages; values index arrays.
enum class Log : uint8_t {
  tcp_complete,
  tcp_nocomplete,
  udp_complete,
  mm_complete,
  http_complete,
  dns_complete,
  tcp_periodic,
  udp_periodic,
};
inline constexpr size_t kLogCount = 8;

struct LogSpec {
  Log log;
  std::string_view name;  // of the file and of the key in runtime.conf
  uint16_t bit;
};

/// In the order of Log.
inline constexpr std::array<LogSpec, kLogCount> kLogs = {{
    {Log::tcp_complete, "log_tcp_complete", 0x0001},
    {Log::tcp_nocomplete, "log_tcp_nocomplete", 0x0002},
    {Log::udp_complete, "log_udp_complete", 0x0004},
    {Log::mm_complete, "log_mm_complete", 0x0008},
    {Log::http_complete, "log_http_complete", 0x0200},
    {Log::dns_complete, "log_dns_complete", 0x0400},
    {Log::tcp_periodic, "log_tcp_periodic", 0x0800},
    {Log::udp_periodic, "log_udp_periodic", 0x1000},
}};

[[nodiscard]] constexpr const LogSpec& spec_of(Log log) { return kLogs[static_cast<size_t>(log)]; }
[[nodiscard]] constexpr std::string_view log_name(Log log) { return spec_of(log).name; }

class LogMask {
 public:
  constexpr LogMask() = default;
  /// Bits of other logs are ignored.
  explicit constexpr LogMask(uint32_t bits) {
    for (const LogSpec& l : kLogs) bits_ |= static_cast<uint16_t>(bits & l.bit);
  }

  [[nodiscard]] constexpr uint16_t bits() const { return bits_; }
  [[nodiscard]] constexpr bool empty() const { return bits_ == 0; }
  [[nodiscard]] constexpr bool has(Log log) const { return (bits_ & spec_of(log).bit) != 0; }
  constexpr void set(Log log, bool on) {
    bits_ = static_cast<uint16_t>(on ? bits_ | spec_of(log).bit : bits_ & ~spec_of(log).bit);
  }
  constexpr bool operator==(const LogMask&) const = default;

  /// What Tstat writes without being told: flows and streams, but no messages and no intervals.
  static constexpr LogMask usual() { return LogMask{0x000f}; }

 private:
  uint16_t bits_ = 0;
};

}  // namespace tapstat::flowstats
