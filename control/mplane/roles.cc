#include "control/mplane/roles.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "control/text.h"

namespace tapstat::control::mplane {
namespace {

using RoleTable = std::map<std::string, std::set<std::string>, std::less<>>;

bool is_role(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
  });
}

/// The lines of one file: where an error is, and what a line gives.
class RoleFile {
 public:
  explicit RoleFile(const std::filesystem::path& path) : path_(path) {}

  /// Lines "name SEPARATOR role, role" for `table`; the separator is the last one of the line, for
  /// names may hold one.
  flowstats::Result<void> entry(std::string_view line, char separator, RoleTable& table) {
    const size_t at = line.rfind(separator);
    if (at == line.npos || trim(line.substr(0, at)).empty())
      return wrong("a line is a name, \"" + std::string(1, separator) +
                   "\" and roles with commas between them.");
    const std::string name(trim(line.substr(0, at)));
    std::set<std::string> roles;
    for (const std::string_view part : split(line.substr(at + 1), ',')) {
      const std::string_view role = trim(part);
      if (!is_role(role))
        return wrong("\"" + std::string(role) +
                     "\" is no role. Roles are letters, digits, '.', '_' and '-', with commas "
                     "between them.");
      roles.emplace(role);
    }
    if (!seen_.insert({&table, name}).second)
      return wrong("\"" + name + "\" stands in this file twice; put its roles into one line.");
    table[name].merge(roles);
    return {};
  }

  /// Calls `line_of(text)` for each line that is not empty, without comment and blanks.
  template <class LineOf>
  flowstats::Result<void> read(LineOf line_of) {
    const auto text = read_config_file(path_);
    if (!text) return tl::make_unexpected(text.error());
    for (std::string_view line : split(*text, '\n')) {
      ++number_;
      line = trim(line.substr(0, line.find('#')));
      if (line.empty() || line[0] == ';') continue;
      if (auto done = line_of(line); !done) return done;
    }
    return {};
  }

  [[nodiscard]] flowstats::Result<void> wrong(const std::string& sentence) const {
    return flowstats::fail(flowstats::ExitStatus::usage,
                           path_.string() + ":" + std::to_string(number_) + ": " + sentence);
  }

 private:
  const std::filesystem::path& path_;
  unsigned number_ = 0;
  std::set<std::pair<const RoleTable*, std::string>> seen_;
};

flowstats::Result<void> read_2014(const std::filesystem::path& path, RoleTable& table) {
  RoleFile file(path);
  return file.read([&](std::string_view line) { return file.entry(line, ':', table); });
}

/// Sections other than the two belong to other programs; their lines are not looked at.
flowstats::Result<void> read_ini(const std::filesystem::path& path, RoleTable& identities,
                                 RoleTable& labels) {
  RoleFile file(path);
  RoleTable* table = nullptr;
  return file.read([&](std::string_view line) -> flowstats::Result<void> {
    if (line[0] == '[') {
      if (line.back() != ']') return file.wrong("the section's name does not end with \"]\".");
      const std::string_view name = trim(line.substr(1, line.size() - 2));
      table = name == "Roles" ? &identities : name == "Authorizations" ? &labels : nullptr;
      return {};
    }
    return table == nullptr ? flowstats::Result<void>{} : file.entry(line, '=', *table);
  });
}

}  // namespace

Client client_of(const http::Peer& peer) {
  return {.checked = peer.via == http::Via::tls,
          .common_name = peer.common_name,
          .identity = peer.identity};
}

RoleFiles find_role_files() {
  std::vector<std::filesystem::path> directories{"/etc/mplane"};
  for (const char* variable : {"HOME", "MPLANE_CONF_DIR"})
    if (const char* value = std::getenv(variable); value != nullptr && *value != '\0')
      directories.emplace_back(value);
  const auto find = [&](const char* name) -> std::optional<std::filesystem::path> {
    for (const auto& directory : directories) {
      std::error_code ignored;
      if (std::filesystem::exists(directory / name, ignored)) return directory / name;
    }
    return std::nullopt;
  };
  return {.users = find("users.conf"), .capabilities = find("caps.conf"), .component_ini = {}};
}

flowstats::Result<Roles> Roles::load(const RoleFiles& files) {
  Roles roles;
  flowstats::Result<void> done;
  if (files.users) done = read_2014(*files.users, roles.of_identity_);
  if (done && files.capabilities) done = read_2014(*files.capabilities, roles.of_label_);
  if (done && files.component_ini)
    done = read_ini(*files.component_ini, roles.of_identity_, roles.of_label_);
  if (!done) return tl::make_unexpected(done.error());
  return roles;
}

std::set<std::string> Roles::of(const Client& client, Generation generation) const {
  if (!client.checked) return {};
  const auto found = of_identity_.find(generation == Generation::proxy_2014 ? client.common_name
                                                                            : client.identity);
  return found == of_identity_.end() ? std::set<std::string>{} : found->second;
}

bool Roles::may_use(const Client& client, Generation generation,
                    std::string_view capability_label) const {
  if (!client.checked) return true;
  const auto allowed = of_label_.find(capability_label);
  if (allowed == of_label_.end()) return false;
  const std::set<std::string> own = of(client, generation);
  return std::any_of(own.begin(), own.end(),
                     [&](const std::string& role) { return allowed->second.contains(role); });
}

bool Roles::is_admin(const Client& client, Generation generation) const {
  return !client.checked || of(client, generation).contains("admin");
}

}  // namespace tapstat::control::mplane
