#include "control/privileges/privileges.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "control/privileges/capabilities.h"
#include "control/privileges/sanitizer_build.h"
#include "control/privileges/thread_state.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/control/privileges/child_process.h"
#include "tests/unit/control/privileges/parked_threads.h"

namespace tapstat::tests {
namespace {

using control::find_identity;
using control::Identity;
using flowstats::ExitStatus;

constexpr const char* kOther = "nobody";

/// Changing the user takes root; the rest works for everybody.
class AsRoot : public testing::Test {
  void SetUp() override {
    if (geteuid() != 0) GTEST_SKIP() << "only root can become another user";
  }
};

void drop(const Identity& identity) {
  const auto dropped = control::drop_privileges(identity);
  EXPECT_TRUE(dropped.has_value()) << dropped.error().sentence;
}

std::vector<control::ThreadState> thread_states() {
  auto states = control::thread_states();
  EXPECT_TRUE(states.has_value()) << states.error().sentence;
  return states ? std::move(*states) : std::vector<control::ThreadState>{};
}

void expect_nothing_left(const Identity& identity) {
  const auto threads = thread_states();
  EXPECT_EQ(threads.size(), 4U);
  for (const control::ThreadState& thread : threads) {
    EXPECT_FALSE(thread.has_capabilities()) << thread.id;
    EXPECT_TRUE(thread.no_new_privileges) << thread.id;
    EXPECT_TRUE(thread.filtered) << thread.id;
    for (const uid_t uid : thread.uids) EXPECT_EQ(uid, identity.uid) << thread.id;
    for (const gid_t gid : thread.gids) EXPECT_EQ(gid, identity.gid) << thread.id;
  }
  EXPECT_EQ(prctl(PR_GET_DUMPABLE, 0, 0, 0, 0), control::kLeakCheckAttaches ? 1 : 0);
}

TEST_F(AsRoot, AThreadOfALibraryHasNothingLeftEither) {
  const TempDir closed;  // mode 0700, of root
  const Ending ending = in_child([&] {
    std::atomic<int> refused = 0;
    ParkedThreads threads(3, [&] {
      const int opened = open((closed / "x").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
      const bool no_file = opened < 0 && errno == EACCES;
      const bool no_raw_socket = syscall(SYS_socket, AF_PACKET, SOCK_RAW, 0) < 0 && errno == EPERM;
      const bool no_way_back = syscall(SYS_setresuid, 0, 0, 0) < 0 && errno == EPERM;
      if (no_file && no_raw_socket && no_way_back) ++refused;
    });
    const auto identity = find_identity({kOther, {}});
    ASSERT_TRUE(identity.has_value()) << identity.error().sentence;
    drop(*identity);
    expect_nothing_left(*identity);
    for (const auto& thread : thread_states()) EXPECT_EQ(thread.bounding, 0U);
    threads.release();
    EXPECT_EQ(refused, 3);
  });
  EXPECT_TRUE(ending.good());
}

TEST(Privileges, WhoStaysTheSameUserLosesTheCapabilitiesOfAllThreads) {
  const Ending ending = in_child([] {
    ParkedThreads threads(3, [] {
      EXPECT_LT(syscall(SYS_socket, AF_PACKET, SOCK_RAW, 0), 0);
      EXPECT_EQ(errno, EPERM);
    });
    const auto identity = find_identity({});
    ASSERT_TRUE(identity.has_value());
    EXPECT_FALSE(identity->changes);
    drop(*identity);
    expect_nothing_left(*identity);
  });
  EXPECT_TRUE(ending.good());
}

/// A service that systemd started as its user, with ambient capabilities.
TEST_F(AsRoot, CapabilitiesWithoutRootAreGivenUpToo) {
  const Ending ending = in_child([] {
    ASSERT_EQ(prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0), 0);
    const auto other = find_identity({kOther, {}});
    ASSERT_TRUE(other.has_value());
    ASSERT_EQ(setresgid(other->gid, other->gid, other->gid), 0);
    ASSERT_EQ(setresuid(other->uid, other->uid, other->uid), 0);
    ParkedThreads threads(3, [] {});
    EXPECT_NE(thread_states().front().permitted, 0U);
    const auto identity = find_identity({kOther, {}});  // also named in the configuration
    ASSERT_TRUE(identity.has_value()) << identity.error().sentence;
    EXPECT_FALSE(identity->changes);
    drop(*identity);
    expect_nothing_left(*identity);
  });
  EXPECT_TRUE(ending.good());
}

TEST_F(AsRoot, DirectoriesThatWereHandedOverCanBeWrittenAndFilesReopened) {
  const TempDir base;
  ASSERT_EQ(chmod(base.path().c_str(), 0755), 0);
  const std::filesystem::path logs = base / "logs";
  ASSERT_EQ(mkdir(logs.c_str(), 0750), 0);
  const Ending ending = in_child([&] {
    const auto identity = find_identity({kOther, {}});
    ASSERT_TRUE(identity.has_value());
    const auto given = control::hand_over(logs, *identity);
    EXPECT_TRUE(given.has_value()) << given.error().sentence;
    EXPECT_TRUE(control::hand_over(logs, *identity).has_value());  // theirs already
    drop(*identity);
    std::ofstream(logs / "audit.log") << "one\n";
    // What logrotate and SIGHUP do.
    std::filesystem::rename(logs / "audit.log", logs / "audit.log.1");
    std::ofstream(logs / "audit.log") << "two\n";
    EXPECT_TRUE(std::filesystem::remove(logs / "audit.log.1"));
    EXPECT_TRUE(std::filesystem::exists(logs / "audit.log"));
  });
  EXPECT_TRUE(ending.good());
}

TEST_F(AsRoot, OnlyOwnDirectoriesAreHandedOver) {
  const TempDir base;
  const auto identity = find_identity({kOther, {}});
  ASSERT_TRUE(identity.has_value());
  std::filesystem::create_directory(base / "theirs");
  ASSERT_EQ(chown((base / "theirs").c_str(), 1, 1), 0);
  auto refused = control::hand_over(base / "theirs", *identity);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().status, ExitStatus::environment);
  EXPECT_NE(refused.error().sentence.find("it belongs to uid 1."), std::string::npos);

