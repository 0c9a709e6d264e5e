#include "control/http/listener.h"

#include <sys/resource.h>

#include <ctime>

#include <gtest/gtest.h>

#include "tests/unit/control/http/test_server.h"

namespace tapstat::tests {
namespace {

using namespace control::http;

double cpu_seconds() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

/// Leaves the process no descriptor until the end of the scope.
class NoDescriptors {
 public:
  NoDescriptors() {
    getrlimit(RLIMIT_NOFILE, &before_);
    rlimit none = before_;
    none.rlim_cur = 0;
    setrlimit(RLIMIT_NOFILE, &none);
  }
  ~NoDescriptors() { setrlimit(RLIMIT_NOFILE, &before_); }
  NoDescriptors(const NoDescriptors&) = delete;
  NoDescriptors& operator=(const NoDescriptors&) = delete;

 private:
  rlimit before_{};
};

TEST(Listener, WithoutDescriptorsItPausesAndGoesOn) {
  TestServer server;
  RawClient early(server.port());
  EXPECT_TRUE(early.ask("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n").ends_with("hello"));
  dataplane::FileDescriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(static_cast<uint16_t>(server.port()));
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  {
    const NoDescriptors scope;
    ASSERT_EQ(::connect(socket.get(), reinterpret_cast<sockaddr*>(&to), sizeof to), 0);
    const double before = cpu_seconds();
    std::this_thread::sleep_for(milliseconds(150));
    EXPECT_LT(cpu_seconds() - before, 0.1) << "it spins";
    EXPECT_EQ(server.counters().connections, 1U);
  }
  EXPECT_TRUE(eventually([&] { return server.counters().connections == 2; }));
}

TEST(Listener, TellsWhereAConnectionComesFrom) {
  IoThread thread;
  auto address = parse_listen("[::]:0");
  ASSERT_TRUE(address);
  auto socket = listen_tcp(*address);
  if (!socket) GTEST_SKIP() << socket.error().sentence;
  EXPECT_NE(address->port, 0);
  std::promise<std::string> from;
  auto listener = thread.run([&] {
    auto made = std::make_unique<Listener>(thread.io, std::move(*socket));
    made->start([&](const Arrival& arrival) { from.set_value(arrival.address); });
    return made;
  });
  const RawClient client(address->port);
  auto arrived = from.get_future();
  ASSERT_EQ(arrived.wait_for(milliseconds(2'000)), std::future_status::ready);
  EXPECT_EQ(arrived.get(), "127.0.0.1") << "not ::ffff:127.0.0.1";
  thread.run([&] { listener.reset(); });
}

TEST(Listener, AddressesOfOtherMachinesAreAnErrorOfTheEnvironment) {
  auto address = parse_listen("192.0.2.1:8888");
  ASSERT_TRUE(address);
  const auto socket = listen_tcp(*address);
  ASSERT_FALSE(socket);
  EXPECT_EQ(socket.error().status, flowstats::ExitStatus::environment);
  EXPECT_TRUE(socket.error().sentence.starts_with("cannot listen on 192.0.2.1:8888: "));
  EXPECT_TRUE(
      socket.error().sentence.ends_with(". Set [control] listen to an address of this machine."));
}

}  // namespace
}  // namespace tapstat::tests
