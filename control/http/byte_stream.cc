#include "control/http/byte_stream.h"

#include <sys/socket.h>

#include <array>
#include <utility>

#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

namespace tapstat::control::http {
namespace {

namespace asio = boost::asio;
using Socket = asio::generic::stream_protocol::socket;
using Code = boost::system::error_code;

constexpr size_t kReadBytes = 16 << 10;

std::optional<Socket> adopt(asio::io_context& io, dataplane::FileDescriptor fd, int family) {
  Socket socket(io);
  Code error;
  socket.assign(asio::generic::stream_protocol(family, 0), fd.get(), error);
  if (error) return std::nullopt;
  static_cast<void>(fd.release());
  socket.non_blocking(true, error);
  return socket;
}

/// What plain and TLS streams have in common; `stream_` is the one or the other kind.
template <class Stream>
class SocketStream : public ByteStream {
 public:
  void write(std::string_view bytes, WriteHandler handler) override {
    asio::async_write(stream_, asio::buffer(bytes.data(), bytes.size()),
                      [this, handler = std::move(handler)](Code error, size_t) {
                        if (error) problem_ = error.message();
                        handler(!error);
                      });
  }

  void write_now(std::string_view bytes) override {
    Code ignored;
    stream_.write_some(asio::buffer(bytes.data(), bytes.size()), ignored);
  }

  void close() override {
    Code ignored;
    stream_.lowest_layer().close(ignored);
  }

  [[nodiscard]] std::string problem() const override { return problem_; }

 protected:
  template <class... Parts>
  explicit SocketStream(Parts&&... parts) : stream_(std::forward<Parts>(parts)...) {}

  template <class From>
  void read_from(From& from, ReadHandler handler) {
    from.async_read_some(
        asio::buffer(buffer_), [this, handler = std::move(handler)](Code error, size_t bytes) {
          if (error) problem_ = error.message();
          handler(error ? std::string_view{} : std::string_view(buffer_.data(), bytes));
        });
  }

  Stream stream_;
  std::string problem_;

 private:
  std::array<char, kReadBytes> buffer_;
};

class PlainStream : public SocketStream<Socket> {
 public:
  explicit PlainStream(Socket socket) : SocketStream<Socket>(std::move(socket)) {}

  void handshake(std::function<void(Handshake)> handler) override {
    asio::post(stream_.get_executor(),
               [handler = std::move(handler)] { handler(Handshake::done); });
  }
  void read(ReadHandler handler) override { read_from(stream_, std::move(handler)); }
  void end_output() override {
    Code ignored;
    stream_.shutdown(Socket::shutdown_send, ignored);
  }
  [[nodiscard]] CertificateNames peer_names() const override { return {}; }
};

class TlsStream : public SocketStream<asio::ssl::stream<Socket>> {
 public:
  TlsStream(Socket socket, asio::ssl::context& context, TlsEnd end)
      : SocketStream<asio::ssl::stream<Socket>>(std::move(socket), context), end_(std::move(end)) {}

  void handshake(std::function<void(Handshake)> handler) override {
    if (!end_.server) expect_server();
    stream_.async_handshake(
        end_.server ? asio::ssl::stream_base::server : asio::ssl::stream_base::client,
        [this, handler = std::move(handler)](Code error) {
          if (!error) {
            open_ = true;
            return handler(Handshake::done);
          }
          problem_ = reason(error);
          const bool ended = error.category() != asio::error::get_ssl_category();
          handler(ended ? Handshake::ended : Handshake::refused);
        });
  }

  void read(ReadHandler handler) override {
    if (output_ended_) return read_from(stream_.next_layer(), std::move(handler));
    read_from(stream_, std::move(handler));
  }

  void end_output() override {
    say_goodbye();
    Code ignored;
    stream_.lowest_layer().shutdown(Socket::shutdown_send, ignored);
    output_ended_ = true;
  }

  void close() override {
    if (!output_ended_) say_goodbye();
    SocketStream::close();
  }

  [[nodiscard]] CertificateNames peer_names() const override {
    return names_of(SSL_get0_peer_certificate(handle()));
  }

 private:
  [[nodiscard]] SSL* handle() const {
    return const_cast<asio::ssl::stream<Socket>&>(stream_).native_handle();
  }

  /// The socket does not block: close_notify leaves at once, the peer's is not waited for.
  void say_goodbye() {
    if (!open_) return;
    Code ignored;
    stream_.shutdown(ignored);
  }

  void expect_server() {
    X509_VERIFY_PARAM* expected = SSL_get0_param(handle());
    if (X509_VERIFY_PARAM_set1_ip_asc(expected, end_.server_name.c_str()) == 1) return;
    SSL_set1_host(handle(), end_.server_name.c_str());
    SSL_set_tlsext_host_name(handle(), end_.server_name.c_str());
  }

  /// OpenSSL's word for a refused certificate says more than "certificate verify failed".
  [[nodiscard]] std::string reason(Code error) const {
    const long verdict = SSL_get_verify_result(handle());
    return verdict == X509_V_OK ? error.message() : X509_verify_cert_error_string(verdict);
  }

  TlsEnd end_;
  bool open_ = false, output_ended_ = false;
};

}  // namespace

std::unique_ptr<ByteStream> make_plain_stream(asio::io_context& io,
                                              dataplane::FileDescriptor socket, int family) {
  auto adopted = adopt(io, std::move(socket), family);
  return adopted ? std::make_unique<PlainStream>(std::move(*adopted)) : nullptr;
}

std::unique_ptr<ByteStream> make_tls_stream(asio::io_context& io, dataplane::FileDescriptor socket,
                                            int family, const TlsContext& context,
                                            const TlsEnd& end) {
  auto adopted = adopt(io, std::move(socket), family);
  if (!adopted) return nullptr;
  SSL_CTX_up_ref(context.get());
  asio::ssl::context shared(context.get());
  return std::make_unique<TlsStream>(std::move(*adopted), shared, end);
}

}  // namespace tapstat::control::http
