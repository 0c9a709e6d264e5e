#include "flowstats/udp_flow.h"

namespace tapstat::flowstats {

namespace {

/// 224.0.0.0/4 and ff00::/8.
bool is_multicast(IpVersion version, const IpAddress& address) {
  return version == IpVersion::v4 ? address.low >> 28 == 0xe : address.high >> 56 == 0xff;
}

}  // namespace

void UdpFlow::open(const Segment& datagram, const NetworkList& networks, bool inspect) {
  *this = UdpFlow{};
  tuple = datagram.tuple;
  hash = datagram.hash;
  client = datagram.direction;
  first = datagram.time;
  in_use = true;
  inspected = {inspect, inspect};
  for (size_t side = 0; side < 2; ++side) {
    const Direction from = side == 0 ? client : opposite(client);
    internal[side] = networks.contains(tuple.ip_version, tuple.sender(from).address);
  }
}

layer7::UdpDatagramView UdpFlow::view(const Segment& datagram) const {
  const size_t side = side_of(datagram);
  const Endpoint source = tuple.sender(datagram.direction);
  const Endpoint destination = tuple.sender(opposite(datagram.direction));
  return {.side = side,
          .packets = packets(),
          .packets_of_side = halves[side].packets,
          .udp_length = datagram.seq,
          .ip_payload_length = datagram.ack,
          .payload = datagram.payload(),
          .source_port = source.port,
          .destination_port = destination.port,
          .ttl = datagram.ttl,
          .time = datagram.time,
          .is_multicast = is_multicast(tuple.ip_version, source.address) ||
                          is_multicast(tuple.ip_version, destination.address)};
}

Ends UdpFlow::ends() const {
  Ends ends;
  ends.ip_version = tuple.ip_version;
  for (size_t side = 0; side < 2; ++side) {
    const Endpoint end = tuple.sender(side == 0 ? client : opposite(client));
    ends.address[side] = end.address;
    ends.port[side] = end.port;
    ends.internal[side] = internal[side];
  }
  return ends;
}

}  // namespace tapstat::flowstats
