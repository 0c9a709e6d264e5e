#include "exporters/web100_names.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>

#include <fmt/compile.h>

#include "exporters/value_text.h"

namespace tapstat::exporters {

namespace {

namespace chrono = std::chrono;
using flowstats::Timestamp;
using Microseconds = chrono::microseconds;

constexpr size_t kNodeBytesMax = 64;
constexpr chrono::sys_days kFirstDay{chrono::year{0} / 1 / 1};
constexpr chrono::sys_days kEndDay{chrono::year{10'000} / 1 / 1};

struct Moment {
  int year;
  unsigned month, day, hour, minute, second;
};

Moment moment_of(Timestamp time) {
  constexpr chrono::sys_time<Microseconds> kFirst{kFirstDay};
  constexpr chrono::sys_time<Microseconds> kLast = kEndDay - Microseconds{1};
  const auto at = std::clamp(chrono::sys_time<Microseconds>{Microseconds{time.us}}, kFirst, kLast);
  const auto midnight = chrono::floor<chrono::days>(at);
  const chrono::year_month_day day{midnight};
  const chrono::hh_mm_ss clock{chrono::floor<chrono::seconds>(at) - midnight};
  return {static_cast<int>(day.year()),
          static_cast<unsigned>(day.month()),
          static_cast<unsigned>(day.day()),
          static_cast<unsigned>(clock.hours().count()),
          static_cast<unsigned>(clock.minutes().count()),
          static_cast<unsigned>(clock.seconds().count())};
}

/// A number of exactly as many digits as `text` has characters.
std::optional<unsigned> digits(std::string_view text) {
  unsigned value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

bool is_node_character(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '.' ||
         c == '_' || c == '-';
}

}  // namespace

Timestamp start_of_hour(Timestamp time) {
  const auto hour = chrono::floor<chrono::hours>(Microseconds{time.us});
  return {chrono::duration_cast<Microseconds>(hour).count()};
}

std::filesystem::path hour_directory(Timestamp hour, std::string_view node) {
  const Moment m = moment_of(hour);
  std::filesystem::path path = fmt::format("SideStream/{:04}/{:02}/{:02}", m.year, m.month, m.day);
  if (!node.empty()) path /= node;
  return path;
}

std::string hour_stem(Timestamp hour) {
  const Moment m = moment_of(hour);
  return fmt::format("{:04}{:02}{:02}T{:02}:00:00Z_ALL", m.year, m.month, m.day, m.hour);
}

std::string hour_stem(Timestamp hour, const flowstats::Address& local) {
  std::array<char, kAddressCharsMax> text{};
  const char* end = write_address(text.data(), local);
  std::string stem = hour_stem(hour);
  stem.replace(stem.rfind("ALL"), 3, text.data(), static_cast<size_t>(end - text.data()));
  return stem + '_';
}

std::optional<Timestamp> hour_in_name(std::string_view file_name) {
  constexpr std::string_view kForm = "YYYYMMDDTHH:00:00Z_";
  if (file_name.size() < kForm.size() || file_name[8] != 'T' ||
      file_name.substr(11, 8) != kForm.substr(11))
    return std::nullopt;
  const auto year = digits(file_name.substr(0, 4));
  const auto month = digits(file_name.substr(4, 2));
  const auto day = digits(file_name.substr(6, 2));
  const auto hour = digits(file_name.substr(9, 2));
  if (!year || !month || !day || !hour || *hour > 23) return std::nullopt;
  const chrono::year_month_day date{chrono::year{static_cast<int>(*year)}, chrono::month{*month},
                                    chrono::day{*day}};
  if (!date.ok()) return std::nullopt;
  const auto at = chrono::sys_days{date} + chrono::hours{*hour};
  return Timestamp{chrono::duration_cast<Microseconds>(at.time_since_epoch()).count()};
}

char* write_poll_time(char* out, Timestamp time) {
  const Moment m = moment_of(time);
  return fmt::format_to(out, FMT_COMPILE("{:04}-{:02}-{:02}-{:02}:{:02}:{:02}Z"), m.year, m.month,
                        m.day, m.hour, m.minute, m.second);
}

flowstats::Result<void> check_node(std::string_view node) {
  const bool fits = node.size() <= kNodeBytesMax && node != "." && node != ".." &&
                    std::all_of(node.begin(), node.end(), is_node_character);
  if (fits) return {};
  return flowstats::fail(
      flowstats::ExitStatus::usage,
      fmt::format("\"{}\" cannot name a node: it becomes one part of the path of exit records. Use "
                  "at most {} letters, digits, '.', '_' and '-'.",
                  node, kNodeBytesMax));
}

std::string default_node() {
  std::array<char, 256> name{};
  if (gethostname(name.data(), name.size() - 1) != 0) return {};
  std::string node{name.data()};
  node.resize(std::min(node.size(), node.find('.')));
  return check_node(node) ? node : std::string{};
}

}  // namespace tapstat::exporters
