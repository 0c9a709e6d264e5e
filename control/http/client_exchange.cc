#include "control/http/client_exchange.h"

#include <sys/socket.h>

#include <limits>
#include <utility>

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>

#include "control/http/body_reader.h"
#include "control/http/byte_stream.h"
#include "control/http/deadline.h"
#include "control/http/tls_context.h"
#include "control/text.h"

namespace tapstat::control::http {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using Code = boost::system::error_code;
using Tcp = asio::ip::tcp;
using Local = asio::local::stream_protocol;
using Parser = beast::http::response_parser<beast::http::empty_body>;

constexpr uint32_t kHeadBytesMax = 64 << 10;
constexpr const char* kTooLarge = "the answer is larger than 16 MiB";

bool is_tls(const Url& url) { return url.scheme == "https"; }

std::string request_text(const ClientRequest& request) {
  const Url& url = request.url;
  const std::string origin = url.origin();
  std::string text = request.method + " " + url.path + " HTTP/1.1\r\nHost: ";
  text += url.scheme == "unix" ? "localhost" : origin.substr(origin.find("//") + 2);
  text += "\r\nConnection: close\r\n";
  if (!request.content_type.empty()) text += "Content-Type: " + request.content_type + "\r\n";
  if (!request.body.empty() || request.method != "GET")
    text += "Content-Length: " + std::to_string(request.body.size()) + "\r\n";
  for (const auto& [name, value] : request.headers)
    text.append(name).append(": ").append(value).append("\r\n");
  return text + "\r\n" + request.body;
}

template <class Text>
std::string copy(const Text& text) {
  return {text.data(), text.size()};
}

class Exchange : public ClientExchange, public std::enable_shared_from_this<Exchange> {
 public:
  Exchange(asio::io_context& io, ClientRequest request, const std::optional<ClientTls>& tls,
           Done done)
      : io_(io),
        request_(std::move(request)),
        tls_(tls),
        done_(std::move(done)),
        deadline_(io),
        resolver_(io),
        tcp_(io),
        local_(io) {
    restart_parser();
  }

  void start() override {
    deadline_.set(request_.timeout, [weak = weak_from_this()] {
      if (const auto self = weak.lock()) self->too_late();
    });
    asio::post(io_, [self = shared_from_this()] { self->begin(); });
  }

  void cancel() override {
    done_ = nullptr;
    release();
  }

 private:
  void restart_parser() {
    parser_.emplace();
    parser_->header_limit(kHeadBytesMax);
    parser_->body_limit(std::numeric_limits<uint64_t>::max());
  }

  void begin() {
    if (!done_) return;
    if (is_tls(request_.url)) {
      auto context = make_client_context(tls_.value_or(ClientTls{}));
      if (!context) return finish(tl::make_unexpected(context.error()));
      context_ = std::move(*context);
    }
    if (request_.url.scheme == "unix") return connect_local();
    resolver_.async_resolve(
        request_.url.host, std::to_string(request_.url.port), Tcp::resolver::numeric_service,
        [self = shared_from_this()](Code error, const Tcp::resolver::results_type& found) {
          self->connect_tcp(error, found);
        });
  }

  void connect_tcp(Code error, const Tcp::resolver::results_type& found) {
    if (!done_) return;
    if (error) return fail("name \"" + request_.url.host + "\" not found");
    asio::async_connect(tcp_, found,
                        [self = shared_from_this()](Code refused, const Tcp::endpoint& to) {
                          self->connected(refused, self->tcp_, to.protocol().family());
                        });
  }

  void connect_local() {
    if (request_.url.socket.size() >= sizeof(sockaddr_un::sun_path))
      return fail("the path of the socket is too long");
    local_.async_connect(Local::endpoint(request_.url.socket),
                         [self = shared_from_this()](Code refused) {
                           self->connected(refused, self->local_, AF_UNIX);
                         });
  }

  template <class Socket>
  void connected(Code error, Socket& socket, int family) {
    if (!done_) return;
    if (error) return fail(lower_case(error.message()));
    dataplane::FileDescriptor fd(socket.release(error));
    if (error) return fail(lower_case(error.message()));
    stream_ =
        context_ ? make_tls_stream(io_, std::move(fd), family, context_, {false, request_.url.host})
                 : make_plain_stream(io_, std::move(fd), family);
    if (!stream_) return fail("the socket cannot be used");
    stream_->handshake([self = shared_from_this()](Handshake result) {
      if (!self->done_) return;
      if (result != Handshake::done) return self->fail("TLS: " + self->stream_->problem());
      self->send();
    });
  }

