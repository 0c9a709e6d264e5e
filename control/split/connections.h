/// The connections of a split: what tells which piece the next packet of a connection goes to.
///
/// A TCP connection ends with a RST or the FINs of both sides; a SYN with another sequence number
/// after that begins a new one (RFC 9293 section 3.6), anything else goes on with the old one. UDP
/// datagrams of the same two endpoints are one connection. At most `capacity` are remembered: the
/// one that was silent longest goes first, and a packet that comes later begins a new connection in
/// mid-stream. Control thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <unordered_map>

#include "control/split/index.h"
#include "control/split/packet_view.h"
#include "control/split/piece_files.h"
#include "flowstats/wire/network_list.h"
#include "flowstats/wire/segment.h"

namespace tapstat::control::splitting {

struct Connection {
  IndexRow row;
  std::unique_ptr<Piece> own;  // Grouping::connection without buckets
  Piece* piece = nullptr;      // `own`, or one that connections share
  std::array<uint32_t, 2> syn_seq{};
  std::array<bool, 2> has_syn{}, has_fin{};
  bool has_rst = false;

  [[nodiscard]] bool is_closed() const { return has_rst || (has_fin[0] && has_fin[1]); }
  /// A SYN that this connection cannot have sent.
  [[nodiscard]] bool is_over_with(const flowstats::Segment& segment) const;
  /// Counts a packet of `direction`; `segment` is null for fragments and ICMP errors.
  void count(const Packet& packet, flowstats::Direction direction,
             const flowstats::Segment* segment);
};

/// Which end is local and which is the server, from the first packet: the receiver of a SYN or the
/// sender of a SYN with ACK is the server, else the lower port, else the destination. Local is the
/// only end in `networks`, else the server.
[[nodiscard]] ConnectionId identify(const flowstats::Segment& first, int64_t time_ns,
                                    const flowstats::NetworkList& networks);

class Connections {
 public:
  /// Memory of one connection with its piece's name and its places in the tables, about.
  static constexpr size_t kBytesEach = 640;
  /// Takes a connection that ends, while it is still in the table.
  using Ending = std::function<void(Connection&)>;

  Connections(size_t capacity, Ending ending) : capacity_(capacity), ending_(std::move(ending)) {}

  /// Null when there is none. Does not count as use.
  [[nodiscard]] Connection* find(const flowstats::FiveTuple& tuple);
  /// A new one; there is none with this tuple. The longest silent one ends if there is no room.
  [[nodiscard]] Connection& add(const ConnectionId& id);
  void use(const flowstats::FiveTuple& tuple);
  void end(const flowstats::FiveTuple& tuple);
  void end_all();

  [[nodiscard]] size_t size() const { return order_.size(); }
  /// Ended for want of room.
  [[nodiscard]] uint64_t ended_early() const { return ended_early_; }

 private:
  struct Hash {
    size_t operator()(const flowstats::FiveTuple& tuple) const {
      return flowstats::hash_tuple(tuple, 0);
    }
  };
  size_t capacity_;
  Ending ending_;
  std::list<Connection> order_;  // used longest ago first
  std::unordered_map<flowstats::FiveTuple, std::list<Connection>::iterator, Hash> table_;
  uint64_t ended_early_ = 0;
};

/// Whose the later fragments of an IP packet are, by its first fragment: at most kFragmentsMax
/// packets, each for kLifetimeNs (RFC 8200 section 4.5) of packet time.
class FragmentOwners {
 public:
  static constexpr size_t kFragmentsMax = 65'536;
  static constexpr int64_t kLifetimeNs = 60 * kSecondNs;

  void add(const FragmentKey& key, const flowstats::DirectedTuple& owner, int64_t time_ns);
  /// Null when the first fragment was not seen, or too long ago.
  [[nodiscard]] const flowstats::DirectedTuple* find(const FragmentKey& key, int64_t time_ns) const;

 private:
  struct Owner {
    flowstats::DirectedTuple tuple;
    int64_t time_ns = 0;
  };
  struct Place {
    FragmentKey key;
    int64_t time_ns = 0;
  };
  std::unordered_map<FragmentKey, Owner, FragmentKeyHash> owners_;
  std::list<Place> order_;  // oldest first; of a key that came again, the older places are void
};

}  // namespace tapstat::control::splitting
