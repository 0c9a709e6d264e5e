/// Tells the service manager how far we are: the datagrams of sd_notify(3), without its library.
///
/// Connected once, before privileges are dropped; each message is one send() that waits for at most
/// a second. Without NOTIFY_SOCKET every call does nothing and succeeds. One thread.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "dataplane/file_descriptor.h"
#include "flowstats/base/result.h"

namespace tapstat::control {

inline constexpr size_t kServiceStatusBytesMax = 512;  // the rest of a status is cut off

/// What the manager put into the environment; for tests. from_environment() has the real values.
struct ServiceEnvironment {
  std::optional<std::string> notify_socket;  // NOTIFY_SOCKET: a path, or "@" and an abstract name
  std::optional<std::string> watchdog_usec, watchdog_pid;  // WATCHDOG_USEC, WATCHDOG_PID

  [[nodiscard]] static ServiceEnvironment from_environment();
};

class ServiceManager {
 public:
  /// Errors: ExitStatus::environment, the name is none of a socket or nobody is there.
  [[nodiscard]] static flowstats::Result<ServiceManager> connect(
      const ServiceEnvironment& environment = ServiceEnvironment::from_environment());

  [[nodiscard]] bool is_present() const { return socket_.is_open(); }

  /// After how long without alive() the manager ends us; empty: never. Send twice as often.
  [[nodiscard]] std::optional<std::chrono::microseconds> watchdog() const { return watchdog_; }

  /// Packets are read. Also after reloading(), when that is over.
  [[nodiscard]] flowstats::Result<void> ready(std::string_view status) const;
  [[nodiscard]] flowstats::Result<void> reloading() const;
  [[nodiscard]] flowstats::Result<void> stopping(std::string_view status) const;
  [[nodiscard]] flowstats::Result<void> alive() const;
  /// One line for `systemctl status`; control bytes become blanks.
  [[nodiscard]] flowstats::Result<void> status(std::string_view text) const;

 private:
  [[nodiscard]] flowstats::Result<void> send(const std::string& message) const;

  dataplane::FileDescriptor socket_;
  std::optional<std::chrono::microseconds> watchdog_;
};

}  // namespace tapstat::control
