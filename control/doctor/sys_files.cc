#include "control/doctor/sys_files.h"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <system_error>

#include "control/text.h"

namespace tapstat::control::doctor {

namespace fs = std::filesystem;

fs::path SysFiles::at(std::string_view path) const {
  return root_ / path.substr(path.find_first_not_of('/'));
}

bool SysFiles::exists(std::string_view path) const {
  std::error_code error;
  return fs::exists(at(path), error);
}

std::string SysFiles::text(std::string_view path) const {
  std::error_code error;
  const fs::path file = at(path);
  if (!fs::is_regular_file(file, error)) return "";
  std::ifstream in(file, std::ios::binary);
  std::string content;
  char buffer[4096];
  while (content.size() < kFileBytesMax && (in.read(buffer, sizeof buffer) || in.gcount() > 0))
    content.append(buffer, static_cast<size_t>(in.gcount()));
  std::string_view kept = content;
  while (!kept.empty() && (kept.back() == '\n' || kept.back() == '\0')) kept.remove_suffix(1);
  return std::string(trim(kept));
}

std::vector<std::string> SysFiles::lines(std::string_view path) const {
  const std::string content = text(path);
  std::vector<std::string> out;
  if (content.empty()) return out;
  for (const std::string_view line : split(content, '\n')) out.emplace_back(line);
  return out;
}

std::optional<uint64_t> SysFiles::number_in(std::string_view path) const {
  return number<uint64_t>(text(path));
}

std::vector<std::string> SysFiles::names(std::string_view path) const {
  std::vector<std::string> out;
  std::error_code error;
  for (fs::directory_iterator entry(at(path), error), end; !error && entry != end;
       entry.increment(error))
    out.push_back(entry->path().filename());
  std::ranges::sort(out);
  return out;
}

std::string SysFiles::link_name(std::string_view path) const {
  std::error_code error;
  const fs::path target = fs::read_symlink(at(path), error);
  return error ? "" : target.filename().string();
}

std::string SysFiles::field(std::string_view path, std::string_view key) const {
  for (const std::string& line : lines(path)) {
    const size_t colon = line.find(':');
    if (colon != line.npos && trim(std::string_view(line).substr(0, colon)) == key)
      return std::string(trim(std::string_view(line).substr(colon + 1)));
  }
  return "";
}

std::optional<unsigned> hexadecimal(std::string_view text) {
  if (text.starts_with("0x")) text.remove_prefix(2);
  unsigned value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace tapstat::control::doctor
