#include "control/mplane/poller.h"

#include <utility>

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include "control/http/server.h"

namespace tapstat::tests {
namespace {

using namespace std::chrono_literals;
using control::mplane::Component;
using control::mplane::Kind;
using control::mplane::Message;
using control::mplane::Poller;
using control::mplane::PollerOptions;
using flowstats::ExitStatus;
namespace http = control::http;
namespace mplane = control::mplane;

class NoHolds : public control::GroupHolds {
 public:
  flowstats::Result<control::AppliedEpoch> hold(uint64_t, flowstats::Group,
                                                const control::Holder&) override {
    return control::AppliedEpoch{++epoch_, 0};
  }
  control::AppliedEpoch release(uint64_t) override { return {++epoch_, 0}; }
  [[nodiscard]] std::optional<uint64_t> rows_between(uint32_t, uint32_t) const override {
    return std::nullopt;
  }

 private:
  uint32_t epoch_ = 1;
};

/// A component, and a client that it polls, over loopback.
class PollerTest : public testing::Test {
 protected:
  void SetUp() override {
    auto audit = control::AuditLog::open(std::nullopt, messages_);
    ASSERT_TRUE(audit.has_value());
    audit_ = std::move(*audit);
    auto component = Component::create(io_, {}, {}, holds_, *audit_);
    ASSERT_TRUE(component.has_value()) << component.error().sentence;
    component_ = std::move(*component);
    component_->start();
  }

  void start_client() {
    http::RouteFamily family;
    const auto error = [](unsigned status, std::string_view) {
      http::Response response;
      response.status = status;
      return response;
    };
    family.error = error;
    family.routes = {route("POST", "/register/capability", "{}", registered_),
                     route("GET", "/show/specification", "", polled_),
                     route("POST", "/register/result", "", delivered_)};
    router_.add(std::move(family));
    http::ServerOptions options;
    options.listen = "127.0.0.1:0";
    auto server = http::Server::create(io_, options, router_);
    ASSERT_TRUE(server.has_value()) << server.error().sentence;
    server_ = std::move(*server);
    server_->serve();
  }

  /// Keeps each body; a poll is answered with what waits in `specifications_`.
  http::Route route(std::string_view method, std::string_view path, std::string body,
                    std::vector<Message>& bodies) {
    http::Route made;
    made.method = method;
    made.path = path;
    made.handle = [this, body = std::move(body), &bodies](
                      const http::Request& request, std::string_view, const http::Answer& answer) {
      const auto message = mplane::parse_message(request.body);
      bodies.push_back(message ? *message : Message{});
      http::Response response;
      response.content_type = mplane::kContentType;
      response.body = body;
      if (request.method == "GET") {
        Message envelope;
        envelope.kind = Kind::envelope;
        envelope.verb = "message";
        envelope.version = mplane::kVersionSdk;
        envelope.contents = std::exchange(specifications_, {});
        response.body = to_json(envelope);
      }
      answer(std::move(response));
    };
    return made;
  }

  void run_until(const std::function<bool()>& done) {
    const auto end = std::chrono::steady_clock::now() + 10s;
    while (!done() && std::chrono::steady_clock::now() < end) io_.run_for(10ms);
  }

  boost::asio::io_context io_{1};
  control::Messages messages_;
  std::unique_ptr<control::AuditLog> audit_;
  NoHolds holds_;
  std::unique_ptr<Component> component_;
  http::Router router_;
  std::unique_ptr<http::Server> server_;
  std::vector<Message> specifications_, registered_, polled_, delivered_;
};

TEST_F(PollerTest, RegistersPollsAndDelivers) {
  start_client();
  Message asked = component_->capabilities().of(mplane::Generation::sdk)[1].message;
  asked.kind = Kind::specification;
  asked.link = server_->base_url() + "/";
  asked.token = "t1";
  asked.when = "now + 1s";
  specifications_ = {asked};
  PollerOptions options;
  options.url = server_->base_url();
  options.interval = 1s;
  auto poller = Poller::create(io_, options, *component_);
  ASSERT_TRUE(poller.has_value()) << poller.error().sentence;
  (*poller)->start();
  run_until([this] { return delivered_.size() >= 2 && polled_.size() >= 2; });

  ASSERT_EQ(registered_.size(), 1U);
  ASSERT_EQ(registered_[0].contents.size(), 6U);
  EXPECT_EQ(registered_[0].contents[0].label, "tstat-log_tcp_complete-core");
  EXPECT_EQ(registered_[0].contents[0].link, "");
  EXPECT_EQ(registered_[0].contents[5].verb, "callback");
  ASSERT_EQ(delivered_.size(), 2U);
  EXPECT_EQ(delivered_[0].kind, Kind::receipt);
  EXPECT_EQ(delivered_[1].kind, Kind::result);
  EXPECT_EQ(delivered_[1].token, "t1");
  run_until([&] { return (*poller)->counters().delivered == 2; });
  EXPECT_TRUE(component_->specifications().jobs().front().delivered);
  EXPECT_EQ((*poller)->counters().registrations, 1U);
  EXPECT_EQ((*poller)->counters().failures, 0U) << (*poller)->counters().last_error;
  (*poller)->stop();
  const size_t polls = polled_.size();
  io_.run_for(1200ms);
  EXPECT_EQ(polled_.size(), polls);
}

TEST_F(PollerTest, AClientThatIsNotThereIsTriedAgain) {
  PollerOptions options;
  options.url = "http://127.0.0.1:1";
  auto poller = Poller::create(io_, options, *component_);
  ASSERT_TRUE(poller.has_value()) << poller.error().sentence;
  (*poller)->start();
  run_until([&] { return (*poller)->counters().failures >= 2; });
  EXPECT_GE((*poller)->counters().failures, 2U);
  EXPECT_NE((*poller)->counters().last_error.find("http://127.0.0.1:1"), std::string::npos);
}

TEST_F(PollerTest, WrongAddressesAndIntervalsAreUsageErrors) {
  const auto refusal = [this](const std::string& url, std::chrono::milliseconds interval) {
    PollerOptions options;
    options.url = url;
    options.interval = interval;
    const auto poller = Poller::create(io_, options, *component_);
    if (poller) return std::string("accepted");
    EXPECT_EQ(poller.error().status, ExitStatus::usage);
    return poller.error().sentence;
  };
  EXPECT_NE(refusal("client.example", 5s).find("\"client.example\": not the address"),
            std::string::npos);
  EXPECT_NE(refusal("unix:/run/x.sock:/", 5s).find("not the address"), std::string::npos);
  EXPECT_NE(refusal("http://c.example:8889/show", 5s).find("paths are set by keys"),
            std::string::npos);
  EXPECT_NE(refusal("https://c.example:8889", 5s).find("client_ca"), std::string::npos);
  EXPECT_NE(refusal("http://c.example:8889", 9s).find("not from 1s to 8s"), std::string::npos);
  EXPECT_NE(refusal("http://c.example:8889", 500ms).find("not from 1s to 8s"), std::string::npos);
  EXPECT_EQ(refusal("http://c.example:8889", 8s), "accepted");
}

}  // namespace
}  // namespace tapstat::tests