  std::filesystem::create_directory_symlink("/etc", base / "link");
  EXPECT_FALSE(control::hand_over(base / "link", *identity).has_value());
  std::ofstream(base / "file") << "x";
  EXPECT_FALSE(control::hand_over(base / "file", *identity).has_value());
  EXPECT_FALSE(control::hand_over(base / "nothing", *identity).has_value());
  struct stat status {};
  ASSERT_EQ(stat("/etc", &status), 0);
  EXPECT_EQ(status.st_uid, 0U);
}

TEST_F(AsRoot, TheUserAndTheGroupAreFoundByNameAndByNumber) {
  const auto by_name = find_identity({kOther, {}});
  ASSERT_TRUE(by_name.has_value());
  EXPECT_TRUE(by_name->changes);
  EXPECT_EQ(by_name->user, kOther);
  const auto by_number = find_identity({std::to_string(by_name->uid), {}});
  ASSERT_TRUE(by_number.has_value());
  EXPECT_EQ(by_number->user, kOther);
  EXPECT_EQ(by_number->gid, by_name->gid);
  EXPECT_EQ(find_identity({kOther, "daemon"})->gid, find_identity({"daemon", {}})->gid);
  EXPECT_EQ(find_identity({kOther, "12345"})->gid, 12345U);
}

TEST(Privileges, AnUnknownUserOrGroupIsAMistakeOfTheConfiguration) {
  const auto user = find_identity({"no_such_user", {}});
  ASSERT_FALSE(user.has_value());
  EXPECT_EQ(user.error().status, ExitStatus::usage);
  EXPECT_EQ(user.error().sentence,
            "there is no user \"no_such_user\". Make one with: useradd --system --no-create-home "
            "no_such_user");
  const auto group = find_identity({{}, "no_such_group"});
  ASSERT_FALSE(group.has_value());
  EXPECT_EQ(group.error().status, ExitStatus::usage);
  EXPECT_NE(group.error().sentence.find("\"no_such_group\""), std::string::npos);
}

TEST_F(AsRoot, WhoIsNotRootCannotBecomeSomebodyElse) {
  const Ending ending = in_child([] {
    const auto other = find_identity({kOther, {}});
    ASSERT_TRUE(other.has_value());
    drop(*other);
    const auto identity = find_identity({"root", {}});
    ASSERT_FALSE(identity.has_value());
    EXPECT_EQ(identity.error().status, ExitStatus::environment);
    EXPECT_NE(identity.error().sentence.find("only root can become user \"root\""),
              std::string::npos);
  });
  EXPECT_TRUE(ending.good());
}

}  // namespace
}  // namespace tapstat::tests
