#include "control/mplane/roles.h"

#include <cstdlib>
#include <fstream>

#include <gtest/gtest.h>

#include "tests/support/temp_dir.h"

namespace tapstat::tests {
namespace {

using control::mplane::Client;
using control::mplane::Generation;
using control::mplane::RoleFiles;
using control::mplane::Roles;
using Names = std::set<std::string>;

Client client(const std::string& common_name, const std::string& identity) {
  return {.checked = true, .common_name = common_name, .identity = identity};
}

class RolesTest : public testing::Test {
 protected:
  std::filesystem::path file(const std::string& name, const std::string& text) {
    std::ofstream(directory_ / name) << text;
    return directory_ / name;
  }
  RoleFiles both(const std::string& users, const std::string& capabilities) {
    return {.users = file("users.conf", users),
            .capabilities = file("caps.conf", capabilities),
            .component_ini = {}};
  }
  TempDir directory_;
};

TEST_F(RolesTest, TheTwoFilesOf2014) {
  const auto roles = Roles::load(both("# who\n\n  alice : guest ,admin\r\nbob:other # note\n",
                                      "tstat-log_tcp_complete-core: guest, staff"));
  ASSERT_TRUE(roles.has_value()) << roles.error().sentence;
  const Client alice = client("alice", "org.alice"), bob = client("bob", "org.bob");
  EXPECT_EQ(roles->of(alice, Generation::proxy_2014), (Names{"admin", "guest"}));
  EXPECT_TRUE(roles->may_use(alice, Generation::proxy_2014, "tstat-log_tcp_complete-core"));
  EXPECT_FALSE(roles->may_use(bob, Generation::proxy_2014, "tstat-log_tcp_complete-core"));
  EXPECT_TRUE(roles->is_admin(alice, Generation::proxy_2014));
  EXPECT_FALSE(roles->is_admin(bob, Generation::proxy_2014));
}

TEST_F(RolesTest, WhatIsNotNamedIsDenied) {
  const auto roles = Roles::load(both("alice: guest\n", "core: guest\n"));
  ASSERT_TRUE(roles.has_value());
  EXPECT_FALSE(roles->may_use(client("alice", ""), Generation::proxy_2014, "layer7"));
  EXPECT_FALSE(roles->may_use(client("alice", ""), Generation::proxy_2014, "core-0"))
      << "labels are compared whole";
  EXPECT_FALSE(roles->may_use(client("carol", ""), Generation::proxy_2014, "core"));
  EXPECT_FALSE(roles->may_use(client("", ""), Generation::proxy_2014, "core"));
  EXPECT_FALSE(Roles{}.may_use(client("alice", ""), Generation::proxy_2014, "core"));
}

TEST_F(RolesTest, TheGenerationSelectsTheName) {
  const auto roles = Roles::load(both("alice: guest\norg.bob: guest\n", "core: guest\n"));
  ASSERT_TRUE(roles.has_value());
  const Client alice = client("alice", "org.alice"), bob = client("bob", "org.bob");
  EXPECT_TRUE(roles->may_use(alice, Generation::proxy_2014, "core"));
  EXPECT_FALSE(roles->may_use(alice, Generation::sdk, "core"));
  EXPECT_TRUE(roles->may_use(bob, Generation::sdk, "core"));
  EXPECT_FALSE(roles->may_use(bob, Generation::proxy_2014, "core"));
}

TEST_F(RolesTest, TheIniFileOfTheSdk) {
  const auto roles = Roles::load({.users = {},
                                  .capabilities = {},
                                  .component_ini = file("component.conf",
                                                        "[TLS]\nca-chain = x\nnot a line\n"
                                                        "; a remark\n[Roles]\n"
                                                        "org.mplane.Client-1 = guest,admin\n"
                                                        "[Authorizations]\ncore = guest\n"
                                                        "[component]\nworkflow = x\n")});
  ASSERT_TRUE(roles.has_value()) << roles.error().sentence;
  const Client one = client("Client-1", "org.mplane.Client-1");
  EXPECT_TRUE(roles->may_use(one, Generation::sdk, "core"));
  EXPECT_FALSE(roles->may_use(one, Generation::sdk, "workflow"));
  EXPECT_FALSE(roles->may_use(client("", "org.mplane.client-1"), Generation::sdk, "core"))
      << "upper and lower case differ";
}

TEST_F(RolesTest, FilesAddUp) {
  RoleFiles files = both("alice: one\n", "core: two\n");
  files.component_ini = file("component.conf", "[Roles]\nalice = two\n");
  const auto roles = Roles::load(files);
  ASSERT_TRUE(roles.has_value());
  EXPECT_EQ(roles->of(client("alice", ""), Generation::proxy_2014), (Names{"one", "two"}));
}

TEST_F(RolesTest, ANameMayHoldTheSeparator) {
  const auto roles = Roles::load(both("probe 00:1a: guest\n", "core: guest\n"));
  ASSERT_TRUE(roles.has_value());
  EXPECT_TRUE(roles->may_use(client("probe 00:1a", ""), Generation::proxy_2014, "core"));
}

TEST_F(RolesTest, WithoutTlsNothingIsChecked) {
  EXPECT_TRUE(Roles{}.may_use(Client{}, Generation::sdk, "core"));
  EXPECT_TRUE(Roles{}.is_admin(Client{}, Generation::sdk));
  EXPECT_TRUE(Roles{}.of(Client{}, Generation::sdk).empty());
}

TEST_F(RolesTest, WrongLinesAreNamed) {
  struct Case {
    const char* text;
    const char* said;
  };
  for (const Case& one :
       {Case{"alice: guest\nbob guest\n", ":2: a line is a name"},
        Case{"\n\n: guest\n", ":3: a line is a name"}, Case{"alice:\n", ":1: \"\" is no role"},
        Case{"alice: a,,b\n", ":1: \"\" is no role"},
        Case{"alice: a b\n", ":1: \"a b\" is no role"},
        Case{"alice: a\nalice: b\n", ":2: \"alice\" stands in this file twice"}}) {
    SCOPED_TRACE(one.text);
    const auto roles = Roles::load(both(one.text, "core: guest\n"));
    ASSERT_FALSE(roles.has_value());
    EXPECT_EQ(roles.error().status, flowstats::ExitStatus::usage);
    EXPECT_NE(roles.error().sentence.find("users.conf" + std::string(one.said)), std::string::npos)
        << roles.error().sentence;
  }
  const auto ini = Roles::load(
      {.users = {}, .capabilities = {}, .component_ini = file("c.conf", "[Roles\na = b\n")});
  ASSERT_FALSE(ini.has_value());
  EXPECT_NE(ini.error().sentence.find("c.conf:1: "), std::string::npos);
}

TEST_F(RolesTest, AFileThatCannotBeReadIsAnError) {
  const auto roles =
      Roles::load({.users = directory_ / "none", .capabilities = {}, .component_ini = {}});
  ASSERT_FALSE(roles.has_value());
  EXPECT_EQ(roles.error().status, flowstats::ExitStatus::usage);
  EXPECT_NE(roles.error().sentence.find("no such file"), std::string::npos);
}

TEST_F(RolesTest, FilesAreLookedForInTheEnvironmentsDirectories) {
  file("users.conf", "alice: guest\n");
  const std::string directory = directory_.path().string();
  const char* const home = std::getenv("HOME");
  const std::string home_before = home == nullptr ? "" : home;
  ::setenv("HOME", (directory + "/none").c_str(), 1);
  ::setenv("MPLANE_CONF_DIR", directory.c_str(), 1);
  const RoleFiles files = control::mplane::find_role_files();
  ::unsetenv("MPLANE_CONF_DIR");
  ::setenv("HOME", home_before.c_str(), 1);
  if (!std::filesystem::exists("/etc/mplane/users.conf")) {
    EXPECT_EQ(files.users, directory_ / "users.conf");
  }
  EXPECT_FALSE(files.component_ini.has_value());
}

TEST(ClientOf, TakesTheNamesOfThePeer) {
  control::http::Peer peer;
  peer.via = control::http::Via::tls;
  peer.common_name = "c";
  peer.identity = "a.c";
  const Client over_tls = control::mplane::client_of(peer);
  EXPECT_TRUE(over_tls.checked);
  EXPECT_EQ(over_tls.common_name, "c");
  EXPECT_EQ(over_tls.identity, "a.c");
  for (const auto via : {control::http::Via::plain, control::http::Via::local}) {
    control::http::Peer other;
    other.via = via;
    EXPECT_FALSE(control::mplane::client_of(other).checked);
    EXPECT_EQ(control::mplane::client_of(other).identity, control::http::kUnauthenticated);
  }
}

}  // namespace
}  // namespace tapstat::tests
