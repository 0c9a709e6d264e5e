/// Column groups and the set of groups that are written.
///
/// Values are Tstat's log bits, so a mask prints as the number in Tstat's header (#15#, #31#). Core
/// has no bit: it is always written.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace tapstat::flowstats {

enum class Group : uint8_t {
  core = 0,
  end_to_end = 1,
  layer7 = 2,
  p2p = 4,
  options = 8,
  advanced = 16,
  fingerprint = 32,  // beyond Tstat
};

class GroupMask {
 public:
  constexpr GroupMask() = default;
  explicit constexpr GroupMask(uint8_t bits) : bits_(bits) {}

  [[nodiscard]] constexpr uint8_t bits() const { return bits_; }
  [[nodiscard]] constexpr bool has(Group g) const {
    const auto bit = static_cast<uint8_t>(g);
    return (bits_ & bit) == bit;
  }
  constexpr void set(Group g, bool on) {
    const auto bit = static_cast<uint8_t>(g);
    bits_ = static_cast<uint8_t>(on ? bits_ | bit : bits_ & ~bit);
  }
  constexpr bool operator==(const GroupMask&) const = default;

  /// Tstat's four optional groups with columns; `advanced` (16) only changes the number in the
  /// header.
  static constexpr GroupMask all() { return GroupMask{15}; }

 private:
  uint8_t bits_ = 0;
};

struct GroupName {
  Group group;
  std::string_view name;         // on command lines and in the API
  std::string_view tstat_name;   // in Tstat's messages
  std::string_view runtime_key;  // in runtime.conf, section [options]
};

/// Optional groups in bit order.
inline constexpr std::array<GroupName, 6> kGroupNames = {{
    {Group::end_to_end, "end_to_end", "End_to_end", "tcplog_end_to_end"},
    {Group::layer7, "layer7", "Layer7", "tcplog_layer7"},
    {Group::p2p, "p2p", "P2P", "tcplog_p2p"},
    {Group::options, "options", "Options", "tcplog_options"},
    {Group::advanced, "advanced", "Advanced", "tcplog_advanced"},
    {Group::fingerprint, "fingerprint", "Fingerprint", "tcplog_fingerprint"},
}};

[[nodiscard]] constexpr std::string_view group_name(Group group) {
  for (const GroupName& n : kGroupNames)
    if (n.group == group) return n.name;
  return "core";
}

}  // namespace tapstat::flowstats
