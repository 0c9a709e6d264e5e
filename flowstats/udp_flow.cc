#include "flowstats/udp_flow.h"

namespace tapstat::flowstats {

namespace {

/// 224.0.0.0/4 and ff00::/8.
bool is_group(IpVersion version, const IpAddress& address) {
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
  is_multicast =
      is_group(tuple.ip_version, tuple.a_address) || is_group(tuple.ip_version, tuple.b_address);
  for (size_t side = 0; side < 2; ++side) {
    const Direction from = side == 0 ? client : opposite(client);
    internal[side] = networks.contains(tuple.ip_version, tuple.sender(from).address);
  }
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
