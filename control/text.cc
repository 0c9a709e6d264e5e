#include "control/text.h"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>

namespace tapstat::control {

std::string_view trim(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n\v\f";
  const size_t begin = text.find_first_not_of(kBlanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlanks) - begin + 1);
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (true) {
    const size_t at = text.find(separator);
    parts.push_back(text.substr(0, at));
    if (at == std::string_view::npos) return parts;
    text.remove_prefix(at + 1);
  }
}

std::string lower_case(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

std::string one_of_text(const std::vector<std::string>& names) {
  std::string out;
  for (size_t i = 0; i < names.size(); ++i) {
    if (i > 0) out += i + 1 == names.size() ? " or " : ", ";
    out += names[i];
  }
  return out;
}

std::string not_built_sentence(const std::string& file, const std::vector<std::string>& what) {
  std::string list;
  for (const std::string& name : what) list += (list.empty() ? "" : ", ") + name;
  return file + ": accepted, not built yet: " + list + ".";
}

flowstats::Result<std::string> read_config_file(const std::filesystem::path& path) {
  const auto refuse = [&](const std::string& reason) {
    return flowstats::fail(flowstats::ExitStatus::usage,
                           "cannot read \"" + path.string() + "\": " + reason + ".");
  };
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  if (status.type() == std::filesystem::file_type::not_found) return refuse("no such file");
  if (error) return refuse(error.message());
  if (std::filesystem::is_directory(status)) return refuse("it is a directory");
  errno = 0;
  std::ifstream stream(path, std::ios::binary);
  if (!stream) return refuse(std::strerror(errno));
  std::string text;
  char block[4096];
  while (stream.read(block, sizeof block), stream.gcount() > 0) {
    text.append(block, static_cast<size_t>(stream.gcount()));
    if (text.size() > kConfigBytesMax) return refuse("larger than 1 MiB");
  }
  if (stream.bad()) return refuse(std::strerror(errno));
  return text;
}

}  // namespace tapstat::control
