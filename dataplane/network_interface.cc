#include "dataplane/network_interface.h"

#include <fcntl.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <charconv>
#include <string_view>
#include <vector>

#include "flowstats/base/nearest.h"

namespace tapstat::dataplane {

using flowstats::ExitStatus;
using flowstats::fail;
using flowstats::Result;

namespace {

constexpr uint16_t kArphrdNone = 0xfffe;  // tun devices, WireGuard; missing in <net/if_arp.h>
constexpr uint16_t kArphrdRawIp = 519;

/// False when no such interface is there.
bool ask(int socket, unsigned long request, const std::string& name, ifreq& answer) {
  answer = {};
  if (name.empty() || name.size() >= IFNAMSIZ) return false;
  std::ranges::copy(name, answer.ifr_name);
  return ioctl(socket, request, &answer) == 0;
}

std::vector<std::string> interface_names() {
  std::vector<std::string> names;
  struct if_nameindex* const all = if_nameindex();
  for (const struct if_nameindex* i = all; i != nullptr && i->if_index != 0; ++i)
    names.emplace_back(i->if_name);
  if (all != nullptr) if_freenameindex(all);
  return names;
}

std::string listed(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

std::optional<LinkType> link_type_of(uint16_t arphrd) {
  switch (arphrd) {
    case ARPHRD_ETHER:
    case ARPHRD_LOOPBACK: return LinkType::ethernet;
    case kArphrdNone:
    case kArphrdRawIp: return LinkType::raw_ip;
    default: return std::nullopt;
  }
}

FileDescriptor open_fact(const std::string& interface, std::string_view fact) {
  const std::string path = "/sys/class/net/" + interface + "/" + std::string(fact);
  return FileDescriptor(open(path.c_str(), O_RDONLY | O_CLOEXEC));
}

}  // namespace

Result<NetworkInterface> find_interface(int socket, const std::string& name) {
  ifreq answer;
  NetworkInterface found{.name = name};
  if (!ask(socket, SIOCGIFINDEX, name, answer)) {
    const auto names = interface_names();
    return fail(ExitStatus::environment, "there is no interface \"" + name + "\"." +
                                             flowstats::did_you_mean(name, names) +
                                             " Interfaces here: " + listed(names) + ".");
  }
  found.index = answer.ifr_ifindex;
  const bool is_told = ask(socket, SIOCGIFHWADDR, name, answer);
  const auto arphrd = static_cast<uint16_t>(is_told ? answer.ifr_hwaddr.sa_family : 0);
  const auto link_type = link_type_of(arphrd);
  if (!link_type)
    return fail(ExitStatus::environment,
                "interface \"" + name + "\" has link type " + std::to_string(arphrd) +
                    " (ARPHRD), which is not decoded: choose an Ethernet, loopback or tun "
                    "interface.");
  found.link_type = *link_type;
  found.is_loopback = arphrd == ARPHRD_LOOPBACK;
  return found;
}

InterfaceState state_of_interface(int socket, const std::string& name) {
  ifreq answer;
  InterfaceState state;
  if (ask(socket, SIOCGIFINDEX, name, answer)) state.index = answer.ifr_ifindex;
  if (ask(socket, SIOCGIFFLAGS, name, answer)) {
    const auto flags = static_cast<unsigned short>(answer.ifr_flags);
    state.is_up = (flags & IFF_UP) != 0 && (flags & IFF_RUNNING) != 0;
  }
  return state;
}

CardCounts::CardCounts(const NetworkInterface& interface) {
  if (read(open_fact(interface.name, "ifindex")) != static_cast<uint64_t>(interface.index)) return;
  missed_.file = open_fact(interface.name, "statistics/rx_missed_errors");
  errors_.file = open_fact(interface.name, "statistics/rx_errors");
  speed_ = open_fact(interface.name, "speed");
  for (Count* count : {&missed_, &errors_}) count->at_start = read(count->file).value_or(0);
}

std::optional<uint64_t> CardCounts::read(const FileDescriptor& file) {
  char text[32];
  if (!file.is_open()) return std::nullopt;
  const auto got = read_at(file.get(), {reinterpret_cast<uint8_t*>(text), sizeof text}, 0);
  uint64_t value = 0;
  if (!got || std::from_chars(text, text + *got, value).ec != std::errc{}) return std::nullopt;
  return value;
}

uint64_t CardCounts::since_start(const Count& count) {
  const uint64_t now = read(count.file).value_or(0);
  return now > count.at_start ? now - count.at_start : 0;
}

uint64_t CardCounts::speed_mbps() const { return read(speed_).value_or(0); }

}  // namespace tapstat::dataplane
