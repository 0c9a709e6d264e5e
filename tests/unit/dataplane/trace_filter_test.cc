/// The list of ports against libpcap's own program, and what is no list.
#include "dataplane/trace_filter.h"

#include <random>
#include <string>

#include <gtest/gtest.h>

#include "tests/support/packet_builder.h"

namespace tapstat::dataplane {
namespace {

using flowstats::Counter;
using flowstats::Mode;
using flowstats::Segment;
using tests::FrameBytes;
using tests::PacketBuilder;

TraceFilter filter_of(const std::string& expression) {
  auto filter = TraceFilter::compile(expression);
  EXPECT_TRUE(filter) << expression << ": " << filter.error().sentence;
  return std::move(*filter);
}

struct ParsedFrame {
  Frame frame;
  Segment segment;
  bool analysed = false;
};

ParsedFrame parsed(const FrameBytes& bytes, LinkType type = LinkType::ethernet) {
  ParsedFrame p;
  const auto length = static_cast<uint32_t>(bytes.size());
  p.frame = {bytes.data(), length, length};
  bool is_ip = false;
  p.analysed = parse({Mode::corrected, type, 1}, {bytes.data(), length}, length, p.segment,
                     is_ip) == Counter::analysed_packets;
  return p;
}

/// As the tap decides.
bool takes(const TraceFilter& filter, LinkType type, const ParsedFrame& p, uint32_t length) {
  return filter.ports() ? filter.ports()->matches(p.segment)
                        : filter.matches_frame(type, p.frame, length);
}

/// A plain frame; ports come from a few, so that lists hit them often.
FrameBytes random_frame(std::mt19937& random) {
  const uint16_t ports[] = {0, 53, 80, 443, 8000, 8001, 40000, 65535};
  const auto port = [&] { return ports[random() % std::size(ports)]; };
  PacketBuilder builder;
  builder.ethernet();
  if (random() % 2 == 0)
    builder.ipv4({.options = FrameBytes(random() % 2 == 0 ? 0 : 8, 1)});
  else
    builder.ipv6();
  if (random() % 3 == 0)
    builder.udp({.source_port = port(), .destination_port = port()});
  else
    builder.tcp({.source_port = port(), .destination_port = port()});
  return builder.payload(random() % 100).build();
}

TEST(TraceFilter, AListOfPortsAgreesWithLibpcap) {
  const char* const expressions[] = {"",
                                     "tcp",
                                     "udp",
                                     "tcp port 8000",
                                     "port 80",
                                     "udp or tcp",
                                     "tcp port 80 or 443",
                                     "tcp port 80 or udp port 53",
                                     "tcp port 80 or port 53 or 8001",
                                     "udp port 53 || tcp",
                                     "tcp port 0 or 65535",
                                     "\n tcp\tport 443  ",
                                     "port 1 or 2 or 3 or 4 or 5 or 6 or 7 or 443"};
  std::mt19937 random(7);
  for (const char* const expression : expressions) {
    const TraceFilter filter = filter_of(expression);
    ASSERT_TRUE(filter.ports()) << expression;
    unsigned hits = 0;
    for (int i = 0; i < 4'000; ++i) {
      const FrameBytes bytes = random_frame(random);
      const ParsedFrame p = parsed(bytes);
      ASSERT_TRUE(p.analysed);
      const auto length = static_cast<uint32_t>(bytes.size());
      const bool taken = takes(filter, LinkType::ethernet, p, length);
      hits += taken ? 1 : 0;
      ASSERT_EQ(taken, filter.matches_frame(LinkType::ethernet, p.frame, length)) << expression;
    }
    EXPECT_GT(hits, 100U) << expression;
  }
}

TEST(TraceFilter, AnythingElseRunsAsLibpcapsProgram) {
  const char* const expressions[] = {"tcp port http",
                                     "host 192.0.2.10",
                                     "tcp and port 80",
                                     "not udp",
                                     "(tcp port 80)",
                                     "tcp dst port 80",
                                     "port 1 or 2 or 3 or 4 or 5 or 6 or 7 or 8 or 443",
                                     "tcp port 010 or 80",
                                     "greater 60"};
  std::mt19937 random(9);
  for (const char* const expression : expressions) {
    const TraceFilter filter = filter_of(expression);
    EXPECT_FALSE(filter.ports()) << expression;
    unsigned hits = 0;
    for (int i = 0; i < 300; ++i) {
      const FrameBytes bytes = random_frame(random);
      const ParsedFrame p = parsed(bytes);
      const auto length = static_cast<uint32_t>(bytes.size());
      hits += takes(filter, LinkType::ethernet, p, length) ? 1 : 0;
    }
    EXPECT_GT(hits, 0U) << expression;
  }
}

TEST(TraceFilter, AListOfPortsSeesThroughTags) {
  const FrameBytes bytes =
      PacketBuilder().ethernet().vlan(7).ipv4().tcp({.destination_port = 8000}).build();
  const ParsedFrame p = parsed(bytes);
  ASSERT_TRUE(p.analysed);
  const TraceFilter filter = filter_of("tcp port 8000");
  const auto length = static_cast<uint32_t>(bytes.size());
  EXPECT_TRUE(takes(filter, LinkType::ethernet, p, length));
  EXPECT_FALSE(filter.matches_frame(LinkType::ethernet, p.frame, length)) << "libpcap does not";
  EXPECT_TRUE(takes(filter_of("vlan and tcp port 8000"), LinkType::ethernet, p, length));
}

TEST(TraceFilter, AWrongExpressionIsRefusedInLibpcapsWords) {
  for (const char* const expression :
       {"tcp port", "nonsense here", "tcp port 70000", "tcp or 443"}) {
    const auto filter = TraceFilter::compile(expression);
    ASSERT_FALSE(filter) << expression;
    EXPECT_EQ(filter.error().status, flowstats::ExitStatus::usage);
    EXPECT_NE(filter.error().sentence.find(expression), std::string::npos);
  }
  EXPECT_NE(TraceFilter::compile("tcp port").error().sentence.find("syntax error"),
            std::string::npos);
}

TEST(TraceFilter, LinkTypesThatAnExpressionCannotJudgeAreNamed) {
  const TraceFilter filter = filter_of("ether host 02:00:00:00:00:01");
  EXPECT_TRUE(filter.check(LinkType::ethernet));
  const auto checked = filter.check(LinkType::raw_ip);
  ASSERT_FALSE(checked);
  EXPECT_NE(checked.error().sentence.find("raw IP"), std::string::npos);
  EXPECT_TRUE(filter_of("tcp port 1").check(LinkType::raw_ip));
  const FrameBytes raw = PacketBuilder().ipv4().tcp({.destination_port = 80}).build();
  const ParsedFrame p = parsed(raw, LinkType::raw_ip);
  const auto length = static_cast<uint32_t>(raw.size());
  EXPECT_FALSE(takes(filter, LinkType::raw_ip, p, length));
  EXPECT_TRUE(takes(filter_of("dst port 80"), LinkType::raw_ip, p, length));
}

TEST(TraceFilter, AMixedPacketSaysItsLinkType) {
  FrameBytes bytes = {0, 12, 0, 0};  // DLT_RAW
  const FrameBytes raw = PacketBuilder().ipv4().tcp().build();
  bytes.insert(bytes.end(), raw.begin(), raw.end());
  const auto length = static_cast<uint32_t>(bytes.size());
  const TypedFrame typed = typed_frame(LinkType::mixed, {bytes.data(), length, length});
  EXPECT_EQ(typed.link_type, LinkType::raw_ip);
  EXPECT_EQ(typed.skipped, kMixedHeaderLength);
  EXPECT_EQ(typed.frame.captured_length, raw.size());
  EXPECT_EQ(link_type_in_file(LinkType::raw_ip), 101);
  EXPECT_EQ(link_type_in_file(LinkType::linux_cooked_v2), 276);
}

}  // namespace
}  // namespace tapstat::dataplane
