/// What the tests of mPlane jobs share: a clock, a probe that only remembers what it was asked to
/// hold, and specifications made from our own capabilities.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "control/group_holds.h"
#include "control/mplane/capabilities.h"
#include "control/mplane/message.h"
#include "control/mplane/specifications.h"

namespace tapstat::tests {

inline constexpr control::UtcMicroseconds kSecond = 1'000'000;
/// 2026-03-01 12:00:00 UTC.
inline constexpr control::UtcMicroseconds kNoon = 1'772'366'400 * kSecond;
/// A change is in force this long after it was asked for.
inline constexpr control::UtcMicroseconds kPublishUs = 250;

class FakeHolds : public control::GroupHolds {
 public:
  control::UtcMicroseconds now = kNoon;
  std::optional<std::string> refusal;
  std::map<uint64_t, control::Holder> held;
  std::map<uint64_t, flowstats::Group> groups;
  std::vector<std::string> calls;  // "hold 1", "release 1"
  uint32_t epoch = 1;
  std::optional<uint64_t> rows;

  flowstats::Result<control::AppliedEpoch> hold(uint64_t id, flowstats::Group group,
                                                const control::Holder& holder) override {
    calls.push_back("hold " + std::to_string(id));
    if (refusal) return flowstats::fail(flowstats::ExitStatus::environment, *refusal);
    held[id] = holder;
    groups[id] = group;
    return control::AppliedEpoch{++epoch, now + kPublishUs};
  }
  control::AppliedEpoch release(uint64_t id) override {
    calls.push_back("release " + std::to_string(id));
    held.erase(id);
    groups.erase(id);
    return {++epoch, now + kPublishUs};
  }
  std::optional<uint64_t> rows_between(uint32_t first, uint32_t end) const override {
    return rows ? std::optional<uint64_t>(*rows + end - first) : std::nullopt;
  }
  [[nodiscard]] bool holds(flowstats::Group group) const {
    for (const auto& [id, other] : groups)
      if (other == group) return true;
    return false;
  }
};

/// The specification that asks for `capability` with a token and a scope.
inline control::mplane::Message specification_of(const control::mplane::Capability& capability,
                                                 const std::string& token,
                                                 const std::string& when) {
  control::mplane::Message message = capability.message;
  message.kind = control::mplane::Kind::specification;
  message.link.reset();
  message.token = token;
  message.when = when;
  return message;
}

inline control::mplane::Message token_only(control::mplane::Kind kind, const std::string& token,
                                           int version = 0) {
  control::mplane::Message message;
  message.kind = kind;
  message.verb = "measure";
  message.version = version;
  message.token = token;
  return message;
}

inline const control::mplane::Capability& capability_for(
    const control::mplane::Capabilities& capabilities, control::mplane::Generation generation,
    flowstats::Group group) {
  const auto all = capabilities.of(generation);
  for (const control::mplane::Capability& capability : all)
    if (capability.group == group) return capability;
  return all.front();
}

/// The state machine with its clocks in the hands of the test.
class SpecificationsTest : public testing::Test {
 protected:
  SpecificationsTest() { make({}); }

  void make(const control::mplane::SpecificationLimits& limits) {
    jobs_ =
        std::make_unique<control::mplane::Specifications>(capabilities_, roles_, holds_, limits);
    jobs_->on_change([this](const control::mplane::Job& job, std::string_view what) {
      changes_.push_back(job.token() + " " + std::string(what));
    });
  }

  /// Both clocks go on.
  void pass(int64_t us) {
    now_.utc += us;
    now_.steady_us += us;
    holds_.now = now_.utc;
  }
  void advance() { jobs_->advance(now_); }
  void step_clock(int64_t us) {
    now_.utc += us;
    holds_.now = now_.utc;
  }

  const control::mplane::Capability& capability(
      flowstats::Group group,
      control::mplane::Generation generation = control::mplane::Generation::proxy_2014) const {
    return capability_for(capabilities_, generation, group);
  }
  control::mplane::Message specification(
      const std::string& token, const std::string& when,
      flowstats::Group group = flowstats::Group::end_to_end) const {
    return specification_of(capability(group), token, when);
  }
  control::mplane::Message sdk_specification(const std::string& token,
                                             const std::string& when) const {
    return specification_of(capability(flowstats::Group::layer7, control::mplane::Generation::sdk),
                            token, when);
  }

  control::mplane::Reply send(const control::mplane::Message& message,
                              const control::mplane::Client& client) {
    return jobs_->handle(client, message, now_);
  }
  control::mplane::Reply send(const control::mplane::Message& message) {
    return send(message, client_);
  }
  control::mplane::Reply specify(const std::string& token, const std::string& when) {
    return send(specification(token, when));
  }
  control::mplane::Reply redeem(const std::string& token) {
    return send(token_only(control::mplane::Kind::redemption, token));
  }
  control::mplane::Reply interrupt(const std::string& token) {
    return send(token_only(control::mplane::Kind::interrupt, token));
  }

  control::mplane::Capabilities capabilities_{control::mplane::CapabilityOptions{}};
  control::mplane::Roles roles_;
  FakeHolds holds_;
  control::mplane::Moment now_{kNoon, 5'000 * kSecond};
  control::mplane::Client client_;
  std::unique_ptr<control::mplane::Specifications> jobs_;
  std::vector<std::string> changes_;
};

inline void expect_exception(const control::mplane::Reply& reply, const std::string& token,
                             const std::string& text) {
  EXPECT_EQ(reply.message.kind, control::mplane::Kind::exception);
  EXPECT_EQ(reply.message.token, token);
  EXPECT_EQ(reply.message.text, text);
}

}  // namespace tapstat::tests
