/// A connection as a stream of bytes: TCP, TLS over it, or a local socket, without Asio in sight.
///
/// One read and one write may be under way at a time. Handlers run on the io_context, never inside
/// the call that takes them; whoever waits keeps the stream alive by what its handler holds.
/// Control plane's thread. Nothing throws.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "control/http/certificate_names.h"
#include "dataplane/file_descriptor.h"

struct ssl_ctx_st;

namespace boost::asio {
class io_context;
}

namespace tapstat::control::http {

enum class Handshake : uint8_t {
  done,
  ended,    // the peer went away in the middle
  refused,  // the peer, its certificate or ours was not accepted
};

class ByteStream {
 public:
  /// The bytes live while the handler runs; none: the peer has ended, or the connection broke.
  using ReadHandler = std::function<void(std::string_view bytes)>;
  using WriteHandler = std::function<void(bool written)>;

  virtual ~ByteStream() = default;

  virtual void handshake(std::function<void(Handshake)> handler) = 0;
  virtual void read(ReadHandler handler) = 0;
  /// `bytes` live until the handler ran. True: the kernel has taken all of them.
  virtual void write(std::string_view bytes, WriteHandler handler) = 0;
  /// What fits into the kernel's buffer now; for a last word before close().
  virtual void write_now(std::string_view bytes) = 0;
  /// Tells the peer that no more comes (TLS: close_notify). Reads go on, to no one's use.
  virtual void end_output() = 0;
  /// Handlers under way are called with their failure.
  virtual void close() = 0;

  /// Of the peer's verified certificate; empty without TLS.
  [[nodiscard]] virtual CertificateNames peer_names() const = 0;
  /// Why the last handshake, read or write failed, in the library's words.
  [[nodiscard]] virtual std::string problem() const = 0;
};

using TlsContext = std::shared_ptr<ssl_ctx_st>;

/// `socket` is connected, of the address family `family`. Null when the kernel refuses it.
[[nodiscard]] std::unique_ptr<ByteStream> make_plain_stream(boost::asio::io_context& io,
                                                            dataplane::FileDescriptor socket,
                                                            int family);

/// Which end of TLS this is. `server_name` is what the server's certificate must be for.
struct TlsEnd {
  bool server = true;
  std::string server_name{};
};
[[nodiscard]] std::unique_ptr<ByteStream> make_tls_stream(boost::asio::io_context& io,
                                                          dataplane::FileDescriptor socket,
                                                          int family, const TlsContext& context,
                                                          const TlsEnd& end);

}  // namespace tapstat::control::http
