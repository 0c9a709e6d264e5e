/// Cuts the bytes of a connection into requests: heads and bodies within their bounds, and the
/// status for everything that is no request (RFC 9112).
///
/// Control plane's thread; knows no sockets and no clock.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "control/http/exchange.h"

namespace tapstat::control::http {

class Router;

struct HeadLimits {
  size_t head_bytes = 16 << 10;
  unsigned header_lines = 100;
};

/// Request targets longer than this get 414.
inline constexpr size_t kTargetBytesMax = 8 << 10;

class RequestReader {
 public:
  enum class State : uint8_t {
    idle,      // nothing of a next request has come
    head,      // some of its head
    body,      // all of its head, not all of its body
    complete,  // take() gives it
    refused,   // refusal() says why; nothing after it can be read
  };
  struct Refusal {
    unsigned status = 400;
    std::string path = "/";
    std::string sentence;
  };

  /// `router` knows the bounds of bodies and outlives the reader.
  RequestReader(const HeadLimits& limits, const Router& router);
  ~RequestReader();

  void append(std::string_view bytes);
  /// Reads on in what was appended, to the end of one request at most.
  State next();
  /// After `complete`: the request without its peer. The next one begins.
  [[nodiscard]] Request take();

  /// As far as it is known, else "/".
  [[nodiscard]] std::string path() const;
  /// Of the request that `complete` or `body` speaks of.
  [[nodiscard]] bool keep_alive() const;
  [[nodiscard]] bool is_http_1_0() const;
  /// In state `body`: the peer sends the body only after "100 Continue". True once a request.
  [[nodiscard]] bool wants_continue();
  [[nodiscard]] const Refusal& refusal() const;
  [[nodiscard]] size_t buffered_bytes() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace tapstat::control::http
