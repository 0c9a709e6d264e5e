/// A component with a router in front of it, driven without sockets: what its tests share.
#pragma once

#include <chrono>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include "control/audit_log.h"
#include "control/mplane/component.h"
#include "control/mplane/pages.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/control/mplane/job_world.h"

namespace tapstat::tests {

/// An answer that may still be outstanding.
struct Answered {
  bool done = false;
  control::http::Response response;

  [[nodiscard]] control::mplane::Message message() const {
    return control::mplane::parse_message(response.body).value();
  }
  [[nodiscard]] std::string header(const std::string& name) const {
    for (const auto& [key, value] : response.headers)
      if (key == name) return value;
    return {};
  }
  /// As a server does when the bytes are gone.
  void written(bool whole) const {
    if (response.written) response.written(whole);
  }
};

class ComponentTest : public testing::Test {
 protected:
  ComponentTest() {
    messages_ = std::make_unique<control::Messages>();
    audit_ = control::AuditLog::open(directory_ / "audit.log", *messages_).value();
    options_.state_directory = directory_ / "state";
  }
  ~ComponentTest() override {
    component_.reset();
    io_.restart();
    io_.poll();
  }

  void begin(control::mplane::Roles roles = {}) {
    auto made =
        control::mplane::Component::create(io_, options_, std::move(roles), holds_, *audit_);
    ASSERT_TRUE(made.has_value()) << made.error().sentence;
    component_ = std::move(*made);
    router_ = control::http::Router{};
    router_.add(component_->routes());
    component_->start();
  }

  std::shared_ptr<Answered> ask(control::http::Request request) {
    auto answered = std::make_shared<Answered>();
    router_.handle(request, [answered](control::http::Response response) {
      EXPECT_FALSE(answered->done) << "one answer for each request";
      answered->done = true;
      answered->response = std::move(response);
    });
    return answered;
  }
  std::shared_ptr<Answered> get(const std::string& path) {
    control::http::Request request;
    request.method = "GET";
    request.path = path;
    request.peer = peer_;
    return ask(request);
  }
  std::shared_ptr<Answered> post_text(
      const std::string& body, const std::string& path = "/",
      const std::string& type = std::string(control::mplane::kContentType)) {
    control::http::Request request;
    request.method = "POST";
    request.path = path;
    request.content_type = type;
    request.body = body;
    request.peer = peer_;
    return ask(request);
  }
  std::shared_ptr<Answered> post(const control::mplane::Message& message,
                                 const std::string& path = "/") {
    return post_text(control::mplane::to_json(message), path);
  }
  std::shared_ptr<Answered> specify(const std::string& token, const std::string& when) {
    return post(specification(token, when));
  }
  control::mplane::Message specification(const std::string& token, const std::string& when) const {
    return specification_of(
        capability_for(component_->capabilities(), control::mplane::Generation::proxy_2014,
                       flowstats::Group::end_to_end),
        token, when);
  }
  /// A scope of the machine's clock that begins now.
  [[nodiscard]] static std::string for_ms(int64_t ms) {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    const int64_t us = std::chrono::duration_cast<std::chrono::microseconds>(now).count();
    return control::mplane::interval_text(us, us + ms * 1'000);
  }
  void run_for(std::chrono::milliseconds time) {
    io_.restart();
    io_.run_for(time);
  }

  control::mplane::Roles roles() {
    std::ofstream(directory_ / "users.conf") << "alice: guest\norg.alice: guest\n";
    std::ofstream(directory_ / "caps.conf") << "tstat-log_tcp_complete-end_to_end: guest\n"
                                               "tstat-log_tcp_complete-layer7: guest\n";
    return *control::mplane::Roles::load({.users = directory_ / "users.conf",
                                          .capabilities = directory_ / "caps.conf",
                                          .component_ini = {}});
  }
  void come_as(const std::string& name) {
    peer_.via = control::http::Via::tls;
    peer_.common_name = name;
    peer_.identity = "org." + name;
  }
  [[nodiscard]] std::string audit_text() const {
    std::ifstream stream(directory_ / "audit.log");
    return {std::istreambuf_iterator<char>(stream), {}};
  }

  TempDir directory_;
  boost::asio::io_context io_;
  std::unique_ptr<control::Messages> messages_;
  std::unique_ptr<control::AuditLog> audit_;
  FakeHolds holds_;
  control::mplane::ComponentOptions options_;
  std::unique_ptr<control::mplane::Component> component_;
  control::http::Router router_;
  control::http::Peer peer_;
};

inline void expect_error(const Answered& answered, unsigned status, const std::string& text,
                         std::string_view token = control::mplane::kNoToken) {
  ASSERT_TRUE(answered.done);
  EXPECT_EQ(answered.response.status, status);
  EXPECT_EQ(answered.response.content_type, control::mplane::kContentType);
  EXPECT_EQ(answered.response.body,
            control::mplane::to_json(control::mplane::exception(token, text)));
}

}  // namespace tapstat::tests
