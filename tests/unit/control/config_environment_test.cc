#include "control/config_environment.h"

#include <cstdlib>
#include <set>
#include <string>

#include <gtest/gtest.h>

namespace tapstat::tests {
namespace {

using control::ConfigFile;
using control::EnvironmentVariable;
using Lines = std::vector<std::string>;

/// What [flows] etc. of `toml` say with the variables on top.
ConfigFile with(const std::string& toml, const std::vector<EnvironmentVariable>& variables) {
  ConfigFile file = control::parse_config(toml, "dir/t.toml");
  take_environment(file, variables);
  return file;
}

Lines errors(const std::string& name, const std::string& value) {
  return with("", {{name, value}}).errors;
}

TEST(ConfigEnvironment, EveryKeyHasAVariableOfItsOwn) {
  std::set<std::string> names;
  for (const auto& key : control::kConfigKeys) {
    const std::string name = control::variable_of(key);
    EXPECT_EQ(name.empty(), key.section.ends_with('*')) << key.section << " " << key.name;
    EXPECT_TRUE(name.empty() || names.insert(name).second) << name;
  }
  EXPECT_TRUE(names.contains("TAPSTAT_OUTPUT_TSTAT_ROTATE"));
}

TEST(ConfigEnvironment, WinsOverTheFileAndNamesItself) {
  const auto file =
      with("[flows]\ncapacity = 7\nudp_pairs = 8\n", {{"TAPSTAT_FLOWS_CAPACITY", "9"}});
  ASSERT_EQ(file.errors, Lines{});
  EXPECT_EQ(file.config.flow_capacity, 9U);
  EXPECT_EQ(file.config.udp_pairs, 8U);
  EXPECT_EQ(file.config.settings.back().origin, "TAPSTAT_FLOWS_CAPACITY");
  EXPECT_EQ(file.config.settings.front().origin, "dir/t.toml:2");
}

TEST(ConfigEnvironment, ReadsEveryType) {
  const auto file = with("[privacy]\nanonymise = [\"external\", \"192.0.2.0/24\"]\n",
                         {{"TAPSTAT_MEASUREMENT_PAYLOAD", "false"},
                          {"TAPSTAT_FLOWS_TCP_IDLE", "2m"},
                          {"TAPSTAT_LOG_SCHEMA", "tstat-3.3"},
                          {"TAPSTAT_NETWORK_INTERNAL", "a/nets"},
                          {"TAPSTAT_CONTROL_HOSTS", "one, two"},
                          {"TAPSTAT_CONTROL_LISTEN", "[::1]:0"},
                          {"TAPSTAT_OUTPUT_TSTAT_GROUPS", "p2p,options"},
                          {"TAPSTAT_PRIVACY_ANONYMISE", "internal"}});
  ASSERT_EQ(file.errors, Lines{});
  const control::Config& c = file.config;
  EXPECT_EQ(c.payload, false);
  EXPECT_EQ(c.tcp_idle->us, 120'000'000);
  EXPECT_EQ(c.schema, flowstats::Schema::tstat_3_3);
  EXPECT_EQ(c.internal, "a/nets");  // not below the file's directory
  EXPECT_EQ(c.control.hosts, (Lines{"one", "two"}));
  EXPECT_EQ(c.control.listen, "[::1]:0");
  EXPECT_EQ(c.groups->bits(), 12);
  EXPECT_TRUE(c.privacy.internal);
  EXPECT_FALSE(c.privacy.external);  // the file's list is gone as a whole
  EXPECT_FALSE(
      c.privacy.networks.lists(flowstats::IpVersion::v4, flowstats::IpAddress::v4(0xc0000201)));
}

TEST(ConfigEnvironment, RefusesWrongValues) {
  EXPECT_EQ(errors("TAPSTAT_FLOWS_CAPACITY", "many"),
            Lines{"tapstat: TAPSTAT_FLOWS_CAPACITY = \"many\": must be a whole number of 1 to "
                  "100000000."});
  EXPECT_EQ(
      errors("TAPSTAT_FLOWS_CAPACITY", "0"),
      Lines{"tapstat: TAPSTAT_FLOWS_CAPACITY = 0: must be a whole number of 1 to 100000000."});
  EXPECT_EQ(errors("TAPSTAT_MEASUREMENT_PAYLOAD", "yes"),
            Lines{"tapstat: TAPSTAT_MEASUREMENT_PAYLOAD = \"yes\": must be true or false."});
  EXPECT_EQ(errors("TAPSTAT_PRIVACY_ANONYMISE", "intern").size(), 1U);
  EXPECT_EQ(errors("TAPSTAT_OUTPUT_TSTAT_GROUPS", "all,none").size(), 1U);
  EXPECT_EQ(errors("TAPSTAT_NETWORK_INTERNAL", "").size(), 1U);
}

TEST(ConfigEnvironment, RefusesNamesThatWereMeantForUs) {
  EXPECT_EQ(errors("TAPSTAT_FLOWS_CAPACTIY", "1"),
            Lines{"tapstat: unknown variable TAPSTAT_FLOWS_CAPACTIY in the environment. Did you "
                  "mean TAPSTAT_FLOWS_CAPACITY?"});
  EXPECT_EQ(errors("TAPSTAT_MPLANE_ABCDEFGHIJKLMNOP", "1"),
            Lines{"tapstat: unknown variable TAPSTAT_MPLANE_ABCDEFGHIJKLMNOP in the environment."});
  EXPECT_EQ(errors("TAPSTAT_FLOW_CAPACITY", "1").size(), 1U);
  EXPECT_EQ(errors("TAPSTAT_NETWORK_TUNNEL_DEPTH", "1"),
            Lines{"tapstat: TAPSTAT_NETWORK_TUNNEL_DEPTH: this key of tapstat.toml has no effect "
                  "yet; unset the variable."});
}

TEST(ConfigEnvironment, LeavesOtherNamesAlone) {
  for (const char* name :
       {"TAPSTAT_SHARED", "TAPSTAT_SOURCE_ROOT", "TAPSTAT_EXE", "TAPSTAT_FUZZ_SECONDS", "TAPSTAT_"})
    EXPECT_EQ(errors(name, "x"), Lines{}) << name;
}

TEST(ConfigEnvironment, IsThatOfTheProcess) {
  ASSERT_EQ(setenv("TAPSTAT_LOG_HTTP_URL", "1", 1), 0);
  const auto file = control::load_configuration({});
  EXPECT_EQ(unsetenv("TAPSTAT_LOG_HTTP_URL"), 0);
  EXPECT_EQ(file.errors, Lines{});
  EXPECT_EQ(file.config.http_url, 1U);
  EXPECT_FALSE(control::load_configuration({}).config.http_url);
}

}  // namespace
}  // namespace tapstat::tests
