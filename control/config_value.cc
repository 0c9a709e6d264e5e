#include "control/config_value.h"

#include <array>
#include <limits>
#include <string>

#include "control/text.h"

namespace tapstat::control {
namespace {

struct UnitFactor {
  std::string_view suffix;
  uint64_t factor;
};

/// Digits and then one of `units`; empty on anything else and on overflow of 63 bits.
template <size_t kUnits>
std::optional<uint64_t> with_unit(std::string_view text,
                                  const std::array<UnitFactor, kUnits>& units) {
  const size_t digits = text.find_first_not_of("0123456789");
  if (digits == 0 || digits == std::string_view::npos) return std::nullopt;
  const auto count = number<uint64_t>(text.substr(0, digits));
  if (!count) return std::nullopt;
  for (const UnitFactor& unit : units) {
    if (text.substr(digits) != unit.suffix) continue;
    constexpr auto kMax = static_cast<uint64_t>(std::numeric_limits<int64_t>::max());
    if (*count > kMax / unit.factor) return std::nullopt;
    return *count * unit.factor;
  }
  return std::nullopt;
}

constexpr std::array<UnitFactor, 5> kDurationUnits = {{{"ms", 1'000},
                                                       {"s", 1'000'000},
                                                       {"m", 60'000'000},
                                                       {"h", 3'600'000'000},
                                                       {"d", 86'400'000'000}}};

constexpr std::array<UnitFactor, 5> kSizeUnits = {
    {{"B", 1}, {"KiB", 1ULL << 10}, {"MiB", 1ULL << 20}, {"GiB", 1ULL << 30}, {"TiB", 1ULL << 40}}};

constexpr unsigned kCoresMax = 4096;

}  // namespace

std::optional<flowstats::Duration> parse_duration(std::string_view text) {
  const auto us = with_unit(text, kDurationUnits);
  if (!us) return std::nullopt;
  return flowstats::Duration{static_cast<int64_t>(*us)};
}

std::string duration_text(flowstats::Duration duration) {
  const auto us = static_cast<uint64_t>(duration.us);
  if (us == 0) return "0s";
  UnitFactor best = kDurationUnits[0];
  for (const UnitFactor& unit : kDurationUnits)
    if (us % unit.factor == 0) best = unit;
  return std::to_string(us / best.factor) + std::string(best.suffix);
}

std::optional<uint64_t> parse_size(std::string_view text) { return with_unit(text, kSizeUnits); }

bool is_core_list(std::string_view text) {
  for (const std::string_view part : split(text, ',')) {
    const size_t dash = part.find('-');
    const auto first = number<unsigned>(part.substr(0, dash));
    const auto last = dash == part.npos ? first : number<unsigned>(part.substr(dash + 1));
    if (!first || !last || *last < *first || *last >= kCoresMax) return false;
  }
  return true;
}

bool is_host_and_port(std::string_view text) {
  const size_t colon = text.rfind(':');
  if (colon == 0 || colon == text.npos) return false;
  const std::string_view host = text.substr(0, colon);
  const auto port = number<unsigned>(text.substr(colon + 1));
  const bool bracketed = host.starts_with('[') && host.ends_with(']') && host.size() > 2;
  if (host.find(':') != host.npos && !bracketed) return false;
  return port && *port <= 65'535 && host.find_first_of(" \t/") == host.npos;
}

std::string toml_quoted(std::string_view text) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20 || byte == 0x7f) {
      out += "\\x";
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
    } else {
      out += c;
    }
  }
  return out + "\"";
}

}  // namespace tapstat::control
