#include "control/publisher.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

namespace tapstat::control {

using flowstats::ActiveConfig;
using flowstats::Timestamp;
using Clock = std::chrono::steady_clock;

namespace {

/// A worker passes a quiescent point with every burst, some microseconds apart.
constexpr std::chrono::microseconds kUsual{500};
constexpr std::chrono::milliseconds kAskAgain{2};

}  // namespace

class Publisher::Impl : public std::enable_shared_from_this<Impl> {
 public:
  Impl(boost::asio::io_context& io, dataplane::PacketPipeline& pipeline, exporters::Writer& writer,
       Timestamp first_packet)
      : timer_(io), pipeline_(pipeline), writer_(writer), first_packet_(first_packet) {}

  void publish(const ActiveConfig& config) {
    writer_.announce_config(config, clock());
    token_ = pipeline_.publish(config);
    epoch_ = config.epoch;
    const auto until = Clock::now() + kUsual;
    while (!settled())
      if (Clock::now() >= until) return ask_again();
  }

  [[nodiscard]] Timestamp clock() const {
    return std::max(pipeline_.progress().clock, first_packet_);
  }

  void cancel() { timer_.cancel(); }

 private:
  bool settled() {
    if (!pipeline_.in_force(token_)) return false;
    writer_.settle(epoch_);
    return true;
  }

  /// A later publication stands for an earlier one that is still being asked about.
  void ask_again() {
    timer_.expires_after(kAskAgain);
    timer_.async_wait([self = shared_from_this()](const boost::system::error_code& stopped) {
      if (!stopped && !self->settled()) self->ask_again();
    });
  }

  boost::asio::steady_timer timer_;
  dataplane::PacketPipeline& pipeline_;
  exporters::Writer& writer_;
  Timestamp first_packet_;
  uint64_t token_ = 0;
  uint32_t epoch_ = 0;
};

Publisher::Publisher(boost::asio::io_context& io, dataplane::PacketPipeline& pipeline,
                     exporters::Writer& writer, Timestamp first_packet)
    : impl_(std::make_shared<Impl>(io, pipeline, writer, first_packet)) {}
Publisher::~Publisher() { impl_->cancel(); }
void Publisher::publish(const ActiveConfig& config) { impl_->publish(config); }
Timestamp Publisher::clock() const { return impl_->clock(); }

}  // namespace tapstat::control
