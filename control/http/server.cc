#include "control/http/server.h"

#include <unistd.h>

#include <map>
#include <utility>

#include "control/http/session.h"
#include "control/http/tls_context.h"

namespace tapstat::control::http {
namespace {

constexpr std::string_view kLocal = "local";

/// Open connections and how many each address has. Outlives the server while a session ends.
struct ConnectionTable {
  std::map<const Session*, std::shared_ptr<Session>> sessions;
  std::map<std::string, unsigned, std::less<>> of_address;

  [[nodiscard]] unsigned of(std::string_view address) const {
    const auto found = of_address.find(address);
    return found == of_address.end() ? 0 : found->second;
  }

  /// The local socket has its own share: a flood from the network does not lock its user out.
  [[nodiscard]] bool has_room(std::string_view address, const ServerLimits& limits) const {
    if (address == kLocal) return of(kLocal) < limits.connections;
    return sessions.size() - of(kLocal) < limits.connections &&
           of(address) < limits.connections_per_address;
  }

  void remove(const Session* session, const std::string& address) {
    if (sessions.erase(session) == 0) return;
    const auto count = of_address.find(address);
    if (--count->second == 0) of_address.erase(count);
  }
};

}  // namespace

class Server::Impl {
 public:
  Impl(boost::asio::io_context& io, const ServerOptions& options, const Router& router)
      : io_(io), options_(options), setting_{router, options_.limits, counters} {}
  ~Impl() { stop(); }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  flowstats::Result<void> open() {
    auto address =
        admissible_listen(options_.listen, options_.tls.has_value(), options_.listen_rule);
    if (!address) return tl::make_unexpected(address.error());
    if (auto loaded = reload_certificates(); !loaded) return loaded;
    auto socket = listen_tcp(*address);
    if (!socket) return tl::make_unexpected(socket.error());
    address_ = *address;
    listener_ = std::make_unique<Listener>(io_, std::move(*socket));
    if (!options_.local_socket) return {};
    auto local = listen_local(*options_.local_socket);
    if (!local) return tl::make_unexpected(local.error());
    local_listener_ = std::make_unique<Listener>(io_, std::move(*local));
    return {};
  }

  void serve() {
    listener_->start([this](Arrival arrival) { take(std::move(arrival)); });
    if (local_listener_)
      local_listener_->start([this](Arrival arrival) { take(std::move(arrival)); });
  }

  void stop() {
    listener_.reset();
    if (std::exchange(local_listener_, nullptr)) ::unlink(options_.local_socket->c_str());
    const auto sessions = std::exchange(table_->sessions, {});
    for (const auto& [key, session] : sessions) session->stop();
    table_->of_address.clear();
  }

  flowstats::Result<void> reload_certificates() {
    if (!options_.tls) return {};
    auto context = make_server_context(*options_.tls);
    if (!context) return tl::make_unexpected(context.error());
    context_ = std::move(*context);
    return {};
  }

  [[nodiscard]] std::string base_url() const {
    return (context_ ? "https://" : "http://") + address_.host + ":" +
           std::to_string(address_.port);
  }
  [[nodiscard]] unsigned port() const { return address_.port; }

  ServerCounters counters;

 private:
  void take(Arrival arrival) {
    if (!table_->has_room(arrival.address, options_.limits)) {
      counters.refused_connections += 1;
      return;
    }
    Peer peer;
    peer.address = arrival.address;
    if (arrival.address == kLocal)
      peer.via = Via::local;
    else
      peer.via = context_ ? Via::tls : Via::plain;
    auto stream =
        peer.via == Via::tls
            ? make_tls_stream(io_, std::move(arrival.socket), arrival.family, context_, {})
            : make_plain_stream(io_, std::move(arrival.socket), arrival.family);
    if (!stream) return;
    counters.connections += 1;
    add(std::move(stream), std::move(peer));
  }

  void add(std::unique_ptr<ByteStream> stream, Peer peer) {
    const std::string address = peer.address;
    const auto session = std::make_shared<Session>(
        io_, std::move(stream), std::move(peer), setting_,
        [weak = std::weak_ptr<ConnectionTable>(table_), address](const Session& closed) {
          if (const auto table = weak.lock()) table->remove(&closed, address);
        });
    table_->sessions.emplace(session.get(), session);
    table_->of_address[address] += 1;
    session->start();
  }

  boost::asio::io_context& io_;
  const ServerOptions options_;
  const SessionSetting setting_;
  ListenAddress address_;
  TlsContext context_;
  std::unique_ptr<Listener> listener_, local_listener_;
  std::shared_ptr<ConnectionTable> table_ = std::make_shared<ConnectionTable>();
};

Server::Server(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Server::~Server() = default;

flowstats::Result<std::unique_ptr<Server>> Server::create(boost::asio::io_context& io,
                                                          const ServerOptions& options,
                                                          const Router& router) {
  auto impl = std::make_unique<Impl>(io, options, router);
  if (auto opened = impl->open(); !opened) return tl::make_unexpected(opened.error());
  return std::unique_ptr<Server>(new Server(std::move(impl)));
}

void Server::serve() { impl_->serve(); }
void Server::stop() { impl_->stop(); }
flowstats::Result<void> Server::reload_certificates() { return impl_->reload_certificates(); }
std::string Server::base_url() const { return impl_->base_url(); }
unsigned Server::port() const { return impl_->port(); }
const ServerCounters& Server::counters() const { return impl_->counters; }

}  // namespace tapstat::control::http
