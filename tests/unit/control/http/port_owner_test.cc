#include "control/http/port_owner.h"

#include <fstream>

#include <gtest/gtest.h>

#include "tests/support/temp_dir.h"

namespace tapstat::tests {
namespace {

namespace fs = std::filesystem;
using control::http::port_owner;

constexpr const char* kHead =
    "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout "
    "inode\n";

/// Port 8888 (22B8) listens as inode 77, is connected as inode 78; 81 listens on IPv6 only.
class PortOwner : public testing::Test {
 protected:
  PortOwner() {
    fs::create_directories(proc_ / "net");
    std::ofstream(proc_ / "net/tcp") << kHead
                                     << "   0: 0100007F:22B8 0100007F:9999 01 00000000:00000000 "
                                        "00:00000000 00000000  1000 0 78 1\n"
                                     << "   1: 0100007F:22B8 00000000:0000 0A 00000000:00000000 "
                                        "00:00000000 00000000  1000 0 77 1\n";
    std::ofstream(proc_ / "net/tcp6")
        << kHead
        << "   0: 00000000000000000000000001000000:0051 00000000000000000000000000000000:0000 0A "
           "00000000:00000000 00:00000000 00000000     0        0 91 1\n";
    process("12", "client", "socket:[78]");
    process("4711", "python3", "socket:[77]");
    process("self", "python3", "socket:[91]");
  }

  void process(const char* pid, const char* name, const char* descriptor) const {
    fs::create_directories(proc_ / pid / "fd");
    std::ofstream(proc_ / pid / "comm") << name << "\n";
    fs::create_symlink("/dev/null", proc_ / pid / "fd/0");
    fs::create_symlink(descriptor, proc_ / pid / "fd/5");
  }

  TempDir directory_;
  const fs::path proc_ = directory_.path();
};

TEST_F(PortOwner, NamesTheProcessThatListens) {
  EXPECT_EQ(port_owner(8888, proc_), "\"python3\" (pid 4711)");
}

TEST_F(PortOwner, IsSilentWhenItCannotKnow) {
  EXPECT_FALSE(port_owner(80, proc_));
  EXPECT_FALSE(port_owner(81, proc_)) << "no process with this inode can be seen";
  EXPECT_FALSE(port_owner(8888, proc_ / "nothing"));
  process("99", "late", "socket:[91]");
  EXPECT_EQ(port_owner(81, proc_), "\"late\" (pid 99)");
}

}  // namespace
}  // namespace tapstat::tests
