#include "dataplane/parse.h"

#include <algorithm>
#include <ostream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/packet_buffer.h"
#include "tests/support/packet_builder.h"
#include "tests/support/parse_ways.h"

namespace tapstat::flowstats {
// Found by argument-dependent lookup when a comparison fails.
static void PrintTo(Counter c, std::ostream* out) {
  *out << kCounterTable[static_cast<size_t>(c)].name;
}
}  // namespace tapstat::flowstats

namespace tapstat::dataplane {
namespace {

using flowstats::Counter;
using flowstats::IpVersion;
using flowstats::Mode;
using flowstats::Segment;
using flowstats::TcpOptions;
using tests::FrameBytes;
using tests::Ipv4Fields;
using tests::Ipv6Extension;
using tests::PacketBuilder;
using tests::TcpFields;
using tests::UdpFields;

constexpr Counter kOk = Counter::analysed_packets, kShort = Counter::dropped_too_short,
                  kBadL2 = Counter::dropped_bad_l2, kBadIp = Counter::dropped_bad_ip,
                  kBadL4 = Counter::dropped_bad_l4, kNotIp = Counter::dropped_not_ip,
                  kOther = Counter::dropped_not_tcp_udp,
                  kFragment = Counter::dropped_fragment_incomplete,
                  kDeep = Counter::dropped_tunnel_too_deep;

struct Parsed {
  Counter outcome;
  Segment segment;
  bool is_ip;
};

/// From a buffer in which the address sanitizer sees a read beyond the frame.
Parsed parse_exactly(Mode mode, LinkType link, const FrameBytes& frame) {
  const tests::PacketBuffer buffer(frame.data(), frame.size());
  Parsed result{};
  result.outcome =
      tests::parse_all_ways({mode, link, 1}, buffer.frame(), static_cast<uint32_t>(frame.size()),
                            result.segment, result.is_ip);
  result.segment.payload_captured = 0;  // dies with the buffer
  return result;
}

FrameBytes cut(FrameBytes frame, size_t size) {
  frame.resize(size);
  return frame;
}

FrameBytes with(FrameBytes frame, size_t at, const FrameBytes& bytes) {
  for (size_t i = 0; i < bytes.size(); ++i) frame.at(at + i) = bytes[i];
  return frame;
}

PacketBuilder ethernet() { return PacketBuilder().ethernet(); }
PacketBuilder eth_ip(const Ipv4Fields& fields = {}) { return ethernet().ipv4(fields); }

/// What each mode makes of a frame.
struct Case {
  std::string name;
  FrameBytes frame;
  Counter tstat, corrected;
  LinkType link = LinkType::ethernet;
};

void check(const std::vector<Case>& cases) {
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    EXPECT_EQ(parse_exactly(Mode::tstat, c.link, c.frame).outcome, c.tstat) << "tstat mode";
    EXPECT_EQ(parse_exactly(Mode::corrected, c.link, c.frame).outcome, c.corrected)
        << "corrected mode";
  }
}

FrameBytes snap(uint16_t type) {
  return {0xaa, 0xaa, 3, 0, 0, 0, static_cast<uint8_t>(type >> 8), static_cast<uint8_t>(type)};
}

FrameBytes joined(FrameBytes a, const FrameBytes& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

const FrameBytes kIpTcp = PacketBuilder().ipv4().tcp().build();
const FrameBytes kIp6Tcp = PacketBuilder().ipv6().tcp().build();

TEST(ParseLink, Encapsulations) {
  const auto tcp4 = [](PacketBuilder b) { return b.ipv4().tcp().build(); };
  const auto tcp6 = [](PacketBuilder b) { return b.ipv6().tcp().build(); };
  PacketBuilder eight_tags = ethernet(), nine_tags = ethernet();
  for (int i = 0; i < 8; ++i) eight_tags.vlan(1);
  for (int i = 0; i < 9; ++i) nine_tags.vlan(1);
  check({
      {"IPv4", tcp4(ethernet()), kOk, kOk},
      {"IPv6", tcp6(ethernet()), kOk, kOk},
      {"802.1Q", tcp4(ethernet().vlan(7)), kOk, kOk},
      {"802.1Q IPv6", tcp6(ethernet().vlan(7)), kOk, kOk},
      {"802.1Q twice", tcp4(ethernet().vlan(7).vlan(8)), kNotIp, kOk},
      {"802.1ad", tcp4(ethernet().vlan(7, 0x88a8).vlan(8)), kNotIp, kOk},
      {"0x9100", tcp4(ethernet().vlan(7, 0x9100)), kNotIp, kOk},
      {"eight tags", tcp4(eight_tags), kNotIp, kOk},
      {"nine tags", tcp4(nine_tags), kNotIp, kDeep},
      {"MPLS", tcp4(ethernet().mpls(16)), kOk, kOk},
      {"MPLS IPv6", tcp6(ethernet().mpls(16)), kOk, kOk},
      {"MPLS, two labels", tcp4(ethernet().mpls(16).mpls(17)), kNotIp, kOk},
      {"802.1Q and MPLS", tcp4(ethernet().vlan(7).mpls(16)), kOk, kOk},
      {"802.1Q and two labels", tcp4(ethernet().vlan(7).mpls(16).mpls(17)), kNotIp, kOk},
      {"PPPoE", tcp4(ethernet().pppoe()), kOk, kOk},
      {"PPPoE IPv6", tcp6(ethernet().pppoe()), kNotIp, kOk},
      {"802.1Q and PPPoE", tcp4(ethernet().vlan(7).pppoe()), kNotIp, kOk},
      {"LLC/SNAP",
       joined({2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 0, 48}, joined(snap(0x0800), kIpTcp)), kNotIp,
       kOk},
      {"LLC without SNAP",
       {2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 0, 3, 0x42, 0x42, 3},
       kNotIp,
       kNotIp},
      {"ARP", tests::arp_request(), kNotIp, kNotIp},
      {"tag that hides IP from its type", with(tcp4(ethernet().vlan(7)), 16, {0x12, 0x34}), kOk,
       kNotIp},
  });
}

TEST(ParseLink, OtherLinkTypes) {
  const FrameBytes cooked1 = PacketBuilder().linux_cooked_v1().ipv4().tcp().build();
  const FrameBytes cooked2 = PacketBuilder().linux_cooked_v2().ipv4().tcp().build();
  const FrameBytes wifi_header = {0x08, 0x01, 0, 0, 1, 1, 1, 1, 1, 1, 2, 2,
                                  2,    2,    2, 2, 3, 3, 3, 3, 3, 3, 0, 0};
  const FrameBytes wifi = joined(wifi_header, joined(snap(0x0800), kIpTcp));
  const FrameBytes wifi_qos =
      joined(with(wifi_header, 0, {0x88}), joined(joined({0, 0}, snap(0x0800)), kIpTcp));
  const FrameBytes fddi =
      joined({0x50, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2}, joined(snap(0x0800), kIpTcp));
  check({
      {"raw IPv4", kIpTcp, kOk, kOk, LinkType::raw_ip},
      {"raw IPv6", kIp6Tcp, kOk, kOk, LinkType::raw_ip},
      {"raw, version 5", with(kIpTcp, 0, {0x55}), kBadIp, kBadIp, LinkType::raw_ip},
      {"cooked v1", cooked1, kOk, kOk, LinkType::linux_cooked_v1},
      {"cooked v1, foreign protocol", with(cooked1, 14, {0x12, 0x34}), kOk, kNotIp,
       LinkType::linux_cooked_v1},
      {"cooked v2", cooked2, kOk, kOk, LinkType::linux_cooked_v2},
      {"cooked v2, foreign protocol", with(cooked2, 0, {0x12, 0x34}), kNotIp, kNotIp,
       LinkType::linux_cooked_v2},
      {"null", PacketBuilder().null_loopback().ipv4().tcp().build(), kOk, kOk,
       LinkType::null_loopback},
      {"null, big endian, IPv6", joined({0, 0, 0, 30}, kIp6Tcp), kOk, kOk, LinkType::null_loopback},
      {"null, family 7", joined({7, 0, 0, 0}, kIpTcp), kOk, kNotIp, LinkType::null_loopback},
      {"C-HDLC", PacketBuilder().cisco_hdlc().ipv4().tcp().build(), kOk, kOk, LinkType::cisco_hdlc},
      {"C-HDLC keep-alive", joined({0x8f, 0, 0x80, 0x35}, FrameBytes(18)), kNotIp, kNotIp,
       LinkType::cisco_hdlc},
      {"PPP", PacketBuilder().ppp().ipv4().tcp().build(), kOk, kOk, LinkType::ppp},
      {"PPP, IPv6", PacketBuilder().ppp().ipv6().tcp().build(), kOk, kOk, LinkType::ppp},
      {"PPP without framing", joined({0, 0x21}, kIpTcp), kNotIp, kOk, LinkType::ppp},
      {"PPP, compressed protocol", joined({0xff, 3, 0x21}, kIpTcp), kNotIp, kOk, LinkType::ppp},
      {"PPP that is C-HDLC", joined({0x0f, 0, 8, 0}, kIpTcp), kOk, kOk, LinkType::ppp},
      {"PPP, LCP", joined({0xff, 3, 0xc0, 0x21}, FrameBytes(8)), kNotIp, kNotIp, LinkType::ppp},
      {"FDDI", fddi, kOk, kOk, LinkType::fddi},
      {"FDDI, not LLC", with(fddi, 0, {0x41}), kOk, kNotIp, LinkType::fddi},
      {"802.11", wifi, kOk, kOk, LinkType::ieee802_11},
      {"802.11 QoS", wifi_qos, kNotIp, kOk, LinkType::ieee802_11},
      {"802.11 encrypted", with(wifi, 1, {0x41}), kOk, kNotIp, LinkType::ieee802_11},
      {"802.11 beacon", with(wifi, 0, {0x80}), kOk, kNotIp, LinkType::ieee802_11},
      {"SLIP", joined(FrameBytes(16), kIpTcp), kOk, kOk, LinkType::slip},
      {"mixed, Ethernet", joined({0, 1, 0, 0}, ethernet().ipv4().tcp().build()), kOk, kOk,
       LinkType::mixed},
      {"mixed, cooked v1", joined({0, 113, 0, 0}, cooked1), kOk, kOk, LinkType::mixed},
      {"mixed, unknown", joined({1, 9, 0, 0}, kIpTcp), kBadL2, kBadL2, LinkType::mixed},
      {"mixed, framing cut", {0, 1, 0}, kBadL2, kBadL2, LinkType::mixed},
      {"mixed cannot nest", joined({0, 147, 0, 0, 0, 101, 0, 0}, kIpTcp), kBadL2, kBadL2,
       LinkType::mixed},
  });
}

TEST(ParseLink, CutHeaders) {
  const FrameBytes vlan = ethernet().vlan(7).ipv4().tcp().build();
  const FrameBytes mpls = ethernet().mpls(16).ipv4().tcp().build();
  const FrameBytes pppoe = ethernet().pppoe().ipv4().tcp().build();
  check({
      {"nothing", {}, kBadL2, kBadL2},
      {"Ethernet", cut(vlan, 13), kBadL2, kBadL2},
      {"VLAN tag", cut(vlan, 17), kBadL2, kBadL2},
      {"MPLS label", cut(mpls, 17), kBadL2, kBadL2},
      {"PPPoE", cut(pppoe, 21), kBadL2, kBadL2},
      {"PPPoE discovery code", with(pppoe, 15, {9}), kOk, kBadL2},
      {"nothing after Ethernet", cut(ethernet().ipv4().tcp().build(), 14), kShort, kShort},
      {"nothing after the tag", cut(vlan, 18), kShort, kShort},
      {"cooked v1", FrameBytes(15), kBadL2, kBadL2, LinkType::linux_cooked_v1},
      {"cooked v2", FrameBytes(19), kBadL2, kBadL2, LinkType::linux_cooked_v2},
      {"null", FrameBytes(3), kBadL2, kBadL2, LinkType::null_loopback},
      {"PPP", {0xff}, kBadL2, kBadL2, LinkType::ppp},
      {"C-HDLC", FrameBytes(3), kBadL2, kBadL2, LinkType::cisco_hdlc},
      {"FDDI", FrameBytes(12), kBadL2, kBadL2, LinkType::fddi},
      {"802.11", {0x08}, kBadL2, kBadL2, LinkType::ieee802_11},
      {"raw IP", {}, kShort, kShort, LinkType::raw_ip},
  });
}

TEST(ParseIp, Tunnels) {
  const auto tcp4 = [](PacketBuilder b) { return b.ipv4().tcp().build(); };
  const auto tcp6 = [](PacketBuilder b) { return b.ipv6().tcp().build(); };
  const FrameBytes gre = tcp4(eth_ip().gre());
  const FrameBytes bridged =
      tcp4(eth_ip({.protocol = uint8_t{47}}).bytes({0, 0, 0x65, 0x58}).ethernet().vlan(3));
  const FrameBytes bridged_arp =
      joined(eth_ip({.protocol = uint8_t{47}, .total_length = uint16_t{66}})
                 .bytes({0, 0, 0x65, 0x58})
                 .build(),
             tests::arp_request());
  const FrameBytes gre_fields = eth_ip({.protocol = uint8_t{47}})
                                    .bytes({0xb0, 0, 8, 0, 1, 1, 0, 0, 0, 0, 0, 9, 0, 0, 0, 1})
                                    .ipv4()
                                    .tcp()
                                    .build();
  PacketBuilder eight = eth_ip(), nine = eth_ip();
  for (int i = 0; i < 8; ++i) eight.ipv4();
  for (int i = 0; i < 9; ++i) nine.ipv4();
  check({
      {"IPIP", tcp4(eth_ip().ipv4()), kOther, kOk},
      {"one level IPIP", eth_ip().ipv4().tcp().build(), kOk, kOk},
      {"6in4", tcp6(eth_ip()), kOk, kOk},
      {"4in6", tcp4(ethernet().ipv6()), kOther, kOk},
      {"6in6", tcp6(ethernet().ipv6()), kOther, kOk},
      {"GRE", gre, kOther, kOk},
      {"GRE over IPv6, IPv6 inside", tcp6(ethernet().ipv6().gre()), kOther, kOk},
      {"GRE, checksum, key and sequence", gre_fields, kOther, kOk},
      {"GRE with bridged Ethernet", bridged, kOther, kOk},
      {"GRE with bridged ARP", bridged_arp, kOther, kOther},
      {"GRE version 1", with(gre, 34, {0, 1}), kOther, kOther},
      {"GRE routing field", with(gre, 34, {0x40, 0}), kOther, kOther},
      {"GRE, other protocol", with(gre, 36, {0x88, 0x0b}), kOther, kOther},
      {"GRE cut", cut(gre, 37), kOther, kShort},
      {"GRE beyond its packet", with(cut(gre, 40), 16, {0, 22}), kOther, kBadL4},
      {"GRE fields beyond the packet", with(with(gre, 16, {0, 26}), 34, {0x20}), kOther, kBadL4},
      {"eight tunnels", eight.tcp().build(), kOther, kOk},
      {"nine tunnels", nine.tcp().build(), kOther, kDeep},
      {"promise of IPv4, IPv6 inside", with(tcp6(eth_ip()), 23, {4}), kOk, kBadIp},
      {"inner packet beyond the outer", with(tcp4(eth_ip()), 16, {0, 39}), kOk, kShort},
  });
}

TEST(ParseIp, HeadersThatCannotBe) {
  const FrameBytes ok = eth_ip().tcp().build();
  const FrameBytes six = ethernet().ipv6().tcp().build();
  check({
      {"version 0", eth_ip({.version = uint8_t{0}}).tcp().build(), kBadIp, kBadIp},
      {"IPv6 under the type of IPv4", with(six, 12, {8, 0}), kOk, kBadIp},
      {"header of 16 bytes", eth_ip({.header_words = uint8_t{4}}).tcp().build(), kOk, kBadIp},
      {"header of 60 bytes, 40 there", eth_ip({.header_words = uint8_t{15}}).tcp().build(), kBadIp,
       kBadIp},
      {"total length 0", eth_ip({.total_length = uint16_t{0}}).tcp().build(), kBadIp, kOk},
      {"total length 19", eth_ip({.total_length = uint16_t{19}}).tcp().build(), kBadIp, kBadIp},
      {"total length 39", eth_ip({.total_length = uint16_t{39}}).tcp().build(), kBadL4, kBadL4},
      {"total length beyond the frame", eth_ip({.total_length = uint16_t{65535}}).tcp().build(),
       kOk, kOk},
      {"IPv4 cut", cut(ok, 33), kShort, kShort},
      {"IPv6 cut", cut(six, 53), kShort, kShort},
      {"IPv6 length 19", with(six, 18, {0, 19}), kBadL4, kBadL4},
      {"ICMP", eth_ip().icmp_echo().build(), kOther, kOther},
      {"second fragment", eth_ip({.fragment_offset = 185}).tcp().build(), kFragment, kFragment},
      {"second fragment of ICMP", eth_ip({.fragment_offset = 1}).icmp_echo().build(), kFragment,
       kFragment},
      {"first fragment", eth_ip({.more_fragments = true}).tcp().build(), kOk, kOk},
      {"AH in IPv4", eth_ip().authentication_header().tcp().build(), kOther, kOk},
  });
}

TEST(ParseIp, ExtensionHeaders) {
  const auto six = [] { return ethernet().ipv6(); };
  PacketBuilder sixteen = six(), seventeen = six();
  for (int i = 0; i < 16; ++i) sixteen.extension(Ipv6Extension::destination_options);
  for (int i = 0; i < 17; ++i) seventeen.extension(Ipv6Extension::destination_options);
  const FrameBytes hop = six().extension(Ipv6Extension::hop_by_hop).tcp().build();
  check({
      {"hop by hop", hop, kOk, kOk},
      {"all kinds",
       six()
           .extension(Ipv6Extension::hop_by_hop, FrameBytes(20))
           .extension(Ipv6Extension::routing)
           .extension(Ipv6Extension::destination_options)
           .extension(Ipv6Extension::mobility)
           .tcp()
           .build(),
       kOk, kOk},
      {"AH", six().authentication_header(24).tcp().build(), kOk, kOk},
      {"atomic fragment", six().ipv6_fragment(0, false).tcp().build(), kOk, kOk},
      {"first fragment", six().ipv6_fragment(0, true).tcp().build(), kOk, kOk},
      {"second fragment below 1,024 bytes", six().ipv6_fragment(1016, true).tcp().build(), kOk,
       kFragment},
      {"second fragment", six().ipv6_fragment(1024, true).tcp().build(), kFragment, kFragment},
      {"sixteen", sixteen.tcp().build(), kOk, kOk},
      {"seventeen", seventeen.tcp().build(), kDeep, kDeep},
      {"longer than the packet", with(hop, 55, {255}), kBadIp, kBadIp},
      {"cut", cut(hop, 61), kShort, kShort},
      {"payload length 0", with(hop, 18, {0, 0}), kBadIp, kBadIp},
      {"no next header", with(hop, 54, {59}), kOther, kOther},
  });
}

TEST(ParseTransport, HeadersThatCannotBe) {
  const auto tcp = [](const TcpFields& f) { return eth_ip().tcp(f).build(); };
  const auto udp = [](const UdpFields& f) { return eth_ip().udp(f).payload(3).build(); };
  const FrameBytes ok = tcp({});
  check({
      {"TCP cut", cut(ok, 53), kShort, kShort},
      {"data offset 0", tcp({.data_offset_words = uint8_t{0}}), kOk, kBadL4},
      {"data offset 4", tcp({.data_offset_words = uint8_t{4}}), kOk, kBadL4},
      {"SYN, data offset beyond the packet",
       tcp({.flags = tests::kSyn, .data_offset_words = uint8_t{15}}), kOk, kBadL4},
      {"ACK, data offset beyond the packet",
       tcp({.flags = tests::kAck, .data_offset_words = uint8_t{15}}), kOk, kOk},
      {"UDP", udp({}), kOk, kOk},
      {"UDP cut", cut(udp({}), 41), kShort, kShort},
      {"UDP in 7 bytes", with(udp({}), 16, {0, 27}), kBadL4, kBadL4},
      {"UDP length 0", udp({.length = uint16_t{0}}), kOk, kOk},
      {"UDP length 7", udp({.length = uint16_t{7}}), kOk, kBadL4},
      {"UDP length beyond the packet", udp({.length = uint16_t{65535}}), kOk, kOk},
  });
}

TEST(ParseTransport, FieldsOfATcpSegment) {
  const FrameBytes frame =
      eth_ip({.source = "192.0.2.200", .destination = "192.0.2.100", .ttl = 57, .id = 4660})
          .tcp({.source_port = 443,
                .destination_port = 50000,
                .seq = 0xfffffff0,
                .ack = 7,
                .flags = tests::kAck | tests::kPsh,
                .window = 501,
                .options = tests::tcp_option::join({tests::tcp_option::no_operation(),
                                                    tests::tcp_option::no_operation(),
                                                    tests::tcp_option::timestamps(1, 2)})})
          .payload(5)
          .build();
  Segment s;
  bool is_ip = false;
  const FrameBytes padded = joined(frame, FrameBytes(9));  // Ethernet padding is not payload
  ASSERT_EQ(parse({Mode::tstat, LinkType::ethernet, 1}, {padded.data(), padded.size()},
                  static_cast<uint32_t>(padded.size()), s, is_ip),
            kOk);
  EXPECT_TRUE(is_ip);
  EXPECT_EQ(s.tuple.sender(s.direction).address, flowstats::IpAddress::v4(0xc00002c8));
  EXPECT_EQ(s.tuple.sender(s.direction).port, 443);
  EXPECT_EQ(s.tuple.sender(opposite(s.direction)).port, 50000);
  EXPECT_EQ(s.tuple.protocol, flowstats::kProtocolTcp);
  EXPECT_EQ(s.hash, hash_tuple(s.tuple, 1));
  EXPECT_EQ(s.seq, 0xfffffff0);
  EXPECT_EQ(s.ack, 7U);
  EXPECT_EQ(s.window, 501);
  EXPECT_EQ(s.flags, tests::kAck | tests::kPsh);
  EXPECT_EQ(s.ttl, 57);
  EXPECT_EQ(s.ip_id, 4660);
  EXPECT_EQ(s.payload_length, 5);
  EXPECT_EQ(s.payload().size(), 5U);
  EXPECT_EQ(s.payload().data(), padded.data() + 14 + 20 + 32);
  EXPECT_EQ(s.option_list().data(), padded.data() + 14 + 20 + 20);
  EXPECT_EQ(s.option_list().size(), 12U);
  EXPECT_TRUE(s.options.has(TcpOptions::kTimestamps));
  EXPECT_FALSE(s.options.has(TcpOptions::kMss));
}

TEST(ParseTransport, BothDirectionsGiveOneTuple) {
  const auto there =
      parse_exactly(Mode::corrected, LinkType::ethernet,
                    ethernet()
                        .ipv6({.source = "2001:db8::1", .destination = "2001:db8::2"})
                        .tcp({.source_port = 9, .destination_port = 8})
                        .build());
  const auto back = parse_exactly(Mode::corrected, LinkType::ethernet,
                                  ethernet()
                                      .vlan(3)
                                      .ipv6({.source = "2001:db8::2", .destination = "2001:db8::1"})
                                      .tcp({.source_port = 8, .destination_port = 9})
                                      .build());
  EXPECT_EQ(there.segment.tuple, back.segment.tuple);
  EXPECT_EQ(there.segment.hash, back.segment.hash);
  EXPECT_NE(there.segment.direction, back.segment.direction);
  EXPECT_EQ(there.segment.tuple.ip_version, IpVersion::v6);
}

TEST(ParseTransport, DataOffsetBeyondThePacket) {
  const FrameBytes mss =
      tests::tcp_option::mss(1000);  // stands in the captured bytes, beyond the IP packet
  const FrameBytes frame =
      joined(eth_ip().tcp({.flags = tests::kAck, .data_offset_words = uint8_t{8}}).build(), mss);
  const auto tstat = parse_exactly(Mode::tstat, LinkType::ethernet, frame);
  EXPECT_EQ(tstat.segment.payload_length, -12);
  EXPECT_TRUE(tstat.segment.options.has(TcpOptions::kMss));
  EXPECT_FALSE(tstat.segment.malformed_offset);
  const auto corrected = parse_exactly(Mode::corrected, LinkType::ethernet, frame);
  EXPECT_EQ(corrected.segment.payload_length, 0);
  EXPECT_FALSE(corrected.segment.options.has(TcpOptions::kMss));
  EXPECT_TRUE(corrected.segment.malformed_offset);
}

TEST(ParseTransport, OptionThatRunsIntoThePayload) {
  const FrameBytes frame = eth_ip()
                               .tcp({.flags = tests::kAck, .options = {1, 1, 2, 6}})
                               .payload({0x12, 0x34, 0, 0})
                               .build();
  const auto tstat = parse_exactly(Mode::tstat, LinkType::ethernet, frame);
  EXPECT_EQ(tstat.segment.options.mss, 0x1234);
  EXPECT_FALSE(parse_exactly(Mode::corrected, LinkType::ethernet, frame)
                   .segment.options.has(TcpOptions::kMss));
}

TEST(ParseTransport, IdentificationThatIdentifies) {
  const auto id = [](Mode mode, const FrameBytes& frame) {
    const Segment s = parse_exactly(mode, LinkType::ethernet, frame).segment;
    return std::pair<int, bool>(s.ip_id, s.ip_id_is_identifying);
  };
  const FrameBytes zero_df = eth_ip({.id = 0, .dont_fragment = true}).tcp().build();
  const FrameBytes zero = eth_ip({.id = 0}).tcp().build();
  const FrameBytes six = ethernet().ipv6().tcp().payload(10).build();
  EXPECT_EQ(id(Mode::tstat, zero_df), std::make_pair(0, true));
  EXPECT_EQ(id(Mode::corrected, zero_df), std::make_pair(0, false));
  EXPECT_EQ(id(Mode::corrected, zero), std::make_pair(0, true));
  EXPECT_EQ(id(Mode::tstat, six), std::make_pair(30, true)) << "the payload length";
  EXPECT_EQ(id(Mode::corrected, six), std::make_pair(0, false));
}

TEST(ParseTransport, LengthsByTheHeaders) {
  const auto length = [](Mode mode, const FrameBytes& frame) {
    return parse_exactly(mode, LinkType::ethernet, frame).segment.payload_length;
  };
  EXPECT_EQ(length(Mode::tstat, cut(eth_ip().tcp().payload(100).build(), 54)), 100) << "snapped";
  EXPECT_EQ(length(Mode::corrected, eth_ip({.total_length = uint16_t{0}}).tcp().payload(9).build()),
            9);
  EXPECT_EQ(length(Mode::tstat, eth_ip().tcp({.data_offset_words = uint8_t{0}}).build()), 20);
  EXPECT_EQ(length(Mode::tstat, eth_ip().udp({.length = uint16_t{0}}).payload(3).build()), -8);
  EXPECT_EQ(length(Mode::corrected, eth_ip().udp({.length = uint16_t{0}}).payload(3).build()), 3);
  EXPECT_EQ(length(Mode::tstat, eth_ip().udp({.length = uint16_t{65535}}).payload(3).build()),
            65527);
  EXPECT_EQ(length(Mode::corrected, eth_ip().udp({.length = uint16_t{65535}}).payload(3).build()),
            3);
  EXPECT_EQ(length(Mode::tstat,
                   ethernet().ipv6().extension(Ipv6Extension::routing).tcp().payload(11).build()),
            11);
}

TEST(Parse, SaysWhetherThereWasIp) {
  const auto is_ip = [](const FrameBytes& frame) {
    return parse_exactly(Mode::tstat, LinkType::ethernet, frame).is_ip;
  };
  EXPECT_TRUE(is_ip(eth_ip().icmp_echo().build()));
  EXPECT_FALSE(is_ip(tests::arp_request()));
  EXPECT_FALSE(is_ip({}));
}

TEST(Parse, EveryPrefixHasOneCause) {
  const FrameBytes frame = ethernet()
                               .vlan(1)
                               .ipv6()
                               .extension(Ipv6Extension::hop_by_hop)
                               .ipv4()
                               .gre()
                               .ipv4()
                               .tcp()
                               .build();
  for (const Mode mode : {Mode::tstat, Mode::corrected})
    for (size_t size = 0; size < frame.size(); ++size) {
      const Counter outcome = parse_exactly(mode, LinkType::ethernet, cut(frame, size)).outcome;
      EXPECT_NE(outcome, kOk) << size;
      EXPECT_NE(outcome, Counter::dropped_other) << size;
    }
}

TEST(Parse, LinkTypesOfCaptureFiles) {
  EXPECT_EQ(link_type_from_dlt(1), LinkType::ethernet);
  EXPECT_EQ(link_type_from_dlt(276), LinkType::linux_cooked_v2);
  for (const int raw : {12, 14, 101, 228, 229})
    EXPECT_EQ(link_type_from_dlt(raw), LinkType::raw_ip) << raw;
  for (const int unknown : {-1, 2, 127, kMixedDlt, 9999})
    EXPECT_EQ(link_type_from_dlt(unknown), std::nullopt) << unknown;
}

}  // namespace
}  // namespace tapstat::dataplane
