#include "control/split/connections.h"

#include <algorithm>
#include <utility>

namespace tapstat::control::splitting {

using flowstats::DirectedTuple;
using flowstats::Direction;
using flowstats::Endpoint;
using flowstats::FiveTuple;
using flowstats::opposite;
using flowstats::Segment;
namespace tcp_flag = flowstats::tcp_flag;

namespace {

int64_t microseconds(int64_t time_ns) {
  const int64_t us = time_ns / 1'000;
  return time_ns % 1'000 < 0 ? us - 1 : us;
}

Direction server_of(const Segment& first) {
  const Direction sender = first.direction, receiver = opposite(sender);
  if (first.tuple.protocol == flowstats::kProtocolTcp && first.has(tcp_flag::kSyn))
    return first.has(tcp_flag::kAck) ? sender : receiver;
  return first.tuple.sender(sender).port < first.tuple.sender(receiver).port ? sender : receiver;
}

}  // namespace

ConnectionId identify(const Segment& first, int64_t time_ns,
                      const flowstats::NetworkList& networks) {
  ConnectionId id;
  id.tuple = first.tuple;
  id.first_us = microseconds(time_ns);
  const Direction server = server_of(first);
  id.server_port = first.tuple.sender(server).port;
  const bool a_is_inside = networks.lists(id.tuple.ip_version, id.tuple.a_address);
  const bool b_is_inside = networks.lists(id.tuple.ip_version, id.tuple.b_address);
  id.local = server;
  if (a_is_inside != b_is_inside) id.local = a_is_inside ? Direction::from_a : Direction::from_b;
  return id;
}

bool Connection::is_over_with(const Segment& segment) const {
  const auto side = static_cast<size_t>(segment.direction);
  return is_closed() && row.id.tuple.protocol == flowstats::kProtocolTcp &&
         segment.has(tcp_flag::kSyn) && !segment.has(tcp_flag::kAck) &&
         !(has_syn[side] && syn_seq[side] == segment.seq);
}

void Connection::count(const Packet& packet, Direction direction, const Segment* segment) {
  const auto payload =
      segment == nullptr ? 0 : static_cast<uint64_t>(std::max(segment->payload_length, 0));
  const bool is_out = direction == row.id.local;
  const bool is_first = row.packets_in + row.packets_out == 0;
  (is_out ? row.packets_out : row.packets_in) += 1;
  (is_out ? row.bytes_out : row.bytes_in) += payload;
  const int64_t time_us = microseconds(packet.time_ns);
  row.last_us = is_first ? time_us : std::max(row.last_us, time_us);
  row.sources.add(packet.source, is_first);
  if (packet.is_late) row.flags |= IndexRow::kDisorder;
  if (segment == nullptr || row.id.tuple.protocol != flowstats::kProtocolTcp) return;
  const auto side = static_cast<size_t>(direction);
  if (segment->has(tcp_flag::kSyn)) {
    ++row.syn;
    if (!has_syn[side]) syn_seq[side] = segment->seq;
    has_syn[side] = true;
  }
  if (segment->has(tcp_flag::kFin)) ++row.fin;
  if (segment->has(tcp_flag::kRst)) ++row.rst;
  has_fin[side] |= segment->has(tcp_flag::kFin);
  has_rst |= segment->has(tcp_flag::kRst);
}

Connection* Connections::find(const FiveTuple& tuple) {
  const auto at = table_.find(tuple);
  return at == table_.end() ? nullptr : &*at->second;
}

Connection& Connections::add(const ConnectionId& id) {
  while (order_.size() >= capacity_) {
    ++ended_early_;
    end(order_.front().row.id.tuple);
  }
  Connection& connection = order_.emplace_back();
  connection.row.id = id;
  table_.emplace(id.tuple, std::prev(order_.end()));
  return connection;
}

void Connections::use(const FiveTuple& tuple) {
  order_.splice(order_.end(), order_, table_.find(tuple)->second);
}

void Connections::end(const FiveTuple& tuple) {
  const auto at = table_.find(tuple);
  ending_(*at->second);
  const auto place = at->second;
  table_.erase(at);
  order_.erase(place);
}

void Connections::end_all() {
  for (Connection& connection : order_) ending_(connection);
  table_.clear();
  order_.clear();
}

void FragmentOwners::add(const FragmentKey& key, const DirectedTuple& owner, int64_t time_ns) {
  owners_.insert_or_assign(key, Owner{owner, time_ns});
  order_.push_back({key, time_ns});
  while (order_.size() > kFragmentsMax || order_.front().time_ns < time_ns - kLifetimeNs) {
    const auto at = owners_.find(order_.front().key);
    if (at != owners_.end() && at->second.time_ns == order_.front().time_ns) owners_.erase(at);
    order_.pop_front();
  }
}

const DirectedTuple* FragmentOwners::find(const FragmentKey& key, int64_t time_ns) const {
  const auto at = owners_.find(key);
  return at == owners_.end() || at->second.time_ns < time_ns - kLifetimeNs ? nullptr
                                                                           : &at->second.tuple;
}

}  // namespace tapstat::control::splitting
