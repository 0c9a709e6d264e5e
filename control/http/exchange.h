/// One HTTP request and its answer as plain values: what handlers see, without Beast or sockets.
///
/// All of it belongs to the control plane's thread.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tapstat::control::http {

/// How the peer reached us.
enum class Via : uint8_t {
  plain,  // TCP without TLS: loopback only
  tls,    // mutual TLS: the names below come from a verified certificate
  local,  // the socket in the file system, opened by our own user or root
};

/// Name of every peer without TLS (mPlane section 9).
inline constexpr std::string_view kUnauthenticated = "Identity.Unauthenticated.Default";

struct Peer {
  Via via = Via::plain;
  std::string address;      // "127.0.0.1" without port; "local" for the local socket
  std::string common_name;  // last commonName of the certificate's subject; empty without TLS
  /// Values of the subject's RDNs, first attribute of each, in certificate order, joined with ".".
  std::string identity{kUnauthenticated};
};

struct Request {
  std::string method;        // as sent: "GET"
  std::string path;          // without query, not decoded
  std::string query;         // behind '?', not decoded
  std::string host;          // the Host header
  std::string content_type;  // as sent; empty when absent
  std::string bearer;        // token of "Authorization: Bearer TOKEN"; empty when absent
  std::string body;
  Peer peer;
};

struct Response {
  unsigned status = 200;
  std::string content_type;
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;  // further ones: Allow, Location
  bool close = false;                                        // after this answer
  /// Called once: true when every byte of the answer went to the connection, false when it broke.
  std::function<void(bool)> written;
};

/// Gives the answer: once, at once or later, on the control plane's thread. An answer that comes
/// after the connection broke is dropped and `written(false)` is called.
using Answer = std::function<void(Response)>;

/// The type without parameters, in lower case: "application/json; charset=utf-8" ->
/// "application/json".
[[nodiscard]] std::string media_type(std::string_view content_type);

}  // namespace tapstat::control::http
