#include "control/http/port_owner.h"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <sstream>
#include <string_view>
#include <system_error>
#include <vector>

#include "control/text.h"

namespace tapstat::control::http {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kListening = "0A";

/// "socket:[INODE]" of each socket in `table` that listens on `port`.
void collect_links(const fs::path& table, unsigned port, std::vector<std::string>& links) {
  std::ifstream file(table);
  std::string line;
  std::getline(file, line);
  while (std::getline(file, line)) {
    std::istringstream words(line);
    std::string number, local, remote, state, queues, timer, retransmits, user, timeout, inode;
    words >> number >> local >> remote >> state >> queues >> timer >> retransmits >> user >>
        timeout >> inode;
    const size_t colon = local.rfind(':');
    if (state != kListening || colon == std::string::npos) continue;
    unsigned local_port = 0;
    std::from_chars(local.data() + colon + 1, local.data() + local.size(), local_port, 16);
    if (local_port == port) links.push_back("socket:[" + inode + "]");
  }
}

bool holds_one_of(const fs::path& process, const std::vector<std::string>& links) {
  std::error_code error;
  for (fs::directory_iterator entry(process / "fd", error), end; !error && entry != end;
       entry.increment(error)) {
    std::error_code unreadable;
    const fs::path target = fs::read_symlink(entry->path(), unreadable);
    if (!unreadable && std::find(links.begin(), links.end(), target.string()) != links.end())
      return true;
  }
  return false;
}

std::string name_of(const fs::path& process) {
  std::ifstream file(process / "comm");
  std::string name;
  std::getline(file, name);
  return name;
}

}  // namespace

std::optional<std::string> port_owner(unsigned port, const fs::path& proc) {
  std::vector<std::string> links;
  collect_links(proc / "net/tcp", port, links);
  collect_links(proc / "net/tcp6", port, links);
  if (links.empty()) return std::nullopt;
  std::error_code error;
  for (fs::directory_iterator entry(proc, error), end; !error && entry != end;
       entry.increment(error)) {
    const std::string pid = entry->path().filename();
    if (number<unsigned>(pid) && holds_one_of(entry->path(), links))
      return "\"" + name_of(entry->path()) + "\" (pid " + pid + ")";
  }
  return std::nullopt;
}

}  // namespace tapstat::control::http