  void send() {
    output_ = request_text(request_);
    stream_->write(output_, [self = shared_from_this()](bool written) {
      // An answer may stand behind a broken write: 413 in the middle of a body.
      self->write_failed_ = !written;
    });
    receive();
  }

  void receive() {
    stream_->read([self = shared_from_this()](std::string_view bytes) {
      if (!self->done_) return;
      if (bytes.empty()) return self->ended();
      self->received(bytes);
    });
  }

  void received(std::string_view bytes) {
    buffer_.append(bytes);
    while (!body_ && !buffer_.empty()) {
      Code error;
      buffer_.erase(0, parser_->put(asio::buffer(buffer_.data(), buffer_.size()), error));
      if (error == beast::http::error::need_more) break;
      if (error) return fail("the answer is no HTTP: " + error.message());
      if (parser_->is_header_done()) begin_body();
      if (!done_) return;
    }
    if (!body_ && buffer_.size() > kHeadBytesMax)
      return fail("the answer is no HTTP: its head has no end");
    if (!body_) return receive();
    switch (body_->read(buffer_)) {
      case BodyReader::Progress::more: return receive();
      case BodyReader::Progress::done: return succeed();
      case BodyReader::Progress::malformed: return fail("the answer is no HTTP: bad chunk");
      case BodyReader::Progress::too_large: return fail(kTooLarge);
    }
  }

  /// 1xx is not the answer yet.
  void begin_body() {
    const unsigned status = parser_->get().result_int();
    const auto length = parser_->content_length();
    if (status / 100 == 1) return restart_parser();
    if (request_.method == "HEAD" || status == 204 || status == 304)
      body_ = BodyReader::of_length(0);
    else if (parser_->chunked())
      body_ = BodyReader::chunked(kAnswerBytesMax);
    else if (!length)
      body_ = BodyReader::to_end(kAnswerBytesMax);
    else if (*length <= kAnswerBytesMax)
      body_ = BodyReader::of_length(*length);
    else
      fail(kTooLarge);
    ends_with_connection_ = !length && !parser_->chunked();
  }

  void ended() {
    if (body_ && ends_with_connection_) return succeed();
    fail(write_failed_ ? "the connection broke while the request was sent"
                       : "the connection ended before the answer did");
  }

  void succeed() {
    ClientResponse response;
    auto& message = parser_->get();
    response.status = message.result_int();
    for (const auto& field : message)
      response.headers.emplace_back(copy(field.name_string()), copy(field.value()));
    response.content_type = response.header("Content-Type");
    response.body = std::move(body_->body);
    CertificateNames names = stream_->peer_names();
    response.server_common_name = std::move(names.common_name);
    response.server_identity = std::move(names.identity);
    finish(std::move(response));
  }

  void too_late() { fail("no answer within " + std::to_string(request_.timeout.count()) + " ms"); }

  void fail(const std::string& reason) {
    finish(flowstats::fail(
        flowstats::ExitStatus::environment,
        "cannot reach " + request_.url.origin() + request_.url.path + ": " + reason + "."));
  }

  void finish(flowstats::Result<ClientResponse> result) {
    release();
    if (const auto done = std::exchange(done_, nullptr)) done(std::move(result));
  }

  /// Operations under way end with their failure and find no `done_`.
  void release() {
    Code ignored;
    deadline_.cancel();
    resolver_.cancel();
    tcp_.close(ignored);
    local_.close(ignored);
    if (stream_) stream_->close();
  }

  asio::io_context& io_;
  const ClientRequest request_;
  const std::optional<ClientTls> tls_;
  Done done_;
  Deadline deadline_;
  Tcp::resolver resolver_;
  Tcp::socket tcp_;
  Local::socket local_;
  TlsContext context_;
  std::unique_ptr<ByteStream> stream_;
  std::string output_, buffer_;
  std::optional<Parser> parser_;
  std::optional<BodyReader> body_;
  bool write_failed_ = false, ends_with_connection_ = false;
};

}  // namespace

std::shared_ptr<ClientExchange> make_client_exchange(asio::io_context& io, ClientRequest request,
                                                     const std::optional<ClientTls>& tls,
                                                     ClientExchange::Done done) {
  return std::make_shared<Exchange>(io, std::move(request), tls, std::move(done));
}

}  // namespace tapstat::control::http
