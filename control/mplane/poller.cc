#include "control/mplane/poller.h"

#include <map>
#include <random>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "control/mplane/polling.h"

namespace tapstat::control::mplane {
namespace {

using flowstats::ExitStatus;
using flowstats::fail;
using std::chrono::milliseconds;

flowstats::Result<http::Url> checked_url(const PollerOptions& options) {
  const std::optional<http::Url> url = http::parse_url(options.url);
  const auto refuse = [&](const std::string& why) {
    return fail(ExitStatus::usage, "[mplane] supervisor = \"" + options.url + "\": " + why);
  };
  if (!url || (url->scheme != "http" && url->scheme != "https") || url->path != "/")
    return refuse(
        "not the address of a client. Example: \"https://192.0.2.11:8889\"; paths are "
        "set by keys of their own.");
  if (url->scheme == "https" && !options.tls)
    return refuse("https needs an authority that signs its certificate; set client_ca.");
  if (options.interval < kPollIntervalMin || options.interval > kPollIntervalMax)
    return fail(ExitStatus::usage, "[mplane] poll_interval = \"" +
                                       std::to_string(options.interval.count()) +
                                       "ms\": not from 1s to 8s. Clients forget after 10 s.");
  return *url;
}

/// The five capabilities without a link, since answers come by polling, and callback control.
Message registration(const Capabilities& capabilities) {
  Message envelope;
  envelope.kind = Kind::envelope;
  envelope.verb = "message";
  envelope.version = kVersionSdk;
  for (const Capability& capability : capabilities.of(Generation::sdk)) {
    envelope.contents.push_back(capability.message);
    envelope.contents.back().link = "";
  }
  envelope.contents.push_back(capabilities.callback());
  return envelope;
}

template <class Duration, class Clock>
Duration since_epoch() {
  return std::chrono::duration_cast<Duration>(Clock::now().time_since_epoch());
}

}  // namespace

class Poller::Impl {
 public:
  Impl(boost::asio::io_context& io, const PollerOptions& options, const http::Url& base,
       Component& component)
      : io_(io),
        tls_(options.tls),
        component_(component),
        timer_(io),
        polling_(options, base, registration(component.capabilities()), outside()) {}

  void start() {
    running_ = true;
    run();
  }

  void stop() {
    running_ = false;
    timer_.cancel();
    clients_.clear();  // what is under way is not answered any more
  }

  [[nodiscard]] const PollerCounters& counters() const { return polling_.counters(); }

 private:
  PollingOutside outside() {
    PollingOutside out;
    out.send = [this](const std::string& channel, http::ClientRequest request,
                      PollingOutside::Answered answered) {
      auto& client = clients_[channel];
      if (!client) client = std::make_unique<http::AsyncHttpClient>(io_, tls_);
      client->send(std::move(request), std::move(answered));
    };
    out.carry_out = [this](const Client& client, const Message& message,
                           std::function<void(const Reply&)> ended) {
      return component_.carry_out(client, message, std::move(ended));
    };
    out.delivered = [this](uint64_t job) { component_.delivered(job); };
    out.now = [] { return since_epoch<milliseconds, std::chrono::steady_clock>(); };
    out.utc = [] {
      return since_epoch<std::chrono::microseconds, std::chrono::system_clock>().count();
    };
    out.jitter = [this] { return std::uniform_real_distribution<double>(0, 1)(random_); };
    out.wake = [this] { wait_until(polling_.next_due()); };
    return out;
  }

  void run() {
    if (!running_) return;
    polling_.advance();
    wait_until(polling_.next_due());
  }

  void wait_until(std::optional<milliseconds> due) {
    timer_.cancel();
    if (!running_ || !due) return;
    timer_.expires_at(std::chrono::steady_clock::time_point(*due));
    timer_.async_wait(
        [this, alive = std::weak_ptr<char>(alive_)](const boost::system::error_code& error) {
          if (!error && !alive.expired()) run();
        });
  }

  boost::asio::io_context& io_;
  std::optional<http::ClientTls> tls_;
  Component& component_;
  boost::asio::steady_timer timer_;
  std::map<std::string, std::unique_ptr<http::AsyncHttpClient>> clients_;  // by channel
  std::mt19937 random_{std::random_device{}()};
  bool running_ = false;
  Polling polling_;
  std::shared_ptr<char> alive_ = std::make_shared<char>();
};

flowstats::Result<std::unique_ptr<Poller>> Poller::create(boost::asio::io_context& io,
                                                          const PollerOptions& options,
                                                          Component& component) {
  const flowstats::Result<http::Url> base = checked_url(options);
  if (!base) return tl::make_unexpected(base.error());
  return std::unique_ptr<Poller>(new Poller(std::make_unique<Impl>(io, options, *base, component)));
}

Poller::Poller(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Poller::~Poller() = default;
void Poller::start() { impl_->start(); }
void Poller::stop() { impl_->stop(); }
const PollerCounters& Poller::counters() const { return impl_->counters(); }

}  // namespace tapstat::control::mplane
