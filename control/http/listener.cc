#include "control/http/listener.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include "control/http/deadline.h"
#include "control/http/port_owner.h"

namespace tapstat::control::http {
namespace {

namespace fs = std::filesystem;
using dataplane::FileDescriptor;
using flowstats::fail;

constexpr int kBacklog = 128;
constexpr unsigned kArrivalsPerTurn = 32;  // then other connections have their turn
constexpr std::chrono::milliseconds kPause{100};
constexpr int kSocketFlags = SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK;

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t bytes = sizeof(sockaddr_storage);

  sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
  sockaddr_in& v4() { return reinterpret_cast<sockaddr_in&>(storage); }
  sockaddr_in6& v6() { return reinterpret_cast<sockaddr_in6&>(storage); }
};

std::string name_of(const ListenAddress& address) {
  return address.host + ":" + std::to_string(address.port);
}

auto unusable(const ListenAddress& address, int error) {
  return fail(flowstats::ExitStatus::environment,
              "cannot listen on " + name_of(address) + ": " + std::strerror(error) + ". Set " +
                  std::string(address.setting) + " to an address of this machine.");
}

auto taken(const ListenAddress& address) {
  return fail(flowstats::ExitStatus::environment,
              name_of(address) + " is in use by " +
                  port_owner(address.port).value_or("another process") + ". Set " +
                  std::string(address.setting) + " or stop that process.");
}

SocketAddress to_socket_address(const ListenAddress& address) {
  SocketAddress to;
  if (address.v6) {
    to.v6().sin6_family = AF_INET6;
    to.v6().sin6_port = htons(address.port);
    inet_pton(AF_INET6, address.literal.c_str(), &to.v6().sin6_addr);
    to.bytes = sizeof(sockaddr_in6);
  } else {
    to.v4().sin_family = AF_INET;
    to.v4().sin_port = htons(address.port);
    inet_pton(AF_INET, address.literal.c_str(), &to.v4().sin_addr);
    to.bytes = sizeof(sockaddr_in);
  }
  return to;
}

/// IPv4 peers of an IPv6 socket count under their IPv4 address.
std::string address_text(SocketAddress& peer) {
  char text[INET6_ADDRSTRLEN] = "";
  if (peer.storage.ss_family == AF_INET)
    inet_ntop(AF_INET, &peer.v4().sin_addr, text, sizeof text);
  else if (IN6_IS_ADDR_V4MAPPED(&peer.v6().sin6_addr))
    inet_ntop(AF_INET, &peer.v6().sin6_addr.s6_addr[12], text, sizeof text);
  else
    inet_ntop(AF_INET6, &peer.v6().sin6_addr, text, sizeof text);
  return text;
}

auto local_error(const fs::path& path, const std::string& reason) {
  return fail(flowstats::ExitStatus::environment,
              "cannot listen on the local socket \"" + path.string() + "\": " + reason + ".");
}

bool may_replace(const SocketAddress& address) {
  struct stat status {};
  const auto* local = reinterpret_cast<const sockaddr_un*>(&address.storage);
  if (lstat(local->sun_path, &status) != 0 || !S_ISSOCK(status.st_mode)) return false;
  const FileDescriptor probe(::socket(AF_UNIX, kSocketFlags, 0));
  return ::connect(probe.get(), reinterpret_cast<const sockaddr*>(&address.storage),
                   address.bytes) != 0 &&
         errno == ECONNREFUSED;
}

bool is_trusted(int socket) {
  ucred peer{};
  socklen_t bytes = sizeof peer;
  if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &bytes) != 0) return false;
  return peer.uid == geteuid() || peer.uid == 0;
}

}  // namespace

