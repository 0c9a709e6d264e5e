/// How the packets of a capture arrive: what `--source` and `replay.source` choose.
#pragma once

#include <cstdint>

namespace tapstat::dataplane {

enum class ReaderKind : uint8_t {
  dpdk,      // DPDK's pcap port: the path that a packet from a network card takes
  file,      // the file, read by this program itself
  preloaded  // memory, into which all files are read before the clock starts
};

}  // namespace tapstat::dataplane
