/// What leaves a worker when a TCP flow ends: all groups' values, trivially copyable, and behind
/// them the texts of layer 7.
///
/// Written once by the worker into the record ring, read by the writer. Every group is measured for
/// every flow; which columns are printed is the writer's business.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "flowstats/base/units.h"
#include "flowstats/groups/core.h"
#include "flowstats/groups/end_to_end.h"
#include "flowstats/groups/fingerprint.h"
#include "flowstats/groups/layer7.h"
#include "flowstats/groups/options.h"
#include "flowstats/groups/p2p.h"
#include "flowstats/record.h"
#include "flowstats/wire/five_tuple.h"

namespace tapstat::flowstats {

/// Statistics of one direction, indexed by the side that sent.
struct TcpHalf {
  core::Half core;
  end_to_end::Half end_to_end;
  options::Half options;
  layer7::Half layer7;
};

struct TcpRecord : RecordHead {
  std::array<TcpHalf, 2> halves;  // [client, server]
  std::array<IpAddress, 2> address;
  std::array<uint16_t, 2> port{};   // host byte order
  std::array<bool, 2> internal{};   // address in the internal networks, decided at the first packet
  std::array<bool, 2> encrypted{};  // address anonymised; set by the writer
  IpVersion ip_version = IpVersion::v4;
  bool complete = false;   // log_tcp_complete, else log_tcp_nocomplete
  bool inspected = false;  // its payload was looked at; else layer 7 and classes print as absent
  Timestamp first, last;   // of the flow, in arrival order
  p2p::Shared p2p;
  layer7::Shared layer7;
  fingerprint::Shared fingerprint;
  const Resolution* resolution = nullptr;  // set by the writer

  [[nodiscard]] const TcpHalf& half(Side s) const { return halves[static_cast<size_t>(s)]; }
};
static_assert(std::is_trivially_copyable_v<TcpRecord>);
static_assert(sizeof(TcpRecord) % 4 == 0, "rings carry whole 32-bit words");

}  // namespace tapstat::flowstats
