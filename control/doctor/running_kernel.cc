#include "control/doctor/running_kernel.h"

#include <fcntl.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/statvfs.h>
#include <sys/timex.h>
#include <unistd.h>

#include <chrono>
#include <system_error>
#include <vector>

#include "control/output_check.h"
#include "dataplane/file_descriptor.h"

namespace tapstat::control::doctor {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;
using dataplane::FileDescriptor;

/// One of ethtool's questions with one number as the answer.
std::optional<uint32_t> ethtool(int socket, const std::string& interface, uint32_t question) {
  ethtool_value value{};
  value.cmd = question;
  ifreq request{};
  if (interface.size() >= sizeof request.ifr_name) return std::nullopt;
  interface.copy(request.ifr_name, interface.size());
  request.ifr_data = reinterpret_cast<char*>(&value);
  if (::ioctl(socket, SIOCETHTOOL, &request) != 0) return std::nullopt;
  return value.data;
}

std::optional<Offloads> offloads_of(const std::string& interface) {
  const FileDescriptor any(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!any.is_open()) return std::nullopt;
  const auto gro = ethtool(any.get(), interface, ETHTOOL_GGRO);
  const auto flags = ethtool(any.get(), interface, ETHTOOL_GFLAGS);
  if (!gro && !flags) return std::nullopt;
  return Offloads{gro.value_or(0) != 0, (flags.value_or(0) & ETH_FLAG_LRO) != 0};
}

std::optional<bool> clock_is_synchronised() {
  timex state{};  // modes 0: asks only
  const int answer = ::adjtimex(&state);
  if (answer < 0) return std::nullopt;
  return answer != TIME_ERROR && (state.status & STA_UNSYNC) == 0;
}

bool may_open_both_ways(const fs::path& path) {
  return ::faccessat(AT_FDCWD, path.c_str(), R_OK | W_OK, AT_EACCESS) == 0;
}

/// `directory`, or the nearest one above it that exists.
fs::path existing(fs::path directory) {
  std::error_code error;
  while (!directory.empty() && !fs::is_directory(directory, error)) {
    if (directory == directory.parent_path()) break;
    directory = directory.parent_path();
  }
  return directory.empty() ? "." : directory;
}

/// A file that vanishes when it is closed.
FileDescriptor nameless_file(const fs::path& directory) {
  FileDescriptor file(::open(directory.c_str(), O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600));
  if (file.is_open()) return file;
  std::string name = (directory / ".tapstat_doctor_XXXXXX").string();
  FileDescriptor named(::mkostemp(name.data(), O_CLOEXEC));
  if (named.is_open()) ::unlink(name.c_str());
  return named;
}

}  // namespace

KernelAnswers running_kernel() { return {offloads_of, clock_is_synchronised, may_open_both_ways}; }

DiskFacts read_disk(const fs::path& directory) {
  DiskFacts facts;
  facts.directory = directory;
  if (const auto writable = check_output(directory); !writable)
    facts.refusal = writable.error().sentence;
  struct statvfs status {};
  if (::statvfs(existing(directory).c_str(), &status) == 0) {
    facts.bytes = uint64_t{status.f_blocks} * status.f_frsize;
    facts.free_bytes = uint64_t{status.f_bavail} * status.f_frsize;
  }
  return facts;
}

std::optional<double> measure_disk(const fs::path& directory) {
  const fs::path where = existing(directory);
  if (read_disk(where).free_bytes < 2 * kDiskTestBytes) return std::nullopt;
  const FileDescriptor file = nameless_file(where);
  if (!file.is_open()) return std::nullopt;
  std::vector<char> block(1 << 20);
  for (size_t i = 0; i < block.size(); ++i) block[i] = static_cast<char>(i * 2654435761U >> 13);
  const auto start = Clock::now();
  const auto enough = start + std::chrono::milliseconds{700};
  size_t written = 0;
  while (written < kDiskTestBytes && Clock::now() < enough) {
    const ssize_t n = ::write(file.get(), block.data(), block.size());
    if (n <= 0) return std::nullopt;
    written += static_cast<size_t>(n);
    // A little at a time, or the last wait would be for all of it.
    if (written % (16 * block.size()) == 0 && ::fdatasync(file.get()) != 0) return std::nullopt;
  }
  if (::fdatasync(file.get()) != 0) return std::nullopt;
  const std::chrono::duration<double> took = Clock::now() - start;
  return static_cast<double>(written) / took.count();
}

}  // namespace tapstat::control::doctor
