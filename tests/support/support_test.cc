#include <gtest/gtest.h>
#include <pcap/pcap.h>

#include "tests/support/conversation.h"
#include "tests/support/log_reader.h"
#include "tests/support/packet_buffer.h"
#include "tests/support/temp_dir.h"

namespace tapstat::tests {
namespace {

/// A sum over a header with a right checksum folds to 0xffff (RFC 1071).
bool sums_to_ones(const uint8_t* bytes, size_t size, uint32_t sum = 0) {
  for (size_t i = 0; i < size; ++i) sum += i % 2 == 0 ? uint32_t{bytes[i]} << 8 : bytes[i];
  while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
  return sum == 0xffff;
}

TEST(PacketBuilder, FillsTypesLengthsAndChecksums) {
  const FrameBytes frame =
      PacketBuilder().ethernet().vlan(5).ipv4().tcp({.flags = kSyn}).payload(3).build();
  ASSERT_EQ(frame.size(), 14U + 4 + 20 + 20 + 3);
  EXPECT_EQ(frame[12], 0x81);
  EXPECT_EQ(frame[16], 0x08);
  const uint8_t* ip = frame.data() + 18;
  EXPECT_EQ(ip[3], 43);
  EXPECT_EQ(ip[9], 6);
  EXPECT_TRUE(sums_to_ones(ip, 20));
  uint32_t pseudo = 6 + 23;
  for (size_t i = 12; i < 20; ++i) pseudo += i % 2 == 0 ? uint32_t{ip[i]} << 8 : ip[i];
  EXPECT_TRUE(sums_to_ones(ip + 20, 23, pseudo));
}

TEST(PacketBuilder, NestsTunnelsAndExtensionHeaders) {
  const FrameBytes frame =
      PacketBuilder().ethernet().ipv4().ipv6().extension(Ipv6Extension::hop_by_hop).udp().build();
  EXPECT_EQ(frame[14 + 9], 41);
  EXPECT_EQ(frame[34 + 6], 0);
  EXPECT_EQ(frame[34 + 5], 16);
  EXPECT_EQ(frame[74], 17);
  const FrameBytes mpls = PacketBuilder().ethernet().mpls(1).mpls(2).ipv4().tcp().build();
  EXPECT_EQ(mpls[16] & 1, 0);
  EXPECT_EQ(mpls[20] & 1, 1);
}

/// With the address sanitizer the look itself is the end.
TEST(PacketBuffer, ShowsNothingBehindTheFrame) {
  const FrameBytes bytes = {1, 2, 3};
  const PacketBuffer buffer(bytes.data(), bytes.size());
  ASSERT_EQ(buffer.frame().size(), 3U);
  EXPECT_EQ(buffer.frame().data()[2], 3);
  const volatile uint8_t* const behind = buffer.behind();
  const auto look = [&] { return behind[1'000]; };
#if defined(__SANITIZE_ADDRESS__)
  EXPECT_DEATH(static_cast<void>(look()), "use-after-poison");
#else
  EXPECT_EQ(look(), 0xee);
#endif
}

TEST(Conversation, KeepsSequenceNumbers) {
  Conversation talk;
  talk.handshake();
  talk.client().sends(100).at(30_ms);
  talk.client().sends(50).at(31_ms).lost();
  talk.server().acks().at(50_ms);
  talk.client().repeats(101, 50).at(900_ms);
  talk.server().acks().at(920_ms);
  const auto frames = talk.frames();
  ASSERT_EQ(frames.size(), 7U);
  const auto ack_of = [&](size_t i) { return frames[i].bytes[14 + 20 + 11]; };
  EXPECT_EQ(ack_of(4), (1000 + 101) & 0xff);
  EXPECT_EQ(ack_of(6), (1000 + 151) & 0xff);
  EXPECT_EQ((frames[5].time - kStart).us, 900'000);
}

struct FlavourCase {
  const char* name;
  CaptureOptions options;
};

TEST(CaptureWriter, EveryFlavourIsReadBackByLibpcap) {
  const FlavourCase cases[] = {
      {"microseconds", {}},
      {"nanoseconds", {.format = CaptureFormat::pcap_nanoseconds}},
      {"big endian", {.big_endian = true}},
      {"pcapng", {.format = CaptureFormat::pcapng, .link_type = link_type::kRawIp}},
      {"pcapng big endian",
       {.format = CaptureFormat::pcapng, .big_endian = true, .snap_length = 50}},
  };
  const TempDir dir;
  for (const FlavourCase& c : cases) {
    SCOPED_TRACE(c.name);
    const FrameBytes frame = PacketBuilder().ethernet().ipv4().tcp().payload(7).build();
    write_capture(dir / "a.pcap", {{kStart, frame}, {kStart + 1500_ms, frame}}, c.options);
    char error[PCAP_ERRBUF_SIZE];
    pcap_t* pcap = pcap_open_offline((dir / "a.pcap").c_str(), error);
    ASSERT_NE(pcap, nullptr) << error;
    pcap_pkthdr* header = nullptr;
    const u_char* bytes = nullptr;
    ASSERT_EQ(pcap_next_ex(pcap, &header, &bytes), 1);
    ASSERT_EQ(pcap_next_ex(pcap, &header, &bytes), 1);
    EXPECT_EQ(header->ts.tv_sec, 1'600'000'001);
    EXPECT_EQ(header->ts.tv_usec, 500'000);
    EXPECT_EQ(header->len, 61U);
    EXPECT_EQ(header->caplen, std::min<uint32_t>(61, c.options.snap_length));
    EXPECT_EQ(pcap_next_ex(pcap, &header, &bytes), PCAP_ERROR_BREAK);
    pcap_close(pcap);
  }
}

TEST(LogReader, ReadsHeaderAndRowsAndRefusesTornLines) {
  const Log log = read_log_text("#31#c_ip:1 c_port:2\n192.0.2.1 80\n");
  EXPECT_EQ(log.group_number, "31");
  EXPECT_EQ(log.at(0, "c_port"), "80");
  EXPECT_THROW(static_cast<void>(read_log_text("#31#c_ip:1 c_port:2\n192.0.2.1\n")),
               std::runtime_error);
  EXPECT_THROW(static_cast<void>(read_log_text("#31#c_ip:1 c_port:3\n")), std::runtime_error);
  EXPECT_THROW(static_cast<void>(read_log_text("#31#c_ip:1\nhalf")), std::runtime_error);
}

}  // namespace
}  // namespace tapstat::tests
