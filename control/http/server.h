/// The one listener of the control plane: HTTP/1.1 with keep-alive, plain on loopback or mutual
/// TLS, and the same handlers on a local socket.
///
/// Runs on the io_context that it is given, one thread. Every limit below ends a connection, never
/// the server; what was refused is counted. Certificates are read again on reload_certificates():
/// new connections use the new ones, open ones go on (RFC 9112, RFC 8446; reliability: a peer
/// without a valid certificate is gone before a byte of its request is read).
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "control/http/listener.h"
#include "control/http/router.h"
#include "flowstats/base/result.h"

namespace boost::asio {
class io_context;
}

namespace tapstat::control::http {

struct TlsFiles {
  std::filesystem::path certificate;  // PEM, with intermediate certificates behind it
  std::filesystem::path key;
  std::filesystem::path client_ca;               // who may sign clients' certificates
  std::optional<std::filesystem::path> revoked;  // certificate revocation lists, PEM
};

struct ServerLimits {
  unsigned connections = 128, connections_per_address = 8;
  size_t head_bytes = 16 << 10;
  unsigned header_lines = 100;
  std::chrono::milliseconds handshake{10'000}, head{10'000}, body{30'000}, idle{60'000};
};

struct ServerOptions {
  std::string listen = "127.0.0.1:8888";              // "[::1]:8888"; port 0: any free one
  std::optional<TlsFiles> tls;                        // absent: plain, loopback only
  std::optional<std::filesystem::path> local_socket;  // made with mode 0600, removed at the end
  ServerLimits limits;
  ListenRule listen_rule;
};

/// Written by the control plane's thread, read by any.
struct ServerCounters {
  std::atomic<uint64_t> connections{0};          // accepted
  std::atomic<uint64_t> requests{0};             // answered, whatever the status
  std::atomic<uint64_t> refused_connections{0};  // over a limit of connections
  std::atomic<uint64_t> failed_handshakes{0};    // no, wrong, revoked or expired certificate
  std::atomic<uint64_t> timed_out{0};            // slow handshake, head or body
  std::atomic<uint64_t> bad_requests{0};         // 400, 408, 411, 413, 414, 431
};

class Server {
 public:
  /// Binds and reads the certificates, so that a mistake is known before the first packet. `router`
  /// outlives the server; routes are added before serve(). Errors: ExitStatus::environment (port
  /// taken, with the owner's name; socket), ExitStatus::usage (address, certificate files, an
  /// address other than loopback without TLS).
  [[nodiscard]] static flowstats::Result<std::unique_ptr<Server>> create(
      boost::asio::io_context& io, const ServerOptions& options, const Router& router);
  ~Server();

  /// Starts to accept.
  void serve();
  /// Closes the listeners and every connection.
  void stop();
  /// The old ones stay in force when a new file is not acceptable.
  [[nodiscard]] flowstats::Result<void> reload_certificates();

  /// "https://127.0.0.1:8888", with the port that was really bound.
  [[nodiscard]] std::string base_url() const;
  [[nodiscard]] unsigned port() const;
  [[nodiscard]] const ServerCounters& counters() const;

 private:
  class Impl;
  explicit Server(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace tapstat::control::http
