#include "control/split/distributor.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <system_error>
#include <utility>

#include "control/number_text.h"

namespace tapstat::control::splitting {

using flowstats::ExitStatus;
using flowstats::Result;
using flowstats::Segment;

namespace {

constexpr const char* kIndexName = "index.tsv";

// Of --memory: three eighths each for buffers and for connections, an eighth for the list of
// shared pieces, an eighth for packets that are held back (split.cc).
size_t eighths(const SplitOptions& options, size_t count) {
  return options.memory_bytes / 8 * count;
}

PieceOptions with_buffers(PieceOptions files, const SplitOptions& options) {
  files.buffer_bytes_max = eighths(options, 3);
  return files;
}

}  // namespace

Distributor::Distributor(const SplitOptions& options, flowstats::NetworkList networks,
                         PieceOptions files)
    : options_(options),
      networks_(std::move(networks)),
      directory_(files.directory),
      files_(with_buffers(std::move(files), options)),
      connections_(eighths(options, 3) / Connections::kBytesEach,
                   [this](Connection& connection) { end(connection); }),
      shared_max_(eighths(options, 1) / Connections::kBytesEach) {}

void Distributor::put(const Packet& packet, const PacketView& view) {
  switch (view.kind) {
    case PacketView::Kind::segment: return put_segment(packet, view);
    case PacketView::Kind::later_fragment: {
      const auto* owner = fragments_.find(*view.fragment, packet.time_ns);
      if (owner != nullptr && put_beside(packet, *owner)) return;
      break;
    }
    case PacketView::Kind::icmp_error:
      // It travels towards the sender of what it quotes.
      if (options_.follow_icmp &&
          put_beside(packet, {view.quoted.tuple, flowstats::opposite(view.quoted.direction)}))
        return;
      break;
    case PacketView::Kind::other: break;
  }
  put_other(packet);
}

void Distributor::put_other(const Packet& packet) {
  if (!options_.keep_other) {
    ++counts_.skipped;
    return;
  }
  files_.add(other_, packet);
}

bool Distributor::put_beside(const Packet& packet, const flowstats::DirectedTuple& owner) {
  Connection* const connection = connections_.find(owner.tuple);
  if (connection == nullptr) return false;
  connection->count(packet, owner.direction, nullptr);
  files_.add(*connection->piece, packet);
  return true;
}

void Distributor::put_segment(const Packet& packet, const PacketView& view) {
  const Segment& segment = view.segment;
  Connection& connection = connection_of(packet, segment);
  if (connection.piece == nullptr) return;  // error_ says why
  connection.count(packet, segment.direction, &segment);
  files_.add(*connection.piece, packet);
  if (view.fragment)
    fragments_.add(*view.fragment, {segment.tuple, segment.direction}, packet.time_ns);
}

Connection& Distributor::connection_of(const Packet& packet, const Segment& segment) {
  Connection* const known = connections_.find(segment.tuple);
  if (known != nullptr && !known->is_over_with(segment)) {
    connections_.use(segment.tuple);
    return *known;
  }
  if (known != nullptr) connections_.end(segment.tuple);
  Connection& connection = connections_.add(identify(segment, packet.time_ns, networks_));
  const bool is_tcp = segment.tuple.protocol == flowstats::kProtocolTcp;
  const bool is_opening =
      segment.has(flowstats::tcp_flag::kSyn) && !segment.has(flowstats::tcp_flag::kAck);
  if (is_tcp && !is_opening) connection.row.flags |= IndexRow::kMidStream;
  if (shares_pieces()) {
    connection.piece = shared_piece(connection.row.id);
  } else {
    connection.own = std::make_unique<Piece>(connection_name(connection.row.id));
    connection.piece = connection.own.get();
  }
  return connection;
}

Piece* Distributor::shared_piece(const ConnectionId& id) {
  const auto key = shared_key(options_.grouping, options_.buckets, id);
  const auto at = shared_.find(key);
  if (at != shared_.end()) return at->second.get();
  if (shared_.size() >= shared_max_) {
    error_ = "more than " + grouped(shared_max_) +
             " files to write: give more --memory, or --max-files.";
    return nullptr;
  }
  auto piece = std::make_unique<Piece>(shared_name(options_.grouping, options_.buckets, key));
  return shared_.emplace(key, std::move(piece)).first->second.get();
}

void Distributor::note_duplicate(const PacketView& view) {
  if (view.kind != PacketView::Kind::segment) return;
  if (Connection* const connection = connections_.find(view.segment.tuple))
    connection->row.flags |= IndexRow::kDuplicates;
}

bool Distributor::is_wanted(const Connection& connection) const {
  const IndexRow& row = connection.row;
  if (options_.only_complete && (row.syn == 0 || row.fin + row.rst == 0)) return false;
  return connection.own->packets() >= options_.packets_min;
}

/// A piece that is complete becomes part of the result, or not.
void Distributor::settle(Piece& piece, bool is_wanted) {
  if (is_wanted) {
    files_.close(piece);
    counts_.written += piece.packets();
  } else {
    files_.drop(piece);
    counts_.filtered += piece.packets();
  }
}

void Distributor::end(Connection& connection) {
  const bool is_tcp = connection.row.id.tuple.protocol == flowstats::kProtocolTcp;
  if (input_has_ended_ && is_tcp && !connection.is_closed())
    connection.row.flags |= IndexRow::kTruncated;
  if (connection.own != nullptr) {
    const bool wanted = is_wanted(connection);
    settle(*connection.own, wanted);
    connection.row.id.repetition = connection.own->repetition();
    if (!wanted) return;
  }
  if (const auto added = rows_.add(connection.row); !added) error_ = added.error().sentence;
}

void Distributor::close_shared_pieces() {
  for (const auto& [key, piece] : shared_) {
    const bool wanted = piece->packets() >= options_.packets_min;
    settle(*piece, wanted);
    if (wanted)
      files_.publish(piece->name());
    else
      left_out_.insert(key);
  }
  if (other_.packets() == 0) return;
  settle(other_, true);
  counts_.other = other_.packets();
  files_.publish(other_.name());
}

Result<void> Distributor::write_index(const std::vector<std::string>& source_names) {
  const auto path = directory_ / kIndexName, part = directory_ / "index.tsv.part";
  std::ofstream index(part, std::ios::binary | std::ios::trunc);
  index << kIndexHeader << '\n';
  const auto sorted = rows_.visit([&](const IndexRow& row) {
    std::string name;
    if (shares_pieces()) {
      const auto key = shared_key(options_.grouping, options_.buckets, row.id);
      if (left_out_.contains(key)) return;
      name = shared_name(options_.grouping, options_.buckets, key);
    } else {
      name = connection_name(row.id);
      files_.publish(name);
    }
    ++counts_.connections;
    counts_.connections_indexed += row.packets_in + row.packets_out;
    index << index_line(row, name, source_names) << '\n';
  });
  if (!sorted) return sorted;
  index.close();
  if (!files_.error().empty()) return flowstats::fail(ExitStatus::environment, files_.error());
  std::error_code error;
  if (!index.fail()) std::filesystem::rename(part, path, error);
  if (index.fail() || error)
    return flowstats::fail(ExitStatus::environment,
                           "cannot write \"" + path.string() + "\": " + std::strerror(errno) + ".");
  return {};
}

Result<void> Distributor::finish(const std::vector<std::string>& source_names) {
  input_has_ended_ = true;
  connections_.end_all();
  close_shared_pieces();
  if (!error().empty()) return flowstats::fail(ExitStatus::environment, error());
  return write_index(source_names);
}

PlacedCounts Distributor::counts() const {
  PlacedCounts counts = counts_;
  counts.files = files_.files_created();
  counts.open_peak = files_.open_peak();
  counts.connections_ended_early = connections_.ended_early();
  return counts;
}

}  // namespace tapstat::control::splitting
