/// The one clock of a connection: calls back once when a time has passed, unless it was set again
/// or cancelled before.
///
/// Control plane's thread. After cancel(), set() or the destructor an earlier callback never runs.
#pragma once

#include <chrono>
#include <functional>
#include <memory>

namespace boost::asio {
class io_context;
}

namespace tapstat::control::http {

class Deadline {
 public:
  explicit Deadline(boost::asio::io_context& io);
  ~Deadline();
  Deadline(const Deadline&) = delete;
  Deadline& operator=(const Deadline&) = delete;

  void set(std::chrono::milliseconds after, std::function<void()> passed);
  void cancel();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace tapstat::control::http
