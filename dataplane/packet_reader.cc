#include "dataplane/packet_reader.h"

#include <string>

#include <rte_errno.h>

namespace tapstat::dataplane {

flowstats::Result<PacketTimeField> PacketTimeField::find() {
  int offset = 0;
  if (rte_mbuf_dyn_rx_timestamp_register(&offset, nullptr) != 0)
    return flowstats::fail(flowstats::ExitStatus::environment,
                           std::string("no room for the time of a packet in DPDK's mbuf: ") +
                               rte_strerror(rte_errno) + ".");
  return PacketTimeField(offset);
}

}  // namespace tapstat::dataplane
