#include "control/http/deadline.h"

#include <cstdint>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

namespace tapstat::control::http {

/// `turn` tells a callback that waits in the queue already that it was overtaken.
struct Deadline::State {
  explicit State(boost::asio::io_context& io) : timer(io) {}

  boost::asio::steady_timer timer;
  uint64_t turn = 0;
};

Deadline::Deadline(boost::asio::io_context& io) : state_(std::make_shared<State>(io)) {}

Deadline::~Deadline() { cancel(); }

void Deadline::set(std::chrono::milliseconds after, std::function<void()> passed) {
  const uint64_t turn = ++state_->turn;
  state_->timer.expires_after(after);
  state_->timer.async_wait([weak = std::weak_ptr<State>(state_), turn,
                            passed = std::move(passed)](boost::system::error_code error) {
    const auto state = weak.lock();
    if (error || !state || state->turn != turn) return;
    passed();
  });
}

void Deadline::cancel() {
  ++state_->turn;
  state_->timer.cancel();
}

}  // namespace tapstat::control::http
