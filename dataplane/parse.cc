#include "dataplane/parse.h"

#include <pcap/dlt.h>

#include "dataplane/parse_ip.h"
#include "dataplane/parse_link.h"

namespace tapstat::dataplane {

using flowstats::ByteRange;
using flowstats::Counter;
using flowstats::Mode;
using flowstats::Segment;

std::optional<LinkType> link_type_from_dlt(int dlt) {
  // Numbers that libpcap maps differently on other systems, as they stand in files.
  constexpr int kRawOpenBsd = 14, kRawInFile = 101, kLoopOpenBsd = 108;
  switch (dlt) {
    case DLT_EN10MB: return LinkType::ethernet;
    case DLT_RAW:
    case kRawOpenBsd:
    case kRawInFile:
    case DLT_IPV4:
    case DLT_IPV6: return LinkType::raw_ip;
    case DLT_LINUX_SLL: return LinkType::linux_cooked_v1;
    case DLT_LINUX_SLL2: return LinkType::linux_cooked_v2;
    case DLT_NULL:
    case kLoopOpenBsd: return LinkType::null_loopback;
    case DLT_C_HDLC: return LinkType::cisco_hdlc;
    case DLT_PPP:
    case DLT_PPP_SERIAL: return LinkType::ppp;
    case DLT_FDDI: return LinkType::fddi;
    case DLT_IEEE802_11: return LinkType::ieee802_11;
    case DLT_SLIP: return LinkType::slip;
    default: return std::nullopt;
  }
}

std::string_view link_type_name(LinkType type) {
  switch (type) {
    case LinkType::ethernet: return "Ethernet";
    case LinkType::raw_ip: return "raw IP";
    case LinkType::linux_cooked_v1: return "Linux cooked v1";
    case LinkType::linux_cooked_v2: return "Linux cooked v2";
    case LinkType::null_loopback: return "null/loopback";
    case LinkType::cisco_hdlc: return "Cisco HDLC";
    case LinkType::ppp: return "PPP";
    case LinkType::fddi: return "FDDI";
    case LinkType::ieee802_11: return "802.11";
    case LinkType::slip: return "SLIP";
    case LinkType::mixed: return "several link types";
  }
  return "";
}

namespace {

NetworkStart find_network(Mode mode, LinkType type, ByteRange frame) {
  return mode == Mode::tstat ? find_network_tstat(type, frame)
                             : find_network_corrected(type, frame);
}

/// Each packet of a mixed capture names its own link type.
[[gnu::noinline]] Counter parse_mixed(const ParseRules& rules, ByteRange frame,
                                      uint32_t captured_length, Segment& segment, bool& is_ip) {
  if (!frame.has(0, kMixedHeaderLength)) return Counter::dropped_bad_l2;
  const auto type = link_type_from_dlt(frame.u16(0));
  if (!type) return Counter::dropped_bad_l2;
  return parse({rules.mode, *type, rules.hash_seed}, frame.from(kMixedHeaderLength),
               captured_length - kMixedHeaderLength, segment, is_ip);
}

}  // namespace

Counter parse(const ParseRules& rules, ByteRange frame, uint32_t captured_length, Segment& segment,
              bool& is_ip) {
  is_ip = false;
  if (rules.link_type == LinkType::mixed)
    return parse_mixed(rules, frame, captured_length, segment, is_ip);
  const NetworkStart start = find_network(rules.mode, rules.link_type, frame);
  if (start.outcome != Counter::analysed_packets) return start.outcome;
  return rules.mode == Mode::tstat
             ? parse_network_tstat(rules.hash_seed, frame, start, segment, is_ip)
             : parse_network_corrected(rules.hash_seed, frame, captured_length, start, segment,
                                       is_ip);
}

}  // namespace tapstat::dataplane
