/// A packet socket whose kernel puts frames into a ring of blocks that it shares with us: one queue
/// of a kernel interface.
///
/// Made by the control thread before packets are wanted, in a state that takes none; only the
/// control thread talks to the kernel about it, but for refuse(), which the receiving thread calls
/// once at the end. Source: packet(7); Linux Documentation/networking/packet_mmap.rst
/// (TPACKET_V3).
#pragma once

#include <linux/if_packet.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

#include "dataplane/file_descriptor.h"
#include "dataplane/network_interface.h"
#include "flowstats/base/result.h"
#include "flowstats/base/units.h"

namespace tapstat::dataplane {

/// The ring of each queue. A block goes to us when it is full or the time is over, even with one
/// frame in it, so their number is what a slow link needs and their size what a fast one does.
inline constexpr uint32_t kRingBlockBytes = 128 << 10;
inline constexpr uint32_t kRingBlocks = 256;
inline constexpr size_t kRingBytes = size_t{kRingBlockBytes} * kRingBlocks;
inline constexpr flowstats::Duration kBlockTimeout = flowstats::milliseconds(2);
/// A frame is in our hands so long after it was stamped, unless the machine is overloaded: a block
/// is closed at the second tick of its timer at the latest.
inline constexpr flowstats::Duration kBlockLateMax = flowstats::milliseconds(20);

class PacketSocket {
 public:
  struct Counts {
    uint64_t delivered = 0;  // into the ring
    uint64_t missed = 0;     // no room in the ring
  };

  /// `name` is for messages. Errors: ExitStatus::environment (no permission).
  [[nodiscard]] static flowstats::Result<PacketSocket> open(const std::string& name);
  PacketSocket(PacketSocket&& other) noexcept { swap(other); }
  PacketSocket& operator=(PacketSocket&& other) noexcept {
    swap(other);
    return *this;
  }
  ~PacketSocket();

  /// Makes the ring and binds it to `interface`, all its frames wanted. Errors:
  /// ExitStatus::environment.
  [[nodiscard]] flowstats::Result<void> listen(const NetworkInterface& interface);
  /// Joins the group of sockets among which the kernel divides connections, or founds one when
  /// `group` is empty. Both directions come to the same socket. Returns the group. Errors:
  /// ExitStatus::environment.
  [[nodiscard]] flowstats::Result<uint16_t> join(const NetworkInterface& interface,
                                                 std::optional<uint16_t> group);
  /// Another interface has come in the place of the one that was removed. False, with errno set,
  /// when the kernel refuses; always for a member of a group.
  [[nodiscard]] bool bind_again(int interface_index);

  /// From now on frames come, their first `snap_bytes`; or none come any more.
  [[nodiscard]] bool accept(uint32_t snap_bytes);
  bool refuse() { return filter(0); }

  /// Since the latest call.
  [[nodiscard]] Counts take_counts();

  [[nodiscard]] int descriptor() const { return socket_.get(); }
  [[nodiscard]] uint8_t* block(uint32_t number) const {
    return ring_ + size_t{kRingBlockBytes} * number;
  }

 private:
  PacketSocket() = default;
  void swap(PacketSocket& other) noexcept {
    std::swap(socket_, other.socket_);
    std::swap(ring_, other.ring_);
  }
  [[nodiscard]] bool filter(uint32_t bytes);

  FileDescriptor socket_;
  uint8_t* ring_ = nullptr;
};

}  // namespace tapstat::dataplane
