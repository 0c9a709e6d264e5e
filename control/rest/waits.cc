#include "control/rest/waits.h"

#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

namespace tapstat::control::rest {

class Waits::Timer : public boost::asio::steady_timer {
 public:
  using boost::asio::steady_timer::basic_waitable_timer;
};

Waits::Waits(boost::asio::io_context& io) : timer_(std::make_unique<Timer>(io)) {}

Waits::~Waits() = default;

void Waits::add(std::function<bool()> reached, std::function<void(bool)> done) {
  if (reached()) return done(true);
  waits_.push_back({std::move(reached), std::move(done), Clock::now() + kDeadline});
  if (waits_.size() == 1) schedule();
}

void Waits::stop() {
  waits_.clear();
  timer_->cancel();
}

void Waits::schedule() {
  timer_->expires_after(kStep);
  timer_->async_wait([self = shared_from_this()](boost::system::error_code error) {
    if (!error) self->ask();
  });
}

void Waits::ask() {
  const Clock::time_point now = Clock::now();
  std::list<Wait> ended;
  for (auto wait = waits_.begin(); wait != waits_.end();) {
    const auto next = std::next(wait);
    if (wait->reached() || now >= wait->deadline) ended.splice(ended.end(), waits_, wait);
    wait = next;
  }
  if (!waits_.empty()) schedule();
  for (const Wait& wait : ended) wait.done(wait.reached());
}

}  // namespace tapstat::control::rest
