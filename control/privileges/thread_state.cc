#include "control/privileges/thread_state.h"

#include <fcntl.h>

#include <algorithm>
#include <charconv>
#include <csignal>
#include <filesystem>
#include <system_error>
#include <utility>

#include "control/privileges/sanitizer_build.h"
#include "control/text.h"
#include "dataplane/file_descriptor.h"

namespace tapstat::control {
namespace {

namespace fs = std::filesystem;
using flowstats::ExitStatus;
using flowstats::fail;
using flowstats::Result;

constexpr const char* kTasks = "/proc/self/task";
constexpr int kReadingsMax = 1000;  // of the list, until it holds still

/// What follows "NAME:" at the beginning of a line, without blanks around it.
std::optional<std::string_view> field(std::string_view text, std::string_view name) {
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (!line.starts_with(name) || line.substr(name.size(), 1) != ":") continue;
    line.remove_prefix(name.size() + 1);
    const size_t first = line.find_first_not_of(" \t");
    return first == std::string_view::npos ? std::string_view{} : line.substr(first);
  }
  return std::nullopt;
}

template <class Number>
bool read_number(std::string_view& text, int base, Number& value) {
  const size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return false;
  const char* const end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data() + first, end, value, base);
  text = {at, static_cast<size_t>(end - at)};
  return error == std::errc{};
}

template <class Id>
bool read_ids(std::string_view text, std::string_view name, std::array<Id, 4>& ids) {
  auto words = field(text, name);
  if (!words) return false;
  for (Id& id : ids)
    if (!read_number(*words, 10, id)) return false;
  return true;
}

bool read_set(std::string_view text, std::string_view name, uint64_t& set) {
  auto word = field(text, name);
  return word && read_number(*word, 16, set);
}

/// `value` of a line that holds one small number.
bool read_flag(std::string_view text, std::string_view name, int wanted, bool& flag) {
  auto word = field(text, name);
  int value = 0;
  if (!word || !read_number(*word, 10, value)) return false;
  flag = value == wanted;
  return true;
}

/// Empty when the thread has ended, also when it does so while we read.
std::string whole_file(const fs::path& path) {
  constexpr size_t kBytesMax = 1 << 16;
  const dataplane::FileDescriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  std::string text(kBytesMax, '\0');
  const auto bytes = reinterpret_cast<uint8_t*>(text.data());
  text.resize(dataplane::read_at(file.get(), {bytes, text.size()}, 0).value_or(0));
  return text;
}

auto refuse(const std::string& why) {
  return fail(ExitStatus::environment, std::string(kTasks) + " " + why);
}

/// It blocks what can be blocked; glibc never blocks its own two signals, newer sanitizers not
/// SIGSYS.
bool is_of_sanitizer(const ThreadState& state) {
  constexpr int kOpen[] = {SIGKILL, SIGSTOP, SIGSYS, 32, 33};
  uint64_t blocked = state.blocked;
  for (const int signal : kOpen) blocked |= uint64_t{1} << (signal - 1);
  return ~blocked == 0;
}

/// One reading of the list; empty when it is not what there was at its beginning. The kernel leaves
/// out threads when the one it has just listed ends.
Result<std::optional<std::vector<ThreadState>>> list_threads() {
  std::vector<ThreadState> states;
  const std::string process = whole_file("/proc/self/status");
  auto count = field(process, "Threads");
  size_t expected = 0;
  if (!count || !read_number(*count, 10, expected)) return refuse("is not there. Mount /proc.");
  std::error_code error;
  for (fs::directory_iterator at(kTasks, error), end; !error && at != end; at.increment(error)) {
    const auto id = number<pid_t>(at->path().filename().string());
    const std::string text = whole_file(at->path() / "status");
    if (!id || text.empty()) return std::nullopt;
    auto state = parse_thread_state(text);
    if (!state) return refuse("does not tell the rights of threads: the kernel is too old.");
    state->id = *id;
    states.push_back(std::move(*state));
  }
  if (error) return refuse("cannot be read: " + error.message() + ".");
  if (states.size() != expected) return std::nullopt;
  return states;
}

}  // namespace

std::optional<ThreadState> parse_thread_state(std::string_view text) {
  constexpr int kFilterMode = 2;  // SECCOMP_MODE_FILTER
  ThreadState state;
  const bool whole =
      read_ids(text, "Uid", state.uids) && read_ids(text, "Gid", state.gids) &&
      read_set(text, "CapInh", state.inheritable) && read_set(text, "CapPrm", state.permitted) &&
      read_set(text, "CapEff", state.effective) && read_set(text, "CapBnd", state.bounding) &&
      read_set(text, "CapAmb", state.ambient) && read_set(text, "SigBlk", state.blocked) &&
      read_flag(text, "NoNewPrivs", 1, state.no_new_privileges) &&
      read_flag(text, "Seccomp", kFilterMode, state.filtered);
  if (!whole) return std::nullopt;
  state.name = field(text, "Name").value_or("");
  return state;
}

Result<std::vector<ThreadState>> thread_states() {
  for (int reading = 0; reading < kReadingsMax; ++reading) {
    auto listed = list_threads();
    if (!listed) return tl::make_unexpected(listed.error());
    if (!*listed) continue;
    if (kThreadBlocksSignals) std::erase_if(**listed, is_of_sanitizer);
    return std::move(**listed);
  }
  return refuse("changes whenever it is read: threads begin and end all the time.");
}

}  // namespace tapstat::control
