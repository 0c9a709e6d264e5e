#include "control/split/piece_name.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "control/utc_text.h"

namespace tapstat::control::splitting {

using flowstats::Endpoint;
using flowstats::FiveTuple;
using flowstats::IpAddress;
using flowstats::IpVersion;

namespace {

constexpr std::string_view kFolders[] = {"conn", "host", "pair", "port"};

void put_big_endian(uint8_t* to, uint64_t value, size_t count) {
  for (size_t i = 0; i < count; ++i) to[i] = static_cast<uint8_t>(value >> 8 * (count - 1 - i));
}

/// What a bucket's key is told from: nothing else is left in it.
FiveTuple numbered(uint64_t number) {
  FiveTuple key;
  key.a_address.low = number;
  return key;
}

}  // namespace

std::string address_text(IpVersion version, IpAddress address) {
  std::array<uint8_t, 16> bytes{};
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (version == IpVersion::v4) {
    put_big_endian(bytes.data(), address.low, 4);
    inet_ntop(AF_INET, bytes.data(), text.data(), text.size());
  } else {
    put_big_endian(bytes.data(), address.high, 8);
    put_big_endian(bytes.data() + 8, address.low, 8);
    inet_ntop(AF_INET6, bytes.data(), text.data(), text.size());
  }
  return text.data();
}

std::string address_in_name(IpVersion version, IpAddress address) {
  std::string text = address_text(version, address);
  std::replace(text.begin(), text.end(), ':', '-');
  return text;
}

FiveTuple shared_key(Grouping grouping, uint32_t buckets, const ConnectionId& id) {
  FiveTuple key;
  key.ip_version = id.tuple.ip_version;
  switch (grouping) {
    case Grouping::connection: key = id.tuple; break;
    case Grouping::host: key.a_address = id.tuple.sender(id.local).address; break;
    case Grouping::pair:
      key.a_address = id.tuple.a_address;
      key.b_address = id.tuple.b_address;
      break;
    case Grouping::port:
      key.ip_version = IpVersion::v4;  // one piece for both
      key.a_port = id.server_port;
      break;
  }
  return buckets == 0 ? key : numbered(flowstats::hash_tuple(key, 0) % buckets);
}

std::string shared_name(Grouping grouping, uint32_t buckets, const FiveTuple& key) {
  const std::string_view folder = kFolders[static_cast<size_t>(grouping)];
  if (buckets > 0) return fmt::format("{}/{:04}.pcap", folder, key.a_address.low);
  if (grouping == Grouping::port) return fmt::format("{}/{}.pcap", folder, key.a_port);
  const std::string first = address_in_name(key.ip_version, key.a_address);
  if (grouping == Grouping::host) return fmt::format("{}/{}.pcap", folder, first);
  return fmt::format("{}/{}_{}.pcap", folder, first,
                     address_in_name(key.ip_version, key.b_address));
}

std::string connection_name(const ConnectionId& id) {
  // "2017-02-03T00:00:03.123456Z"
  const std::string time = utc_text(id.first_us);
  const std::string_view year = std::string_view(time).substr(0, 4), month(&time[5], 2),
                         day(&time[8], 2), hour(&time[11], 2), minute(&time[14], 2),
                         second(&time[17], 10);
  const Endpoint local = id.tuple.sender(id.local),
                 remote = id.tuple.sender(flowstats::opposite(id.local));
  const IpVersion version = id.tuple.ip_version;
  return fmt::format("{}/{}/{}/{}/{}/{}{}{}T{}{}{}_{}_{}_{}_{}{}.pcap", kFolders[0], year, month,
                     day, hour, year, month, day, hour, minute, second,
                     address_in_name(version, local.address), local.port,
                     address_in_name(version, remote.address), remote.port,
                     id.repetition == 0 ? "" : fmt::format(".{}", id.repetition));
}

}  // namespace tapstat::control::splitting
