#include "control/privileges/service_manager.h"

#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "control/text.h"

namespace tapstat::control {
namespace {

using dataplane::FileDescriptor;
using flowstats::ExitStatus;
using flowstats::fail;
using flowstats::Result;

auto refuse(const std::string& name, const std::string& why) {
  return fail(ExitStatus::environment,
              "the service manager's socket \"" + name + "\" (NOTIFY_SOCKET) " + why + ".");
}

Result<FileDescriptor> open_socket(const std::string& name) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (name.size() < 2 || (name[0] != '/' && name[0] != '@'))
    return refuse(name, "is neither a path nor an abstract name");
  if (name.size() >= sizeof address.sun_path) return refuse(name, "has a name that is too long");
  name.copy(address.sun_path, name.size());
  if (name[0] == '@') address.sun_path[0] = '\0';
  const auto bytes = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
  FileDescriptor socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  timeval patience{};
  patience.tv_sec = 1;
  if (!socket.is_open() ||
      setsockopt(socket.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience) != 0 ||
      ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), bytes) != 0)
    return refuse(name, std::string("cannot be used: ") + std::strerror(errno));
  return socket;
}

std::optional<std::chrono::microseconds> watchdog_of(const ServiceEnvironment& environment) {
  if (!environment.watchdog_usec) return std::nullopt;
  if (environment.watchdog_pid && number<pid_t>(*environment.watchdog_pid) != getpid())
    return std::nullopt;
  const auto usec = number<int64_t>(*environment.watchdog_usec);
  if (!usec || *usec <= 0) return std::nullopt;
  return std::chrono::microseconds(*usec);
}

std::string status_line(std::string_view text) {
  std::string line = "STATUS=" + std::string(text.substr(0, kServiceStatusBytesMax));
  for (char& byte : line)
    if (static_cast<unsigned char>(byte) < ' ' || byte == '\x7f') byte = ' ';
  return line;
}

}  // namespace

ServiceEnvironment ServiceEnvironment::from_environment() {
  const auto value = [](const char* name) -> std::optional<std::string> {
    const char* const text = std::getenv(name);
    if (text == nullptr || *text == '\0') return std::nullopt;
    return text;
  };
  return {value("NOTIFY_SOCKET"), value("WATCHDOG_USEC"), value("WATCHDOG_PID")};
}

Result<ServiceManager> ServiceManager::connect(const ServiceEnvironment& environment) {
  ServiceManager manager;
  if (!environment.notify_socket) return manager;
  auto socket = open_socket(*environment.notify_socket);
  if (!socket) return tl::make_unexpected(socket.error());
  manager.socket_ = std::move(*socket);
  manager.watchdog_ = watchdog_of(environment);
  return manager;
}

Result<void> ServiceManager::ready(std::string_view status) const {
  return send("READY=1\n" + status_line(status));
}

Result<void> ServiceManager::reloading() const {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();  // CLOCK_MONOTONIC
  const auto usec = std::chrono::duration_cast<std::chrono::microseconds>(now).count();
  return send("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(usec));
}

Result<void> ServiceManager::stopping(std::string_view status) const {
  return send("STOPPING=1\n" + status_line(status));
}

Result<void> ServiceManager::alive() const { return send("WATCHDOG=1"); }

Result<void> ServiceManager::status(std::string_view text) const { return send(status_line(text)); }

Result<void> ServiceManager::send(const std::string& message) const {
  if (!is_present()) return {};
  ssize_t sent = 0;
  do {
    sent = ::send(socket_.get(), message.data(), message.size(), MSG_NOSIGNAL);
  } while (sent < 0 && errno == EINTR);
  if (sent == static_cast<ssize_t>(message.size())) return {};
  return fail(ExitStatus::environment, std::string("the service manager does not take \"") +
                                           message.substr(0, message.find('\n')) +
                                           "\": " + std::strerror(errno) + ".");
}

}  // namespace tapstat::control
