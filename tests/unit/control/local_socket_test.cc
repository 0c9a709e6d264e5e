#include "control/local_socket.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "tests/support/temp_dir.h"

namespace tapstat::tests {
namespace {

using control::RunDirectoryChoice;
using flowstats::ExitStatus;

/// A socket in the file system; `listens`: somebody is there.
class Listener {
 public:
  explicit Listener(const std::filesystem::path& path, bool listens = true)
      : descriptor_(socket(AF_UNIX, SOCK_STREAM, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.native().copy(address.sun_path, sizeof address.sun_path - 1);
    EXPECT_EQ(bind(descriptor_, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    if (listens) {
      EXPECT_EQ(listen(descriptor_, 4), 0);
    }
  }
  ~Listener() { close(descriptor_); }
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

 private:
  int descriptor_;
};

TEST(LocalSocket, TheFirstOfTheKnownDirectoriesCounts) {
  RunDirectoryChoice choice{"/run/tapstat:/run/other", "/run/user/1", "/tmp"};
  EXPECT_EQ(control::run_directory(choice).path, "/run/tapstat");
  choice.runtime_directory.reset();
  EXPECT_EQ(control::run_directory(choice).path, "/run/user/1");
  EXPECT_FALSE(control::run_directory(choice).ours);
  choice.xdg_runtime_directory.reset();
  EXPECT_EQ(control::run_directory(choice).path, "/tmp/tapstat-" + std::to_string(geteuid()));
  EXPECT_TRUE(control::run_directory(choice).ours);
}

TEST(LocalSocket, TheServerMakesAPrivateDirectory) {
  const TempDir base;
  const RunDirectoryChoice choice{{}, {}, base.path()};
  const auto path = control::default_socket_path(8888, choice);
  ASSERT_TRUE(path.has_value()) << path.error().sentence;
  EXPECT_EQ(path->filename(), "tapstat-8888.sock");
  struct stat status {};
  ASSERT_EQ(stat(path->parent_path().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0700U);
}

TEST(LocalSocket, ADirectoryThatIsOpenToOthersOrNoDirectoryIsRefused) {
  const TempDir base;
  const RunDirectoryChoice choice{{}, {}, base.path()};
  const std::filesystem::path directory = control::run_directory(choice).path;
  std::filesystem::create_directory(directory);
  ASSERT_EQ(chmod(directory.c_str(), 0755), 0);
  auto path = control::default_socket_path(8888, choice);
  ASSERT_FALSE(path.has_value());
  EXPECT_NE(path.error().sentence.find("is open to other users"), std::string::npos);
  EXPECT_EQ(control::find_socket(choice).error().status, ExitStatus::environment);

  std::filesystem::remove(directory);
  std::filesystem::create_directory_symlink("/", directory);
  path = control::default_socket_path(8888, choice);
  ASSERT_FALSE(path.has_value());
  EXPECT_NE(path.error().sentence.find("is no directory"), std::string::npos);
  EXPECT_EQ(path.error().status, ExitStatus::environment);
}

TEST(LocalSocket, APathThatIsTooLongForASocketIsRefused) {
  const RunDirectoryChoice choice{{}, "/" + std::string(100, 'x'), "/tmp"};
  EXPECT_NE(control::default_socket_path(8888, choice).error().sentence.find("107 are possible"),
            std::string::npos);
}

TEST(LocalSocket, FindsTheOneThatListens) {
  const TempDir base;
  const RunDirectoryChoice choice{{}, base.path().string(), "/tmp"};
  const auto none = control::find_socket(choice);
  ASSERT_FALSE(none.has_value());
  EXPECT_EQ(none.error().status, ExitStatus::environment);
  EXPECT_TRUE(none.error().sentence.starts_with("no running tapstat found in "));

  const Listener dead(base.path() / "tapstat-1.sock", false), other(base.path() / "other.sock");
  EXPECT_FALSE(control::find_socket(choice).has_value());
  const Listener first(base.path() / "tapstat-8888.sock");
  const auto one = control::find_socket(choice);
  ASSERT_TRUE(one.has_value()) << one.error().sentence;
  EXPECT_EQ(one->filename(), "tapstat-8888.sock");

  const Listener second(base.path() / "tapstat-9999.sock");
  const auto several = control::find_socket(choice);
  ASSERT_FALSE(several.has_value());
  EXPECT_EQ(several.error().status, ExitStatus::usage);
  EXPECT_NE(several.error().sentence.find("--socket " + base.path().string() + "/tapstat-9999"),
            std::string::npos);
}

TEST(LocalSocket, ADirectoryThatDoesNotExistHoldsNone) {
  const RunDirectoryChoice choice{{}, "/nonexistent/run", "/tmp"};
  EXPECT_TRUE(control::live_sockets(choice).has_value());
  EXPECT_TRUE(control::live_sockets(choice)->empty());
}

}  // namespace
}  // namespace tapstat::tests
