#include "control/mplane/mirror_file.h"

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "control/atomic_file.h"
#include "control/runtime_keys.h"
#include "control/text.h"

namespace tapstat::control::mplane {
namespace {

using flowstats::Group;

struct MirroredKey {
  std::string_view section, name;
  bool on = false;
};

std::array<MirroredKey, 5> keys_of(const RuntimeState& state) {
  return {{{"log", "log_tcp_complete", (state.logs & tstat_log::kTcpComplete) != 0},
           {"options", "tcplog_end_to_end", state.groups.has(Group::end_to_end)},
           {"options", "tcplog_options", state.groups.has(Group::options)},
           {"options", "tcplog_p2p", state.groups.has(Group::p2p)},
           {"options", "tcplog_layer7", state.groups.has(Group::layer7)}}};
}

/// Where things stand in one line, as offsets into it.
struct LineParts {
  std::string_view section;  // of "[name]"; else empty
  std::string_view key;      // of an assignment; else empty
  size_t value_begin = 0, value_end = 0;
  bool bare = false;  // a key alone, which means 1
};

constexpr std::string_view kBlanks = " \t\r\n";

LineParts parts_of(std::string_view line) {
  LineParts parts;
  const std::string_view code = line.substr(0, line.find('#'));
  const std::string_view text = trim(code);
  if (text.empty()) return parts;
  if (text[0] == '[') {
    parts.section = trim(text.substr(1, text.find(']') - 1));
    return parts;
  }
  const size_t begin = code.find_first_not_of(kBlanks);
  const size_t key_end = std::min(code.find_first_of(" \t\r\n=", begin), code.size());
  parts.key = code.substr(begin, key_end - begin);
  size_t at = std::min(code.find_first_not_of(kBlanks, key_end), code.size());
  const bool equals = at < code.size() && code[at] == '=';
  if (equals) at = std::min(code.find_first_not_of(kBlanks, at + 1), code.size());
  parts.bare = !equals && at == code.size();
  if (at == code.size())  // no value: it goes directly behind what is there
    at = static_cast<size_t>(text.data() + text.size() - line.data());
  parts.value_begin = at;
  parts.value_end = std::max(at, std::min(code.find_first_of(kBlanks, at), code.size()));
  return parts;
}

/// The line with the value set; as it is when it says so already, in whatever form.
std::string with_value(std::string_view line, const LineParts& parts, const MirroredKey& key) {
  const std::string text = std::string(line);
  if (parts.bare)
    return key.on ? text
                  : text.substr(0, parts.value_begin) + " = 0" + text.substr(parts.value_begin);
  const std::string probe = "[" + std::string(key.section) + "]\n" + text;
  RuntimeState opposite;
  opposite.logs = key.on ? 0 : opposite.logs;
  opposite.groups = key.on ? flowstats::GroupMask{} : flowstats::GroupMask::all();
  const RuntimeConf said = parse_runtime_conf(probe, "", opposite);
  if (said.errors.empty())
    for (const MirroredKey& other : keys_of(said.state))
      if (other.name == key.name && other.on == key.on) return text;
  return text.substr(0, parts.value_begin) + (key.on ? "1" : "0") + text.substr(parts.value_end);
}

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size() - 1);
    lines.emplace_back(text.substr(0, end + 1));
    text.remove_prefix(end + 1);
  }
  return lines;
}

flowstats::Result<std::string> read_or_empty(const std::filesystem::path& path) {
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored)) return std::string{};
  auto text = read_config_file(path);
  if (!text) text.error().status = flowstats::ExitStatus::environment;
  return text;
}

mode_t mode_of(const std::filesystem::path& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 ? status.st_mode & 07777 : 0644;
}

}  // namespace

std::string mirrored(std::string_view text, const RuntimeState& state) {
  std::vector<std::string> lines = lines_of(text);
  const std::string line_end = !lines.empty() && lines[0].ends_with("\r\n") ? "\r\n" : "\n";
  for (const MirroredKey& key : keys_of(state)) {
    const std::string assignment = std::string(key.name) + " = " + (key.on ? "1" : "0") + line_end;
    std::string section;
    bool found = false;
    size_t section_end = 0;  // behind the last line of the section that says something
    for (size_t i = 0; i < lines.size(); ++i) {
      const LineParts parts = parts_of(lines[i]);
      if (!parts.section.empty()) section = lower_case(parts.section);
      if (section != key.section) continue;
      if (!parts.section.empty() || !parts.key.empty()) section_end = i + 1;
      if (parts.key != key.name) continue;
      lines[i] = with_value(lines[i], parts, key);
      found = true;
    }
    if (found) continue;
    const bool at_end = section_end == 0 || section_end == lines.size();
    if (at_end && !lines.empty() && !lines.back().ends_with('\n')) lines.back() += line_end;
    if (section_end == 0) {
      lines.push_back("[" + std::string(key.section) + "]" + line_end);
      section_end = lines.size();
    }
    lines.insert(lines.begin() + static_cast<std::ptrdiff_t>(section_end), assignment);
  }
  std::string out;
  for (const std::string& line : lines) out += line;
  return out;
}

flowstats::Result<MirrorFile> MirrorFile::open(std::filesystem::path path) {
  std::error_code error;
  // A link stays a link: the file that it names is replaced.
  if (auto real = std::filesystem::weakly_canonical(path, error); !error) path = std::move(real);
  MirrorFile mirror(std::move(path));
  if (!std::filesystem::exists(mirror.path_, error)) {
    if (auto made = replace_file(mirror.path_, "", 0644); !made)
      return tl::make_unexpected(made.error());
  }
  auto text = read_or_empty(mirror.path_);
  if (!text) return tl::make_unexpected(text.error());
  mirror.known_ = std::move(*text);
  return mirror;
}

flowstats::Result<void> MirrorFile::write(const RuntimeState& state) {
  auto text = read_or_empty(path_);
  if (!text) return tl::make_unexpected(text.error());
  if (*text != known_) return {};  // somebody's edit is looked at first
  std::string wanted = mirrored(*text, state);
  if (wanted == *text) return {};
  if (auto done = replace_file(path_, wanted, mode_of(path_)); !done) return done;
  known_ = std::move(wanted);
  return {};
}

bool MirrorFile::changed_by_others() {
  auto text = read_or_empty(path_);
  if (!text || *text == known_) return false;
  known_ = std::move(*text);
  return true;
}

}  // namespace tapstat::control::mplane
