#include "control/privileges/system_call_filter.h"

#include <netdb.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <thread>

#include <gtest/gtest.h>
#include <seccomp.h>

#include "control/privileges/capabilities.h"
#include "control/privileges/sanitizer_build.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/control/privileges/child_process.h"

namespace tapstat::tests {
namespace {

/// Without capabilities too: a call that is not stopped must not change this machine.
void install() {
  control::empty_capability_sets();
  const auto installed = control::install_system_call_filter();
  EXPECT_TRUE(installed.has_value()) << installed.error().sentence;
}

template <class Body>
int signal_of(Body body) {
  return in_child([&] {
           install();
           body();
         })
      .signal();
}

TEST(SystemCallFilter, EachForbiddenCallEndsTheProcess) {
  for (const char* const name : control::forbidden_system_calls()) {
    const int number = seccomp_syscall_resolve_name(name);
    if (number < 0) continue;  // unknown to this architecture
    EXPECT_EQ(signal_of([&] { syscall(number, -1, -1, -1, -1, -1, -1); }), SIGSYS) << name;
  }
}

TEST(SystemCallFilter, WhatTheSpecificationNamesIsForbidden) {
  const auto calls = control::forbidden_system_calls();
  for (const std::string_view name :
       {"execve", "execveat", "mount", "umount2", "init_module", "finit_module", "delete_module",
        "keyctl", "add_key", "request_key", "bpf"})
    EXPECT_NE(std::find(calls.begin(), calls.end(), name), calls.end()) << name;
  EXPECT_EQ(std::find(calls.begin(), calls.end(), std::string_view("ptrace")) == calls.end(),
            control::kLeakCheckAttaches);
}

TEST(SystemCallFilter, NoCloneIntoNewNamespaces) {
  for (const int flag : {CLONE_NEWNS, CLONE_NEWCGROUP, CLONE_NEWUTS, CLONE_NEWIPC, CLONE_NEWUSER,
                         CLONE_NEWPID, CLONE_NEWNET})
    EXPECT_EQ(signal_of([&] {
                // A child of the child must not run our body.
                if (syscall(SYS_clone, flag | SIGCHLD, nullptr, nullptr, nullptr, 0) == 0) _exit(0);
              }),
              SIGSYS)
        << flag;
  EXPECT_TRUE(in_child([] {
                install();
                errno = 0;
                EXPECT_EQ(syscall(SYS_clone3, nullptr, 0), -1);
                EXPECT_EQ(errno, ENOSYS);
              }).good());
}

#if defined(__x86_64__)
TEST(SystemCallFilter, OtherArchitecturesAreNoWayRound) {
  constexpr long kX32 = 0x40000000;
  EXPECT_EQ(signal_of([] { syscall(kX32 | SYS_getpid); }), SIGSYS);
  // Number 20 of the 32-bit table is getpid. Kernels without that table raise SIGSEGV.
  EXPECT_NE(signal_of([] {
              long result = 20;
              asm volatile("int $0x80" : "+a"(result) : : "memory");
            }),
            0);
}
#endif

TEST(SystemCallFilter, HoldsForThreadsThatExistAlready) {
  for (const bool earlier : {true, false}) {
    const int signal = in_child([&] {
                         std::thread other;
                         int wake[2];
                         ASSERT_EQ(pipe(wake), 0);
                         const auto body = [&] {
                           char byte = 0;
                           EXPECT_EQ(read(wake[0], &byte, 1), 1);
                           syscall(SYS_execve, -1, -1, -1);
                         };
                         if (earlier) other = std::thread(body);
                         install();
                         if (!earlier) other = std::thread(body);
                         EXPECT_EQ(write(wake[1], "x", 1), 1);
                         other.join();
                       }).signal();
    EXPECT_EQ(signal, SIGSYS) << earlier;
  }
}

void use_files(const std::filesystem::path& directory) {
  const int watch = inotify_init1(IN_CLOEXEC);
  EXPECT_GE(inotify_add_watch(watch, directory.c_str(), IN_MOVED_TO), 0);
  std::ofstream(directory / "log.part") << "a row\n";
  std::filesystem::rename(directory / "log.part", directory / "log");
  char event[512];
  EXPECT_GT(read(watch, event, sizeof event), 0);
  std::string row;
  std::getline(std::ifstream(directory / "log"), row);
  EXPECT_EQ(row, "a row");
  std::filesystem::create_directory(directory / "next");
  EXPECT_TRUE(std::filesystem::remove(directory / "log"));
}

/// A listener, a connection and an answer over loopback.
void use_sockets() {
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t bytes = sizeof address;
  auto* const any = reinterpret_cast<sockaddr*>(&address);
  ASSERT_EQ(bind(listener, any, bytes), 0);
  ASSERT_EQ(listen(listener, 1), 0);
  ASSERT_EQ(getsockname(listener, any, &bytes), 0);
  std::thread client([&] {
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    EXPECT_EQ(connect(socket, any, bytes), 0);
    EXPECT_EQ(send(socket, "hi", 2, MSG_NOSIGNAL), 2);
    close(socket);
  });
  const int peer = accept(listener, nullptr, nullptr);
  char text[2];
  EXPECT_EQ(recv(peer, text, 2, MSG_WAITALL), 2);
  client.join();
}

void use_the_rest() {
  void* const memory =
      mmap(nullptr, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  EXPECT_NE(memory, MAP_FAILED);
  EXPECT_EQ(munmap(memory, 1 << 20), 0);
  EXPECT_GE(memfd_create("pages", MFD_CLOEXEC), 0);
  EXPECT_GE(eventfd(0, EFD_CLOEXEC), 0);
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGHUP);
  EXPECT_GE(signalfd(-1, &signals, SFD_CLOEXEC), 0);
  cpu_set_t cpus;
  EXPECT_EQ(sched_getaffinity(0, sizeof cpus, &cpus), 0);
  EXPECT_EQ(sched_setaffinity(0, sizeof cpus, &cpus), 0);
  addrinfo* found = nullptr;
  EXPECT_EQ(getaddrinfo("localhost", "80", nullptr, &found), 0);
  freeaddrinfo(found);
  EXPECT_TRUE(in_child([] {}).good());  // a process of its own program
}

TEST(SystemCallFilter, OrdinaryWorkGoesOn) {
  const TempDir directory;
  const Ending ending = in_child([&] {
    install();
    use_files(directory.path());
    use_sockets();
    use_the_rest();
  });
  EXPECT_TRUE(ending.good());
}

TEST(SystemCallFilter, ASecondOneMayBeAdded) {
  EXPECT_TRUE(in_child([] {
                install();
                install();
                EXPECT_EQ(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), 1);
              }).good());
}

}  // namespace
}  // namespace tapstat::tests
