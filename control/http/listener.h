/// Sockets that wait for connections: TCP on a literal address, or a local socket in the file
/// system.
///
/// Running out of descriptors pauses the accepting, it does not spin. Control plane's thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "dataplane/file_descriptor.h"
#include "flowstats/base/result.h"

namespace boost::asio {
class io_context;
}

namespace tapstat::control::http {

/// Where an address was set, for messages, and whether it may be reached from other machines
/// without TLS: only where there is nothing to change and nothing to hide.
struct ListenRule {
  std::string_view setting = "[control] listen";
  bool plain_anywhere = false;
};

struct ListenAddress {
  std::string host;     // as written, brackets included: what URLs show
  std::string literal;  // "127.0.0.1", "::1"
  uint16_t port = 0;
  bool loopback = false, v6 = false;
  std::string_view setting = ListenRule{}.setting;
};

/// "HOST:PORT" with an IPv4 address, an IPv6 address in brackets, or "localhost" (127.0.0.1). Names
/// are not resolved. Errors: ExitStatus::usage.
[[nodiscard]] flowstats::Result<ListenAddress> parse_listen(std::string_view text,
                                                            const ListenRule& rule = {});

/// As parse_listen(); refuses what is not loopback without `tls`, unless `rule` admits it. Errors:
/// ExitStatus::usage.
[[nodiscard]] flowstats::Result<ListenAddress> admissible_listen(std::string_view text, bool tls,
                                                                 const ListenRule& rule = {});

/// A socket on `address`; its port becomes the one really bound. "[::]" takes IPv4 as well. Errors:
/// ExitStatus::environment, with the owner's name when the port is taken.
[[nodiscard]] flowstats::Result<dataplane::FileDescriptor> listen_tcp(ListenAddress& address);

/// A socket in the file system, mode 0600; one that nobody listens on any more is replaced. Errors:
/// ExitStatus::environment.
[[nodiscard]] flowstats::Result<dataplane::FileDescriptor> listen_local(
    const std::filesystem::path& path);

/// A new connection and where it comes from.
struct Arrival {
  dataplane::FileDescriptor socket;
  int family = 0;
  std::string address;  // without port; "local"
};

class Listener {
 public:
  /// `socket` listens. Peers of a local socket that are neither our user nor root are turned away.
  Listener(boost::asio::io_context& io, dataplane::FileDescriptor socket);
  ~Listener();

  void start(std::function<void(Arrival)> arrived);
  void stop();

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace tapstat::control::http
