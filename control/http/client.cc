#include "control/http/client.h"

#include <deque>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include "control/http/client_exchange.h"
#include "control/text.h"

namespace tapstat::control::http {

std::string ClientResponse::header(std::string_view name) const {
  const std::string wanted = lower_case(name);
  for (const auto& [key, value] : headers)
    if (lower_case(key) == wanted) return value;
  return {};
}

class HttpClient::Impl {
 public:
  explicit Impl(std::optional<ClientTls> tls) : tls_(std::move(tls)) {}

  flowstats::Result<ClientResponse> send(const ClientRequest& request) {
    boost::asio::io_context io(1);
    flowstats::Result<ClientResponse> result;
    const auto exchange = make_client_exchange(
        io, request, tls_,
        [&result](flowstats::Result<ClientResponse> got) { result = std::move(got); });
    exchange->start();
    io.run();
    return result;
  }

 private:
  const std::optional<ClientTls> tls_;
};

HttpClient::HttpClient(std::optional<ClientTls> tls)
    : impl_(std::make_unique<Impl>(std::move(tls))) {}

HttpClient::~HttpClient() = default;

flowstats::Result<ClientResponse> HttpClient::send(const ClientRequest& request) {
  return impl_->send(request);
}

class AsyncHttpClient::Impl : public std::enable_shared_from_this<Impl> {
 public:
  Impl(boost::asio::io_context& io, std::optional<ClientTls> tls) : io_(io), tls_(std::move(tls)) {}

  void send(ClientRequest request, ClientExchange::Done done) {
    waiting_.emplace_back(std::move(request), std::move(done));
    if (!exchange_) begin_next();
  }

  void stop() {
    waiting_.clear();
    if (exchange_) std::exchange(exchange_, nullptr)->cancel();
  }

 private:
  void begin_next() {
    if (waiting_.empty()) return;
    auto [request, done] = std::move(waiting_.front());
    waiting_.pop_front();
    exchange_ = make_client_exchange(
        io_, std::move(request), tls_,
        [weak = weak_from_this(), done = std::move(done)](flowstats::Result<ClientResponse> got) {
          const auto self = weak.lock();
          if (!self) return;
          self->exchange_ = nullptr;
          done(std::move(got));  // may end the client or queue more
          if (!self->exchange_) self->begin_next();
        });
    exchange_->start();
  }

  boost::asio::io_context& io_;
  const std::optional<ClientTls> tls_;
  std::deque<std::pair<ClientRequest, ClientExchange::Done>> waiting_;
  std::shared_ptr<ClientExchange> exchange_;
};

AsyncHttpClient::AsyncHttpClient(boost::asio::io_context& io, std::optional<ClientTls> tls)
    : impl_(std::make_shared<Impl>(io, std::move(tls))) {}

AsyncHttpClient::~AsyncHttpClient() { impl_->stop(); }

void AsyncHttpClient::send(ClientRequest request,
                           std::function<void(flowstats::Result<ClientResponse>)> done) {
  impl_->send(std::move(request), std::move(done));
}

}  // namespace tapstat::control::http