flowstats::Result<FileDescriptor> listen_tcp(ListenAddress& address) {
  SocketAddress at = to_socket_address(address);
  FileDescriptor socket(::socket(at.storage.ss_family, kSocketFlags, 0));
  if (!socket.is_open()) return unusable(address, errno);
  const int on = 1;
  setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  // Whatever net.ipv6.bindv6only says.
  const int off = 0;
  if (address.v6) setsockopt(socket.get(), IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
  const bool bound = ::bind(socket.get(), at.get(), at.bytes) == 0;
  if (!bound || ::listen(socket.get(), kBacklog) != 0) {
    if (errno == EADDRINUSE) return taken(address);
    return unusable(address, errno);
  }
  if (getsockname(socket.get(), at.get(), &at.bytes) == 0)
    address.port = ntohs(address.v6 ? at.v6().sin6_port : at.v4().sin_port);
  return socket;
}

flowstats::Result<FileDescriptor> listen_local(const fs::path& path) {
  SocketAddress at;
  auto& local = reinterpret_cast<sockaddr_un&>(at.storage);
  local.sun_family = AF_UNIX;
  at.bytes = sizeof local;
  if (path.native().size() >= sizeof local.sun_path)
    return local_error(path, "the path has " + std::to_string(path.native().size()) +
                                 " bytes, the system takes " +
                                 std::to_string(sizeof local.sun_path - 1));
  path.native().copy(local.sun_path, sizeof local.sun_path - 1);
  FileDescriptor socket(::socket(AF_UNIX, kSocketFlags, 0));
  if (!socket.is_open()) return local_error(path, std::strerror(errno));
  // Before bind(): the file never has another mode, and the umask of the process stays.
  fchmod(socket.get(), S_IRUSR | S_IWUSR);
  if (::bind(socket.get(), at.get(), at.bytes) != 0) {
    if (errno != EADDRINUSE) return local_error(path, std::strerror(errno));
    if (!may_replace(at))
      return local_error(path, "it exists, and is no socket or a running process listens on it");
    ::unlink(path.c_str());
    if (::bind(socket.get(), at.get(), at.bytes) != 0)
      return local_error(path, std::strerror(errno));
  }
  if (::listen(socket.get(), kBacklog) != 0) return local_error(path, std::strerror(errno));
  return socket;
}

class Listener::Impl : public std::enable_shared_from_this<Impl> {
 public:
  Impl(boost::asio::io_context& io, FileDescriptor socket)
      : descriptor_(io, socket.release()), pause_(io) {}

  void start(std::function<void(Arrival)> arrived) {
    arrived_ = std::move(arrived);
    wait();
  }

  void stop() {
    arrived_ = nullptr;
    pause_.cancel();
    boost::system::error_code ignored;
    descriptor_.close(ignored);
  }

 private:
  void wait() {
    descriptor_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                           [self = shared_from_this()](boost::system::error_code error) {
                             if (!error) self->accept_some();
                           });
  }

  void accept_some() {
    for (unsigned i = 0; i < kArrivalsPerTurn && arrived_; ++i) {
      SocketAddress peer;
      FileDescriptor socket(::accept4(descriptor_.native_handle(), peer.get(), &peer.bytes,
                                      SOCK_CLOEXEC | SOCK_NONBLOCK));
      if (!socket.is_open()) {
        if (errno == EAGAIN) break;
        if (errno == ECONNABORTED || errno == EINTR) continue;
        return pause();
      }
      take(std::move(socket), peer);
    }
    if (arrived_) wait();
  }

  /// No descriptor or no memory: the waiting connection would wake us again at once.
  void pause() {
    pause_.set(kPause, [weak = weak_from_this()] {
      if (const auto self = weak.lock()) self->wait();
    });
  }

  void take(FileDescriptor socket, SocketAddress& peer) {
    const int family = peer.storage.ss_family;
    if (family == AF_UNIX) {
      if (is_trusted(socket.get())) arrived_({std::move(socket), family, "local"});
      return;
    }
    const int on = 1;
    setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    arrived_({std::move(socket), family, address_text(peer)});
  }

  boost::asio::posix::stream_descriptor descriptor_;
  Deadline pause_;
  std::function<void(Arrival)> arrived_;
};

Listener::Listener(boost::asio::io_context& io, FileDescriptor socket)
    : impl_(std::make_shared<Impl>(io, std::move(socket))) {}

Listener::~Listener() { impl_->stop(); }

void Listener::start(std::function<void(Arrival)> arrived) { impl_->start(std::move(arrived)); }
void Listener::stop() { impl_->stop(); }

}  // namespace tapstat::control::http
