/// An open handle of libpcap, closed with its owner.
#pragma once

#include <memory>

#include <pcap/pcap.h>

namespace tapstat::dataplane {

struct ClosePcap {
  void operator()(pcap_t* pcap) const { pcap_close(pcap); }
};
using PcapHandle = std::unique_ptr<pcap_t, ClosePcap>;

}  // namespace tapstat::dataplane
