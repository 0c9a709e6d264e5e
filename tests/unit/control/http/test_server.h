/// A server on a thread of its own with routes that show what it did, and a client that sends any
/// bytes.
#pragma once

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include "control/http/server.h"
#include "dataplane/file_descriptor.h"

namespace tapstat::tests {

using std::chrono::milliseconds;

inline control::http::Response text_response(unsigned status, std::string body) {
  control::http::Response response;
  response.status = status;
  response.content_type = "text/plain";
  response.body = std::move(body);
  return response;
}

/// An io_context that runs until the end of its scope.
class IoThread {
 public:
  IoThread() : work_(io.get_executor()), thread_([this] { io.run(); }) {}
  ~IoThread() {
    work_.reset();
    io.stop();
    thread_.join();
  }
  IoThread(const IoThread&) = delete;
  IoThread& operator=(const IoThread&) = delete;

  /// Runs `task` there and gives its result.
  template <class Task>
  auto run(Task task) {
    std::packaged_task<decltype(task())()> packaged(std::move(task));
    auto result = packaged.get_future();
    boost::asio::post(io, [&packaged] { packaged(); });
    return result.get();
  }

  boost::asio::io_context io{1};

 private:
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
  std::thread thread_;
};

/// Paths: GET /hello, POST /echo, GET /peer, GET /late (answered by answer_late()), GET /large,
/// GET /dropped, GET /broken, GET /name/{name}; /api/... is a second family with smaller bodies.
class TestServer {
 public:
  explicit TestServer(control::http::ServerOptions options = {}) {
    add_routes();
    if (options.listen == "127.0.0.1:8888") options.listen = "127.0.0.1:0";
    auto created = control::http::Server::create(thread_.io, options, router_);
    if (!created) throw std::runtime_error(created.error().sentence);
    server_ = std::move(*created);
    thread_.run([this] { server_->serve(); });
  }
  ~TestServer() {
    thread_.run([this] { server_.reset(); });
  }
  TestServer(const TestServer&) = delete;
  TestServer& operator=(const TestServer&) = delete;

  [[nodiscard]] control::http::Server& server() { return *server_; }
  [[nodiscard]] const control::http::ServerCounters& counters() { return server_->counters(); }
  [[nodiscard]] unsigned port() const { return server_->port(); }
  [[nodiscard]] std::string url(const std::string& path) const {
    return server_->base_url() + path;
  }
  void stop() {
    thread_.run([this] { server_->stop(); });
  }
  auto reload() {
    return thread_.run([this] { return server_->reload_certificates(); });
  }

  void answer_late(const std::string& body) {
    thread_.run([&] { std::exchange(late_, nullptr)(noted(text_response(200, body))); });
  }
  [[nodiscard]] bool has_late() {
    return thread_.run([&] { return late_ != nullptr; });
  }
  /// What `written` said, answer by answer.
  [[nodiscard]] std::vector<bool> written() {
    return thread_.run([this] { return written_; });
  }

 private:
  control::http::Response noted(control::http::Response response) {
    response.written = [this](bool done) { written_.push_back(done); };
    return response;
  }

  void add_routes() {
    using control::http::Answer;
    using control::http::Needs;
    using control::http::Request;
    using control::http::RouteFamily;
    const auto error = [](unsigned status, std::string_view detail) {
      return text_response(status, "rest: " + std::string(detail));
    };
    const auto api_error = [](unsigned status, std::string_view detail) {
      return text_response(status, "api: " + std::string(detail));
    };
    RouteFamily rest{{}, 4096, true, error, {}, {}};
    const auto add = [&](std::string_view method, std::string_view path, auto handle) {
      rest.routes.push_back({method, path, Needs::nobody, handle, {}});
    };
    add("GET", "/hello", [this](const Request&, std::string_view, const Answer& answer) {
      answer(noted(text_response(200, "hello")));
    });
    add("POST", "/echo", [](const Request& request, std::string_view, const Answer& answer) {
      answer(text_response(200, request.body));
    });
    add("GET", "/peer", [](const Request& request, std::string_view, const Answer& answer) {
      answer(text_response(200, request.peer.common_name + "|" + request.peer.identity + "|" +
                                    request.peer.address));
    });
    add("GET", "/late",
        [this](const Request&, std::string_view, Answer answer) { late_ = std::move(answer); });
    add("GET", "/large", [this](const Request&, std::string_view, const Answer& answer) {
      answer(noted(text_response(200, std::string(32 << 20, 'x'))));
    });
    add("GET", "/dropped", [](const Request&, std::string_view, const Answer&) {});
    add("GET", "/broken", [](const Request&, std::string_view, const Answer&) {
      throw std::runtime_error("broken");
    });
    add("GET", "/name/{name}", [](const Request&, std::string_view name, const Answer& answer) {
      answer(text_response(200, std::string(name)));
    });
    RouteFamily api{{"/api/"}, 16, false, api_error, {}, {}};
    api.routes.push_back({"POST",
                          "/api/echo",
                          Needs::nobody,
                          [](const Request& request, std::string_view, const Answer& answer) {
                            answer(text_response(200, "api " + request.body));
                          },
                          {}});
    router_.add(std::move(rest));
    router_.add(std::move(api));
  }

