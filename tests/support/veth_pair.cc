#include "tests/support/veth_pair.h"

#include <net/if.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <stdexcept>
#include <utility>

#include <netpacket/packet.h>

namespace tapstat::tests {

bool can_make_networks() {
  if (unshare(CLONE_NEWNET) != 0) return false;
  return std::system("ip link set lo up 2>/dev/null") == 0;
}

void ip_command(const std::string& arguments) {
  const std::string command = "ip " + arguments;
  if (std::system(command.c_str()) != 0) throw std::runtime_error("failed: " + command);
}

FrameSender::FrameSender(const std::string& interface)
    : socket_(socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0)) {
  sockaddr_ll address{};
  address.sll_family = AF_PACKET;
  address.sll_ifindex = static_cast<int>(if_nametoindex(interface.c_str()));
  if (bind(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    throw std::runtime_error("cannot send on " + interface);
}

FrameSender::~FrameSender() { close(socket_); }

void FrameSender::send(const FrameBytes& frame) const {
  while (::send(socket_, frame.data(), frame.size(), 0) < 0)
    if (errno != ENOBUFS && errno != EINTR) throw std::runtime_error("cannot send a frame");
}

VethPair::VethPair(std::string near, std::string far) : near_(std::move(near)) {
  ip_command("link add " + near_ + " type veth peer name " + far);
  for (const std::string& end : {near_, far}) {
    const std::string path = "/proc/sys/net/ipv6/conf/" + end + "/disable_ipv6";
    const std::string quiet = "echo 1 > " + path + " 2>/dev/null";
    if (std::system(quiet.c_str()) != 0) throw std::runtime_error("cannot write " + path);
    ip_command("link set " + end + " mtu 9000 up");
  }
}

VethPair::~VethPair() {
  const std::string command = "ip link del " + near_ + " 2>/dev/null";
  [[maybe_unused]] const int status = std::system(command.c_str());  // it may be gone already
}

}  // namespace tapstat::tests
