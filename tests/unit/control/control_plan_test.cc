#include "control/control_plan.h"

#include <algorithm>
#include <fstream>
#include <string>

#include <gtest/gtest.h>

#include "control/config_origins.h"
#include "tests/support/temp_dir.h"

namespace tapstat::tests {
namespace {

using control::Config;
using control::ControlOptions;
using control::ReplayArguments;

class ControlPlan : public testing::Test {
 protected:
  void SetUp() override {
    arguments_.serve = true;
    arguments_.socket = directory_ / "s.sock";
    arguments_.config = "tapstat.toml";
  }
  flowstats::Result<ControlOptions> plan(const std::string& toml) {
    auto file = control::parse_config(toml, directory_ / "tapstat.toml");
    EXPECT_TRUE(file.errors.empty()) << file.errors.front();
    config_ = std::move(file.config);
    return make_control_options(arguments_, config_, {});
  }

  TempDir directory_;
  ReplayArguments arguments_;
  Config config_;
};

TEST_F(ControlPlan, WithoutAFileItServesOnLoopback) {
  const auto options = plan("");
  ASSERT_TRUE(options.has_value());
  EXPECT_EQ(options->server.listen, "127.0.0.1:8888");
  EXPECT_FALSE(options->server.tls || options->poller || options->mirror || options->audit_log);
  EXPECT_EQ(options->server.limits.connections, 128U);
  EXPECT_EQ(options->server.limits.connections_per_address, 8U);
  EXPECT_EQ(options->mplane.inline_wait.count(), 5'000);
  EXPECT_FALSE(options->access.token.has_value());
}

TEST_F(ControlPlan, FlagsWinOverTheFile) {
  arguments_.listen = "[::1]:0";
  arguments_.mirror = "m";
  const auto options = plan("[control]\nlisten = \"127.0.0.1:1\"\n[mplane]\nmirror = \"n\"\n");
  ASSERT_TRUE(options.has_value());
  EXPECT_EQ(options->server.listen, "[::1]:0");
  EXPECT_EQ(options->mirror, "m");
}

TEST_F(ControlPlan, EveryLimitReachesItsPlace) {
  const auto options = plan(
      "[control]\nconnections = 3\nconnections_per_address = 2\nhandshake_timeout = \"1s\"\n"
      "head_timeout = \"2s\"\nbody_timeout = \"3s\"\nidle_timeout = \"4s\"\n[mplane]\n"
      "specifications = 5\nspecifications_per_client = 6\nanswers_kept = 7\n"
      "answers_kept_for = \"8s\"\nduration_max = \"9s\"\nahead_max = \"10s\"\n"
      "allow_indefinite = false\ninline_wait = \"2s\"\nunified = true\nprobe_id = \"p\"\n"
      "system_id = \"s\"\nregistry_uri = \"http://r/\"\nbase_url = \"http://me:1/\"\n"
      "supervisor = \"http://127.0.0.1:9\"\npoll_interval = \"3s\"\nresult_hosts = [\"x:1\"]\n"
      "state_directory = \"state\"\n");
  ASSERT_TRUE(options.has_value());
  const control::http::ServerLimits& limits = options->server.limits;
  EXPECT_EQ(limits.connections, 3U);
  EXPECT_EQ(limits.connections_per_address, 2U);
  EXPECT_EQ(limits.handshake.count(), 1'000);
  EXPECT_EQ(limits.head.count(), 2'000);
  EXPECT_EQ(limits.body.count(), 3'000);
  EXPECT_EQ(limits.idle.count(), 4'000);
  const control::mplane::SpecificationLimits& jobs = options->mplane.limits;
  EXPECT_EQ(jobs.active, 5U);
  EXPECT_EQ(jobs.active_per_owner, 6U);
  EXPECT_EQ(jobs.answers_kept, 7U);
  EXPECT_EQ(jobs.answers_kept_us, 8'000'000);
  EXPECT_EQ(jobs.scope.duration_us_max, 9'000'000);
  EXPECT_EQ(jobs.scope.ahead_us_max, 10'000'000);
  EXPECT_FALSE(jobs.scope.allow_indefinite);
  EXPECT_EQ(options->mplane.inline_wait.count(), 2'000);
  const control::mplane::CapabilityOptions& offered = options->mplane.capabilities;
  EXPECT_TRUE(offered.unified);
  EXPECT_EQ(offered.system_id, "p");
  EXPECT_EQ(offered.metadata.at("System_ID"), "s");
  EXPECT_EQ(offered.registry_uri, "http://r/");
  EXPECT_EQ(offered.base_url, "http://me:1");
  EXPECT_EQ(options->poller->interval.count(), 3'000);
  EXPECT_EQ(options->poller->result_hosts, std::vector<std::string>{"x:1"});
  EXPECT_EQ(options->mplane.state_directory, directory_ / "state");
  EXPECT_NE(std::ranges::find(options->access.hosts, "me"), options->access.hosts.end());
}

TEST_F(ControlPlan, CertificateKeyAndAuthorityBelongTogether) {
  const auto options = plan("[control]\ncertificate = \"a\"\nkey = \"b\"\n");
  ASSERT_FALSE(options.has_value());
  EXPECT_EQ(options.error().status, flowstats::ExitStatus::usage);
  EXPECT_NE(options.error().sentence.find("[control] client_ca is missing"), std::string::npos)
      << options.error().sentence;
}

TEST_F(ControlPlan, ATokenThatOthersMayReadIsRefused) {
  std::ofstream(directory_ / "token") << "secret\n";
  std::filesystem::permissions(directory_ / "token", std::filesystem::perms{0644});
  EXPECT_FALSE(plan("[control]\ntoken_file = \"token\"\n").has_value());
  std::filesystem::permissions(directory_ / "token", std::filesystem::perms{0400});
  const auto options = plan("[control]\ntoken_file = \"token\"\n");
  ASSERT_TRUE(options.has_value());
  EXPECT_EQ(options->access.token, "secret");
}

TEST_F(ControlPlan, EveryValueSaysWhereItCameFrom) {
  arguments_.flow_capacity = 77;
  ASSERT_TRUE(plan("[log]\nschema = \"tstat-3.3\"\n").has_value());
  config_.flow_capacity = 77;
  const auto values = control::config_origins(
      arguments_, config_, control::measurement_of(config_, flowstats::Mode::tstat));
  const auto find = [&](std::string_view key) {
    return *std::ranges::find(values, key, &control::rest::ConfigOrigin::key);
  };
  EXPECT_EQ(find("schema").value, "tstat-3.3");
  EXPECT_EQ(find("schema").origin, (directory_ / "tapstat.toml").string() + ":2");
  EXPECT_EQ(find("capacity").value, "77");
  EXPECT_EQ(find("capacity").origin, "--flows");
  EXPECT_EQ(find("tcp_idle").value, "300s");
  EXPECT_EQ(find("tcp_idle").origin, "default");
}

TEST_F(ControlPlan, StrictPrivacyIsTheOriginOfThePathsOfHttp) {
  ASSERT_TRUE(plan("[log]\nhttp_url = 2\n").has_value());
  const auto url = [&] {
    const auto values = control::config_origins(arguments_, config_, {});
    return *std::ranges::find(values, "http_url", &control::rest::ConfigOrigin::key);
  };
  EXPECT_EQ(url().value, "2");
  arguments_.privacy.strict = true;
  EXPECT_EQ(url().value, "0");
  EXPECT_EQ(url().origin, "--strict-privacy");
}

}  // namespace
}  // namespace tapstat::tests
