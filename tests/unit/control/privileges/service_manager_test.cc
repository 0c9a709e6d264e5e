#include "control/privileges/service_manager.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
#include <string>

#include <gtest/gtest.h>

#include "tests/support/temp_dir.h"

namespace tapstat::tests {
namespace {

using control::ServiceEnvironment;
using control::ServiceManager;
using flowstats::ExitStatus;

/// The manager's side: a datagram socket with `name`, "@" for an abstract one.
class Manager {
 public:
  explicit Manager(const std::string& name)
      : descriptor_(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    name.copy(address.sun_path, sizeof address.sun_path - 1);
    if (name[0] == '@') address.sun_path[0] = '\0';
    const auto bytes = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
    EXPECT_EQ(bind(descriptor_, reinterpret_cast<const sockaddr*>(&address), bytes), 0);
  }
  ~Manager() { close(descriptor_); }
  Manager(const Manager&) = delete;
  Manager& operator=(const Manager&) = delete;

  /// The next message; empty when there is none.
  std::string message() {
    char text[4096];
    const ssize_t bytes = recv(descriptor_, text, sizeof text, 0);
    return bytes < 0 ? "" : std::string(text, static_cast<size_t>(bytes));
  }

 private:
  int descriptor_;
};

ServiceManager connected(const std::string& name) {
  auto manager = ServiceManager::connect({name, {}, {}});
  EXPECT_TRUE(manager.has_value()) << manager.error().sentence;
  return manager ? std::move(*manager) : ServiceManager{};
}

TEST(ServiceManager, EachStateIsOneMessage) {
  const TempDir directory;
  Manager systemd((directory / "notify").string());
  const ServiceManager manager = connected((directory / "notify").string());
  EXPECT_TRUE(manager.is_present());
  EXPECT_TRUE(manager.ready("2 ports, 4 workers").has_value());
  EXPECT_EQ(systemd.message(), "READY=1\nSTATUS=2 ports, 4 workers");
  EXPECT_TRUE(manager.alive().has_value());
  EXPECT_EQ(systemd.message(), "WATCHDOG=1");
  EXPECT_TRUE(manager.status("0.1 % lost").has_value());
  EXPECT_EQ(systemd.message(), "STATUS=0.1 % lost");
  EXPECT_TRUE(manager.stopping("closing flows").has_value());
  EXPECT_EQ(systemd.message(), "STOPPING=1\nSTATUS=closing flows");
}

TEST(ServiceManager, AReloadHasATimeOfTheMonotonicClock) {
  Manager systemd("@tapstat_test_" + std::to_string(getpid()));
  const ServiceManager manager = connected("@tapstat_test_" + std::to_string(getpid()));
  const auto microseconds = [] {
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1'000'000LL + now.tv_nsec / 1000;
  };
  const auto before = microseconds();
  EXPECT_TRUE(manager.reloading().has_value());
  const std::string message = systemd.message();
  const std::string head = "RELOADING=1\nMONOTONIC_USEC=";
  ASSERT_TRUE(message.starts_with(head)) << message;
  const auto said = std::stoll(message.substr(head.size()));
  EXPECT_GE(said, before);
  EXPECT_LE(said, microseconds());
}

TEST(ServiceManager, AStatusStaysOneLineAndHasABound) {
  const TempDir directory;
  Manager systemd((directory / "notify").string());
  const ServiceManager manager = connected((directory / "notify").string());
  EXPECT_TRUE(manager.status("a\nREADY=1\tb\x7f").has_value());
  EXPECT_EQ(systemd.message(), "STATUS=a READY=1 b ");
  EXPECT_TRUE(manager.status(std::string(5000, 'x')).has_value());
  EXPECT_EQ(systemd.message(), "STATUS=" + std::string(control::kServiceStatusBytesMax, 'x'));
}

TEST(ServiceManager, WithoutAManagerNothingIsSaid) {
  const auto manager = ServiceManager::connect({{}, "1000000", {}});
  ASSERT_TRUE(manager.has_value());
  EXPECT_FALSE(manager->is_present());
  EXPECT_FALSE(manager->watchdog().has_value());
  EXPECT_TRUE(manager->ready("").has_value());
  EXPECT_TRUE(manager->alive().has_value());
}

TEST(ServiceManager, ASocketThatIsNotThereIsAnError) {
  const TempDir directory;
  for (const std::string& name : {(directory / "nobody").string(), std::string("vsock:2:1"),
                                  std::string("/"), "/" + std::string(200, 'x')}) {
    const auto manager = ServiceManager::connect({name, {}, {}});
    ASSERT_FALSE(manager.has_value()) << name;
    EXPECT_EQ(manager.error().status, ExitStatus::environment);
    EXPECT_NE(manager.error().sentence.find("\"" + name + "\""), std::string::npos);
  }
}

TEST(ServiceManager, AManagerThatGoesAwayIsReportedAndAFullOneWaitedForBriefly) {
  const TempDir directory;
  auto systemd = std::make_unique<Manager>((directory / "notify").string());
  const ServiceManager manager = connected((directory / "notify").string());
  flowstats::Result<void> sent{};
  for (int i = 0; i < 100'000 && sent; ++i) sent = manager.alive();
  ASSERT_FALSE(sent.has_value());
  EXPECT_NE(sent.error().sentence.find("does not take \"WATCHDOG=1\""), std::string::npos);
  systemd.reset();
  EXPECT_FALSE(manager.alive().has_value());
}

TEST(ServiceManager, TheWatchdogIsOursWhenThePidIs) {
  struct Case {
    std::optional<std::string> usec, pid;
    std::optional<std::chrono::microseconds> expected;
  };
  const std::string ours = std::to_string(getpid());
  const std::chrono::microseconds ten_seconds(10'000'000);
  const Case cases[] = {
      {"10000000", ours, ten_seconds},
      {"10000000", {}, ten_seconds},
      {"10000000", "1", {}},
      {"10000000", "x", {}},
      {"0", ours, {}},
      {"-5", ours, {}},
      {"soon", ours, {}},
      {{}, ours, {}},
  };
  const TempDir directory;
  const Manager systemd((directory / "notify").string());
  for (const Case& one : cases) {
    const auto manager =
        ServiceManager::connect({(directory / "notify").string(), one.usec, one.pid});
    ASSERT_TRUE(manager.has_value());
    EXPECT_EQ(manager->watchdog(), one.expected)
        << one.usec.value_or("none") << " " << one.pid.value_or("none");
  }
}

}  // namespace
}  // namespace tapstat::tests
