/// An HTTP client for our own commands and for mPlane's polling: one connection, one request at a
/// time.
///
/// HttpClient blocks its thread (commands); AsyncHttpClient works on an io_context (the poller).
/// Redirects are never followed. TLS verifies the server's certificate against `ca` and the host
/// name of the URL, and shows ours. Host: header and SNI come from the URL.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "flowstats/base/result.h"

namespace boost::asio {
class io_context;
}

namespace tapstat::control::http {

/// "http://host:port/path", "https://[::1]:8888/", or "unix:/run/x.sock:/path".
struct Url {
  std::string scheme, host;
  uint16_t port = 0;
  std::string path = "/";
  std::string socket;  // scheme "unix"

  [[nodiscard]] std::string origin() const;  // "https://host:port"
};
[[nodiscard]] std::optional<Url> parse_url(std::string_view text);

struct ClientTls {
  std::filesystem::path ca;
  std::optional<std::filesystem::path> certificate, key;
};

struct ClientRequest {
  std::string method = "GET";
  Url url;
  std::string content_type, body;
  std::vector<std::pair<std::string, std::string>> headers;
  std::chrono::milliseconds timeout{30'000};
};

struct ClientResponse {
  unsigned status = 0;
  std::string content_type, body;
  std::vector<std::pair<std::string, std::string>> headers;
  /// Of the server's certificate: common name and mPlane identity (exchange.h); empty without TLS.
  std::string server_common_name, server_identity;
  /// Serial number, from 1, of the connection that brought it among those of this client; another
  /// one than before means that it was connected anew. 0: not told.
  uint64_t connection = 0;

  [[nodiscard]] std::string header(std::string_view name) const;  // empty when absent
};

class HttpClient {
 public:
  explicit HttpClient(std::optional<ClientTls> tls = {});
  ~HttpClient();
  /// Errors: ExitStatus::environment with a sentence that names the URL and the reason.
  [[nodiscard]] flowstats::Result<ClientResponse> send(const ClientRequest& request);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

class AsyncHttpClient {
 public:
  AsyncHttpClient(boost::asio::io_context& io, std::optional<ClientTls> tls);
  ~AsyncHttpClient();
  /// `done` is called once, on the io_context; after the object is gone it is not called.
  void send(ClientRequest request, std::function<void(flowstats::Result<ClientResponse>)> done);

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace tapstat::control::http
