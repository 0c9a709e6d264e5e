#include "control/split/connections.h"

#include <gtest/gtest.h>

#include "control/network_file.h"
#include "control/split/packet_view.h"
#include "dataplane/capture_stream.h"
#include "tests/support/packet_builder.h"

namespace tapstat::tests {
namespace {

using namespace control::splitting;
using dataplane::LinkType;
using flowstats::ByteRange;
using flowstats::Direction;

PacketView view(const FrameBytes& frame) {
  return view_packet(LinkType::ethernet, {frame.data(), frame.size()});
}

/// 192.0.2.10:40000 to 198.51.100.20:9999, as the builder's defaults are.
PacketView segment(uint8_t flags, uint32_t seq = 1, bool from_client = true) {
  Ipv4Fields ip;
  TcpFields tcp;
  tcp.flags = flags;
  tcp.seq = seq;
  if (!from_client) {
    std::swap(ip.source, ip.destination);
    std::swap(tcp.source_port, tcp.destination_port);
  }
  return view(PacketBuilder().ethernet().ipv4(ip).tcp(tcp).build());
}

Packet empty_packet(int64_t time_ns = 0) { return make_packet(time_ns, 60, ByteRange(), 0); }

TEST(PacketView, Segments) {
  const PacketView v = segment(kSyn);
  EXPECT_EQ(v.kind, PacketView::Kind::segment);
  EXPECT_EQ(v.segment.tuple.sender(v.segment.direction).port, 40000);
  EXPECT_FALSE(v.fragment);
  EXPECT_EQ(view(arp_request()).kind, PacketView::Kind::other);
}

TEST(PacketView, FragmentsShareAKey) {
  Ipv4Fields first, later;
  first.id = later.id = 99;
  first.more_fragments = true;
  later.fragment_offset = 8;
  later.protocol = 6;
  const PacketView begins = view(PacketBuilder().ethernet().ipv4(first).tcp().payload(44).build());
  const PacketView follows = view(PacketBuilder().ethernet().ipv4(later).payload(20).build());
  EXPECT_EQ(begins.kind, PacketView::Kind::segment);
  EXPECT_EQ(follows.kind, PacketView::Kind::later_fragment);
  ASSERT_TRUE(begins.fragment && follows.fragment);
  EXPECT_EQ(*begins.fragment, *follows.fragment);
  EXPECT_EQ(FragmentKeyHash()(*begins.fragment), FragmentKeyHash()(*follows.fragment));
}

TEST(PacketView, Ipv6FragmentsShareAKey) {
  const auto begins =
      view(PacketBuilder().ethernet().ipv6().ipv6_fragment(0, true).tcp().payload(44).build());
  const auto follows =
      view(PacketBuilder().ethernet().ipv6().ipv6_fragment(64, false).tcp().payload(20).build());
  EXPECT_EQ(begins.kind, PacketView::Kind::segment);
  EXPECT_EQ(follows.kind, PacketView::Kind::later_fragment);
  ASSERT_TRUE(begins.fragment && follows.fragment);
  EXPECT_EQ(*begins.fragment, *follows.fragment);
}

FrameBytes icmp_error(uint8_t type, size_t quoted_bytes) {
  FrameBytes quoted = PacketBuilder().ipv4().tcp().build();
  quoted.resize(quoted_bytes);
  FrameBytes message = {type, 0, 0, 0, 0, 0, 0, 0};
  message.insert(message.end(), quoted.begin(), quoted.end());
  Ipv4Fields ip;
  ip.source = "203.0.113.1";
  ip.destination = "192.0.2.10";
  ip.protocol = 1;
  return PacketBuilder().ethernet().ipv4(ip).payload(message).build();
}

TEST(PacketView, IcmpErrorsQuoteAConnection) {
  const PacketView v = view(icmp_error(3, 28));
  ASSERT_EQ(v.kind, PacketView::Kind::icmp_error);
  EXPECT_EQ(v.quoted.tuple, segment(kSyn).segment.tuple);
  EXPECT_EQ(v.quoted.direction, segment(kSyn).segment.direction);
  EXPECT_EQ(view(icmp_error(3, 22)).kind, PacketView::Kind::other);  // the ports are not there
  EXPECT_EQ(view(icmp_error(8, 28)).kind, PacketView::Kind::other);  // an echo quotes nothing
  EXPECT_EQ(view(icmp_error(3, 0)).kind, PacketView::Kind::other);
}

flowstats::Endpoint local_of(const PacketView& first, const char* networks) {
  const auto file = control::parse_network_file(networks, "nets");
  EXPECT_TRUE(file.errors.empty());
  const ConnectionId id = identify(first.segment, 5'999, file.networks);
  EXPECT_EQ(id.first_us, 5);
  return id.tuple.sender(id.local);
}

TEST(Identify, TheLocalEnd) {
  const auto port = [](const PacketView& first, const char* networks) {
    return local_of(first, networks).port;
  };
  EXPECT_EQ(port(segment(kSyn), ""), 9999);
  EXPECT_EQ(port(segment(kSyn | kAck, 1, false), ""), 9999);
  EXPECT_EQ(port(segment(kAck), ""), 9999);  // lower port
  EXPECT_EQ(port(segment(kAck, 1, false), ""), 9999);
  EXPECT_EQ(port(segment(kSyn), "192.0.2.0/24\n"), 40000);
  EXPECT_EQ(port(segment(kAck), "192.0.2.0/24\n"), 40000);
  EXPECT_EQ(port(segment(kSyn), "192.0.2.0/24\n198.51.100.0/24\n"), 9999);  // both
  EXPECT_EQ(port(segment(kSyn), "10.0.0.0/8\n"), 9999);                     // neither
}

TEST(Identify, EqualPortsMakeTheDestinationLocal) {
  UdpFields udp;
  udp.source_port = udp.destination_port = 123;
  const PacketView v = view(PacketBuilder().ethernet().ipv4().udp(udp).build());
  const ConnectionId id = identify(v.segment, 0, {});
  EXPECT_EQ(id.local, flowstats::opposite(v.segment.direction));
  EXPECT_EQ(id.server_port, 123);
}

class ConnectionsTest : public testing::Test {
 protected:
  Connection& begin(const PacketView& first) {
    return connections_.add(identify(first.segment, 0, {}));
  }
  static void count(Connection& connection, const PacketView& v) {
    connection.count(empty_packet(), v.segment.direction, &v.segment);
  }
  std::vector<uint64_t> ended_;  // packets of each
  Connections connections_{
      3, [this](Connection& connection) {
        ended_.push_back(connection.row.packets_in + connection.row.packets_out);
      }};
};

TEST_F(ConnectionsTest, OnlyANewSynAfterTheCloseIsOver) {
  Connection& c = begin(segment(kSyn, 7));
  count(c, segment(kSyn, 7));
  EXPECT_FALSE(c.is_over_with(segment(kSyn, 8).segment));  // not closed
  count(c, segment(kFin | kAck));
  EXPECT_FALSE(c.is_closed());
  count(c, segment(kFin | kAck, 1, false));
  EXPECT_TRUE(c.is_closed());
  EXPECT_FALSE(c.is_over_with(segment(kAck, 8).segment));
  EXPECT_FALSE(c.is_over_with(segment(kSyn, 7).segment));  // repeated
  EXPECT_FALSE(c.is_over_with(segment(kSyn | kAck, 8).segment));
  EXPECT_TRUE(c.is_over_with(segment(kSyn, 8).segment));
  EXPECT_TRUE(c.is_over_with(segment(kSyn, 7, false).segment));
  EXPECT_EQ(c.row.fin, 2U);
}

TEST_F(ConnectionsTest, TheLongestSilentOneGoes) {
  const auto with_port = [](uint16_t port) {
    TcpFields tcp;
    tcp.source_port = port;
    tcp.flags = kSyn;
    return view(PacketBuilder().ethernet().ipv4().tcp(tcp).build());
  };
  for (uint16_t port = 1; port <= 3; ++port) begin(with_port(port));
  connections_.use(with_port(1).segment.tuple);
  begin(with_port(4));
  EXPECT_EQ(connections_.size(), 3U);
  EXPECT_EQ(connections_.ended_early(), 1U);
  EXPECT_EQ(connections_.find(with_port(2).segment.tuple), nullptr);
  EXPECT_NE(connections_.find(with_port(1).segment.tuple), nullptr);
  connections_.end_all();
  EXPECT_EQ(ended_.size(), 4U);
}

TEST(FragmentOwners, ForAMinute) {
  FragmentOwners owners;
  const FragmentKey key{{0, 1}, {0, 2}, 5, 6, flowstats::IpVersion::v4};
  owners.add(key, {}, 0);
  EXPECT_NE(owners.find(key, FragmentOwners::kLifetimeNs), nullptr);
  EXPECT_EQ(owners.find(key, FragmentOwners::kLifetimeNs + 1), nullptr);
  owners.add(key, {}, kSecondNs);
  EXPECT_NE(owners.find(key, FragmentOwners::kLifetimeNs + 1), nullptr);
  FragmentKey other = key;
  for (size_t i = 0; i < FragmentOwners::kFragmentsMax; ++i) {
    other.id = static_cast<uint32_t>(i) + 1000;
    owners.add(other, {}, kSecondNs);
  }
  EXPECT_EQ(owners.find(key, kSecondNs), nullptr);
  EXPECT_NE(owners.find(other, kSecondNs), nullptr);
}

TEST(PacketFilter, AcceptsOrRefuses) {
  const dataplane::CaptureForm form{1, 65535, false};
  const auto filter = dataplane::PacketFilter::compile("tcp port 9999", form);
  ASSERT_TRUE(filter);
  const FrameBytes tcp = PacketBuilder().ethernet().ipv4().tcp().build();
  const FrameBytes udp = PacketBuilder().ethernet().ipv4().udp().build();
  EXPECT_TRUE(filter->accepts(60, {tcp.data(), tcp.size()}));
  EXPECT_FALSE(filter->accepts(60, {udp.data(), udp.size()}));
  const auto wrong = dataplane::PacketFilter::compile("prot 80", form);
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().status, flowstats::ExitStatus::usage);
}

TEST(CaptureHeader, NamesTheLinkTypeAsFilesDo) {
  constexpr int kRawInMemory = 12;  // DLT_RAW; in files it is 101
  const auto header = dataplane::capture_header({kRawInMemory, 96, true});
  const std::array<uint8_t, 24> wanted = {0x4d, 0x3c, 0xb2, 0xa1, 2,  0, 4, 0, 0,   0, 0, 0,
                                          0,    0,    0,    0,    96, 0, 0, 0, 101, 0, 0, 0};
  EXPECT_EQ(header, wanted);
}

}  // namespace
}  // namespace tapstat::tests
