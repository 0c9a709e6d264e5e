/// The names of the pieces, below the output directory and without ".part".
///
/// Addresses as inet_ntop writes them, with "-" for ":" in IPv6, so that every file system takes
/// them and the address can be read back. Times are UTC. Control thread.
#pragma once

#include <cstdint>
#include <string>

#include "control/split/split_arguments.h"
#include "flowstats/wire/five_tuple.h"

namespace tapstat::control::splitting {

/// "192.0.2.10", "2001:db8::1".
[[nodiscard]] std::string address_text(flowstats::IpVersion version, flowstats::IpAddress address);
/// The same with "-" for ":".
[[nodiscard]] std::string address_in_name(flowstats::IpVersion version,
                                          flowstats::IpAddress address);

/// Which connection this is among all: enough for its name and its place in the index.
struct ConnectionId {
  flowstats::FiveTuple tuple;
  int64_t first_us = 0;  // since 1970
  flowstats::Direction local = flowstats::Direction::from_a;
  uint16_t server_port = 0;
  uint32_t repetition = 0;  // of the same name
};

/// What the connections of one shared piece have in common: a tuple with the rest left zero. Equal
/// keys, equal pieces. Not for Grouping::connection without buckets.
[[nodiscard]] flowstats::FiveTuple shared_key(Grouping grouping, uint32_t buckets,
                                              const ConnectionId& id);

/// "host/192.0.2.1.pcap"; with buckets "host/0007.pcap".
[[nodiscard]] std::string shared_name(Grouping grouping, uint32_t buckets,
                                      const flowstats::FiveTuple& key);

/// "conn/2017/02/03/00/20170203T000003.123456Z_A_ap_B_bp.pcap", A the local end; ".1" before
/// ".pcap" for the first repetition.
[[nodiscard]] std::string connection_name(const ConnectionId& id);

}  // namespace tapstat::control::splitting
