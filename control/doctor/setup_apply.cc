#include "control/doctor/setup_apply.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>

#include <fmt/format.h>

#include "control/text.h"
#include "dataplane/file_descriptor.h"

namespace tapstat::control::doctor {
namespace {

namespace fs = std::filesystem;
using dataplane::FileDescriptor;
using flowstats::ExitStatus;
using flowstats::fail;
using flowstats::Result;

constexpr char kSeparator = '\t';

auto refused(const std::string& what, int error) {
  const bool is_permission = error == EACCES || error == EPERM;
  return fail(ExitStatus::environment,
              what + ": " + std::strerror(error) +
                  (is_permission ? ". Run it as root: sudo tapstat host-setup ..." : "."));
}

bool write_whole(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t n = ::write(fd, text.data(), text.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    text.remove_prefix(static_cast<size_t>(n));
  }
  return true;
}

/// The kernel takes a value as one write; a line end clears what has no other empty value.
Result<void> write_value(const SysFiles& files, const KernelWrite& write) {
  const fs::path path = files.at(write.path);
  const FileDescriptor file(::open(path.c_str(), O_WRONLY | O_TRUNC | O_CLOEXEC));
  if (!file.is_open()) return refused("cannot write " + write.path, errno);
  if (!write_whole(file.get(), write.value + "\n"))
    return refused("the kernel refused \"" + write.value + "\" in " + write.path, errno);
  return {};
}

Result<void> remember(const SysFiles& files, const KernelWrite& undo) {
  const fs::path path = files.at(kUndoFile);
  const FileDescriptor file(
      ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file.is_open() || !write_whole(file.get(), undo.path + kSeparator + undo.value + "\n") ||
      ::fsync(file.get()) != 0)
    return refused("cannot note in " + std::string(kUndoFile) + " how to undo it", errno);
  return {};
}

Result<void> run_program(const std::string& program, const SysFiles& files) {
  if (!files.is_this_machine()) return {};
  std::vector<std::string> words;
  for (const std::string_view word : split(program, ' ')) words.emplace_back(word);
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  pid_t child = 0;
  int status = 0;
  const int error =
      ::posix_spawnp(&child, arguments.front(), nullptr, nullptr, arguments.data(), environ);
  if (error != 0) return refused("cannot run \"" + program + "\"", error);
  while (::waitpid(child, &status, 0) < 0)
    if (errno != EINTR) return refused("\"" + program + "\" is lost", errno);
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return {};
  return fail(ExitStatus::environment, "\"" + program + "\" failed.");
}

/// Did the kernel do what it was told? It gives fewer pages without a word.
Result<void> check_outcome(const SetupStep& step, const SysFiles& files) {
  if (!files.is_this_machine()) return {};
  const uint64_t got = files.number_in(step.change.path).value_or(0);
  if (step.at_least > got)
    return fail(ExitStatus::environment,
                fmt::format("the kernel gave {} hugepages instead of {}: memory is too full or too "
                            "scattered. Stop other programs, or reserve them at boot: hugepages={} "
                            "on the kernel's command line.",
                            got, step.at_least, step.at_least));
  if (!step.driver_link.empty() && files.link_name(step.driver_link) != "vfio-pci")
    return fail(ExitStatus::environment, "vfio-pci did not take " + step.change.value +
                                             " (dmesg says why). To go back: sudo tapstat "
                                             "host-setup --undo --apply");
  return {};
}

Result<void> apply_step(const SetupStep& step, const SysFiles& files) {
  if (!step.program.empty()) return run_program(step.program, files);
  // Asked before it is noted: what cannot be written needs no undo.
  if (::access(files.at(step.change.path).c_str(), W_OK) != 0)
    return refused("cannot write " + step.change.path, errno);
  if (auto noted = remember(files, step.undo); !noted) return noted;
  if (auto written = write_value(files, step.change); !written) return written;
  return check_outcome(step, files);
}

}  // namespace

Result<void> apply_setup(const SetupPlan& plan, const SysFiles& files) {
  for (const SetupStep& step : plan.steps)
    if (auto done = apply_step(step, files); !done) return done;
  return {};
}

std::vector<KernelWrite> undo_writes(const SysFiles& files) {
  std::vector<KernelWrite> writes;
  for (const std::string& line : files.lines(kUndoFile)) {
    const std::string path = line.substr(0, line.find(kSeparator));
    const bool has_value = path.size() < line.size();
    // Only ever files of the kernel: the note is not trusted with more.
    if (path.starts_with("/sys/") && path.find("..") == path.npos)
      writes.push_back({path, has_value ? line.substr(path.size() + 1) : ""});
  }
  std::ranges::reverse(writes);
  return writes;
}

Result<void> undo_setup(const SysFiles& files) {
  Result<void> outcome;
  for (const KernelWrite& write : undo_writes(files)) {
    std::error_code gone;
    if (!fs::exists(files.at(write.path), gone)) continue;  // a device that no driver holds
    const auto done = write_value(files, write);
    if (!done && outcome) outcome = done;
  }
  if (!outcome) return outcome;
  std::error_code error;
  fs::remove(files.at(kUndoFile), error);
  return outcome;
}

}  // namespace tapstat::control::doctor
