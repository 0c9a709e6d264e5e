/// Answers that wait for the probe to have done something: asked every few milliseconds, at most
/// until a deadline.
///
/// The owner holds it with make_shared and calls stop() before it goes. Control plane's thread.
#pragma once

#include <chrono>
#include <functional>
#include <list>
#include <memory>

namespace boost::asio {
class io_context;
}

namespace tapstat::control::rest {

class Waits : public std::enable_shared_from_this<Waits> {
 public:
  using Clock = std::chrono::steady_clock;
  static constexpr std::chrono::milliseconds kStep{5}, kDeadline{2'000};

  explicit Waits(boost::asio::io_context& io);
  ~Waits();

  /// Calls `done` once: true as soon as `reached` says so (at once when it does now), false at the
  /// deadline; not at all after stop().
  void add(std::function<bool()> reached, std::function<void(bool)> done);
  void stop();

 private:
  struct Wait {
    std::function<bool()> reached;
    std::function<void(bool)> done;
    Clock::time_point deadline;
  };
  class Timer;
  void schedule();
  void ask();

  std::unique_ptr<Timer> timer_;
  std::list<Wait> waits_;
};

}  // namespace tapstat::control::rest
