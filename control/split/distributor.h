/// Puts each packet into the piece it belongs to, and at the end gives the pieces their names and
/// the index its rows.
///
/// Every packet that is put counts once: as written, as filtered (its piece did not satisfy
/// `packets_min` or `only_complete`) or as skipped (it belongs to no piece). Control thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "control/split/connections.h"
#include "control/split/index.h"
#include "control/split/packet_view.h"
#include "control/split/piece_files.h"
#include "control/split/split_arguments.h"
#include "flowstats/base/result.h"

namespace tapstat::control::splitting {

/// Packets, but where said otherwise.
struct PlacedCounts {
  uint64_t written = 0, filtered = 0, skipped = 0;
  uint64_t other = 0;                                   // of the written: to other.pcap
  uint64_t connections = 0, files = 0;                  // numbers of them
  uint64_t connections_indexed = 0;                     // packets of the connections in the index
  uint64_t connections_ended_early = 0, open_peak = 0;  // numbers of them
};

class Distributor {
 public:
  /// `options` outlives it. `files.buffer_bytes_max` is set here, from options.memory_bytes.
  Distributor(const SplitOptions& options, flowstats::NetworkList networks, PieceOptions files);

  void put(const Packet& packet, const PacketView& view);
  /// The packet was in another capture, too: its connection gets the mark.
  void note_duplicate(const PacketView& view);

  /// Ends all connections, renames the pieces and writes the index, last. `source_names` of the
  /// captures. Errors: ExitStatus::environment.
  [[nodiscard]] flowstats::Result<void> finish(const std::vector<std::string>& source_names);

  /// A sentence, or empty; once set, nothing more is written.
  [[nodiscard]] const std::string& error() const {
    return error_.empty() ? files_.error() : error_;
  }
  [[nodiscard]] size_t connections_open() const { return connections_.size(); }
  [[nodiscard]] PlacedCounts counts() const;  // whole after finish()

 private:
  struct KeyHash {
    size_t operator()(const flowstats::FiveTuple& key) const {
      return flowstats::hash_tuple(key, 0);
    }
  };
  [[nodiscard]] bool shares_pieces() const {
    return options_.grouping != Grouping::connection || options_.buckets > 0;
  }
  void put_segment(const Packet& packet, const PacketView& view);
  /// False when the connection is not known.
  [[nodiscard]] bool put_beside(const Packet& packet, const flowstats::DirectedTuple& owner);
  void put_other(const Packet& packet);
  [[nodiscard]] Connection& connection_of(const Packet& packet, const flowstats::Segment& segment);
  [[nodiscard]] Piece* shared_piece(const ConnectionId& id);
  void end(Connection& connection);
  [[nodiscard]] bool is_wanted(const Connection& connection) const;
  void close_shared_pieces();
  void settle(Piece& piece, bool is_wanted);
  [[nodiscard]] flowstats::Result<void> write_index(const std::vector<std::string>& source_names);

  const SplitOptions& options_;
  flowstats::NetworkList networks_;
  std::filesystem::path directory_;
  PieceFiles files_;
  Connections connections_;
  FragmentOwners fragments_;
  IndexRows rows_;
  std::unordered_map<flowstats::FiveTuple, std::unique_ptr<Piece>, KeyHash> shared_;
  size_t shared_max_;
  std::unordered_set<flowstats::FiveTuple, KeyHash> left_out_;  // keys of shared pieces
  Piece other_{"other.pcap"};
  PlacedCounts counts_;
  bool input_has_ended_ = false;
  std::string error_;
};

}  // namespace tapstat::control::splitting
