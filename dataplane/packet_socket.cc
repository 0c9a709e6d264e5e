#include "dataplane/packet_socket.h"

#include <arpa/inet.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <string>

namespace tapstat::dataplane {

using flowstats::ExitStatus;
using flowstats::fail;
using flowstats::Result;

namespace {

template <class T>
bool set(int socket, int level, int option, const T& value) {
  return setsockopt(socket, level, option, &value, sizeof value) == 0;
}

tl::unexpected<flowstats::Error> refused(const std::string& interface, const std::string& step,
                                         const char* advice = "") {
  return fail(ExitStatus::environment, "interface \"" + interface + "\": cannot " + step + ": " +
                                           std::strerror(errno) + "." + advice);
}

bool bind_to(int socket, int interface_index) {
  sockaddr_ll address{};
  address.sll_family = AF_PACKET;
  address.sll_protocol = htons(ETH_P_ALL);
  address.sll_ifindex = interface_index;
  return bind(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
}

bool be_promiscuous(int socket, int interface_index) {
  packet_mreq membership{};
  membership.mr_ifindex = interface_index;
  membership.mr_type = PACKET_MR_PROMISC;
  return set(socket, SOL_PACKET, PACKET_ADD_MEMBERSHIP, membership);
}

tpacket_req3 ring_wanted() {
  constexpr uint32_t kFrameBytes = 2'048;  // without meaning for TPACKET_V3, but checked
  tpacket_req3 ring{};
  ring.tp_block_size = kRingBlockBytes;
  ring.tp_block_nr = kRingBlocks;
  ring.tp_frame_size = kFrameBytes;
  ring.tp_frame_nr = kRingBlockBytes / kFrameBytes * kRingBlocks;
  ring.tp_retire_blk_tov = static_cast<uint32_t>(kBlockTimeout.us / 1'000);
  return ring;
}

}  // namespace

Result<PacketSocket> PacketSocket::open(const std::string& name) {
  PacketSocket s;
  // Without a protocol nothing comes in before bind().
  s.socket_ = FileDescriptor(socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0));
  if (s.socket_.is_open()) return s;
  if (errno == EPERM || errno == EACCES)
    return fail(ExitStatus::environment,
                "live capture on \"" + name +
                    "\" needs CAP_NET_RAW. Run: sudo setcap cap_net_raw+ep $(which tapstat), or "
                    "use tapstat replay.");
  return refused(name, "make a packet socket");
}

PacketSocket::~PacketSocket() {
  if (ring_ != nullptr) munmap(ring_, kRingBytes);
}

Result<void> PacketSocket::listen(const NetworkInterface& interface) {
  const int fd = descriptor();
  const std::string& name = interface.name;
  if (!set(fd, SOL_PACKET, PACKET_VERSION, int{TPACKET_V3})) return refused(name, "use TPACKET_V3");
  // Frames are then stamped where they enter the network stack, for all listeners alike, and not
  // when they come to this socket: the times are those that tcpdump shows.
  if (!set(fd, SOL_SOCKET, SO_TIMESTAMPNS, 1)) return refused(name, "have frames stamped");
  // Every frame on a loopback interface passes twice, going out and coming in.
  if (interface.is_loopback && !set(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, 1))
    return refused(name, "leave out what is sent");
  if (!filter(0)) return refused(name, "set a filter");
  if (!set(fd, SOL_PACKET, PACKET_RX_RING, ring_wanted()))
    return refused(name, "have a ring of " + std::to_string(kRingBytes >> 20) + " MiB",
                   " Use fewer queues, or free memory.");
  void* const ring =
      mmap(nullptr, kRingBytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, 0);
  if (ring == MAP_FAILED) return refused(name, "map the ring");
  ring_ = static_cast<uint8_t*>(ring);
  if (!bind_to(fd, interface.index)) return refused(name, "listen");
  if (!be_promiscuous(fd, interface.index)) return refused(name, "be promiscuous");
  return {};
}

Result<uint16_t> PacketSocket::join(const NetworkInterface& interface,
                                    std::optional<uint16_t> group) {
  fanout_args wanted{};
  wanted.id = group.value_or(0);
  wanted.type_flags = PACKET_FANOUT_HASH;
  if (!group) wanted.type_flags |= PACKET_FANOUT_FLAG_UNIQUEID;
  uint32_t given = 0;  // the group in its low half
  socklen_t size = sizeof given;
  if (!set(descriptor(), SOL_PACKET, PACKET_FANOUT, wanted) ||
      getsockopt(descriptor(), SOL_PACKET, PACKET_FANOUT, &given, &size) != 0)
    return refused(interface.name, "divide its packets among queues",
                   " Is it up? Or ask for one queue.");
  return static_cast<uint16_t>(given);
}

bool PacketSocket::bind_again(int interface_index) {
  return bind_to(descriptor(), interface_index) && be_promiscuous(descriptor(), interface_index);
}

bool PacketSocket::filter(uint32_t bytes) {
  sock_filter keep = BPF_STMT(BPF_RET | BPF_K, bytes);
  const sock_fprog program{1, &keep};
  return set(descriptor(), SOL_SOCKET, SO_ATTACH_FILTER, program);
}

bool PacketSocket::accept(uint32_t snap_bytes) { return filter(snap_bytes); }

PacketSocket::Counts PacketSocket::take_counts() {
  tpacket_stats_v3 counts{};
  socklen_t size = sizeof counts;
  if (getsockopt(descriptor(), SOL_PACKET, PACKET_STATISTICS, &counts, &size) != 0) return {};
  // The kernel's count of packets holds those that it dropped.
  return {counts.tp_packets - counts.tp_drops, counts.tp_drops};
}

}  // namespace tapstat::dataplane