  control::http::Router router_;
  control::http::Answer late_;
  std::vector<bool> written_;
  IoThread thread_;
  std::unique_ptr<control::http::Server> server_;
};

/// Waits until `condition` holds, for two seconds at most.
template <class Condition>
[[nodiscard]] bool eventually(Condition condition) {
  for (int i = 0; i < 400; ++i) {
    if (condition()) return true;
    std::this_thread::sleep_for(milliseconds(5));
  }
  return condition();
}

/// A blocking connection that sends whatever it is told to.
class RawClient {
 public:
  explicit RawClient(unsigned port) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(static_cast<uint16_t>(port));
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected_ = ::connect(fd(), reinterpret_cast<sockaddr*>(&to), sizeof to) == 0;
  }
  explicit RawClient(const std::string& path)
      : socket_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un to{};
    to.sun_family = AF_UNIX;
    path.copy(to.sun_path, sizeof to.sun_path - 1);
    connected_ = ::connect(fd(), reinterpret_cast<sockaddr*>(&to), sizeof to) == 0;
  }

  [[nodiscard]] int fd() const { return socket_.get(); }
  [[nodiscard]] bool connected() const { return connected_; }

  void send(std::string_view bytes) const {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(fd(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return;
      bytes.remove_prefix(static_cast<size_t>(sent));
    }
  }
  void end_output() const { ::shutdown(fd(), SHUT_WR); }
  void close() { socket_ = dataplane::FileDescriptor(); }

  /// Head and body of one answer with Content-Length, or what came before the end or 2 s.
  std::string answer() {
    for (;;) {
      const size_t head = buffer_.find("\r\n\r\n");
      if (head != std::string::npos) {
        const size_t size = head + 4 + length(buffer_.substr(0, head));
        if (buffer_.size() >= size) {
          std::string one = buffer_.substr(0, size);
          buffer_.erase(0, size);
          return one;
        }
      }
      if (!receive()) return std::exchange(buffer_, {});
    }
  }
  std::string ask(std::string_view bytes) {
    send(bytes);
    return answer();
  }
  /// Everything up to the end of the connection; "(open)" when it does not end within 2 s.
  std::string rest() {
    while (receive()) continue;
    return ended_ ? std::exchange(buffer_, {}) : "(open)";
  }

 private:
  static size_t length(const std::string& head) {
    constexpr std::string_view kName = "Content-Length: ";
    const size_t at = head.find(kName);
    return at == std::string::npos ? 0
                                   : std::strtoul(head.c_str() + at + kName.size(), nullptr, 10);
  }

  bool receive() {
    pollfd waiting{fd(), POLLIN, 0};
    if (::poll(&waiting, 1, 2'000) != 1) return false;
    char bytes[4096];
    const ssize_t got = ::recv(fd(), bytes, sizeof bytes, 0);
    ended_ = got <= 0;
    if (ended_) return false;
    buffer_.append(bytes, static_cast<size_t>(got));
    return true;
  }

  dataplane::FileDescriptor socket_;
  std::string buffer_;
  bool connected_ = false, ended_ = false;
};

}  // namespace tapstat::tests
