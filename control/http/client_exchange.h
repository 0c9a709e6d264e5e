/// One request to a server and its answer: resolve, connect, greet, send, receive, each without
/// blocking, all within the request's time.
///
/// On the io_context of its owner, who holds it until `done`. Errors: ExitStatus::environment (no
/// answer), ExitStatus::usage (certificate files).
#pragma once

#include <functional>
#include <memory>

#include "control/http/client.h"

namespace tapstat::control::http {

/// Answers larger than this are given up.
inline constexpr size_t kAnswerBytesMax = 16 << 20;

class ClientExchange {
 public:
  using Done = std::function<void(flowstats::Result<ClientResponse>)>;

  virtual ~ClientExchange() = default;
  virtual void start() = 0;
  /// `done` is not called any more.
  virtual void cancel() = 0;
};

/// `done` is called once, never inside start().
[[nodiscard]] std::shared_ptr<ClientExchange> make_client_exchange(
    boost::asio::io_context& io, ClientRequest request, const std::optional<ClientTls>& tls,
    ClientExchange::Done done);

}  // namespace tapstat::control::http
