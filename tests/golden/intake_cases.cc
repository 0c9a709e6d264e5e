#include <utility>

#include "tests/golden/cases.h"
#include "tests/support/conversation.h"

namespace tapstat::tests {
namespace {

/// Handshake, 100 bytes each way, close.
std::vector<TimedFrame> short_talk(uint16_t client_port, Wrapping wrapping, bool ipv6 = false) {
  Conversation talk;
  if (ipv6) talk.ipv6();
  talk.client().port(client_port);
  if (wrapping != nullptr) talk.wrapped_in(wrapping);
  const flowstats::Duration start = flowstats::seconds(client_port);
  talk.handshake(start);
  talk.client().sends(100).at({start.us + 30'000});
  talk.server().sends(100).at({start.us + 50'000});
  talk.close({start.us + 100'000});
  return talk.frames();
}

std::vector<TimedFrame> ipv6() { return short_talk(1, nullptr, true); }

std::vector<TimedFrame> ipv6_repetition() {
  Conversation talk;
  talk.ipv6();
  talk.handshake();
  talk.client().sends(100).at(100_ms);
  talk.client().repeats(1, 100).at(900_ms);
  talk.server().acks().at(920_ms);
  talk.client().sends(100).at(1000_ms);
  talk.client().repeats(101, 60).at(1800_ms);
  talk.server().acks().at(1820_ms);
  talk.close(2000_ms);
  return talk.frames();
}

std::vector<TimedFrame> ipv6_extensions() {
  Conversation talk;
  talk.ipv6();
  talk.handshake().close(50_ms);
  auto frames = talk.frames();
  for (TimedFrame& frame : frames) {  // the same TCP segment behind four extension headers
    Ipv6Fields ip;
    const bool from_server = frame.bytes[14 + 23] == 0x20;
    if (from_server) std::swap(ip.source, ip.destination);
    PacketBuilder builder;
    builder.ethernet().ipv6(ip).extension(Ipv6Extension::hop_by_hop);
    builder.extension(Ipv6Extension::routing, FrameBytes(14, 0)).authentication_header(24);
    builder.extension(Ipv6Extension::destination_options);
    builder.bytes({frame.bytes.begin() + 54, frame.bytes.end()});
    FrameBytes rebuilt = builder.build();
    constexpr size_t kDestinationOptions = 14 + 40 + 8 + 16 + 24;
    rebuilt[kDestinationOptions] = 6;  // TCP follows
    frame.bytes = std::move(rebuilt);
  }
  return frames;
}

std::vector<TimedFrame> encapsulations() {
  using B = PacketBuilder;
  return merged({
      short_talk(1, [](B& b) -> B& { return b.ethernet().vlan(5); }),
      short_talk(2, [](B& b) -> B& { return b.ethernet().vlan(5).vlan(6); }),
      short_talk(3, [](B& b) -> B& { return b.ethernet().mpls(16); }),
      short_talk(4, [](B& b) -> B& { return b.ethernet().mpls(16).mpls(17); }),
      short_talk(5, [](B& b) -> B& { return b.ethernet().vlan(5).mpls(16); }),
      short_talk(6, [](B& b) -> B& { return b.ethernet().pppoe(); }),
      short_talk(
          7, [](B& b) -> B& { return b.ethernet().pppoe(); }, true),
      short_talk(8, [](B& b) -> B& { return b.ethernet().ipv4().gre(); }),
      short_talk(9, [](B& b) -> B& { return b.ethernet().ipv4(); }),
      short_talk(
          10, [](B& b) -> B& { return b.ethernet().ipv4(); }, true),
      short_talk(11, [](B& b) -> B& { return b.ethernet().vlan(5, 0x88a8).vlan(6); }),
      short_talk(
          12, [](B& b) -> B& { return b.ethernet().vlan(5); }, true),
  });
}

std::vector<TimedFrame> raw_ip() {
  return short_talk(1, [](PacketBuilder& b) -> PacketBuilder& { return b; });
}
std::vector<TimedFrame> linux_cooked() {
  return short_talk(1, [](PacketBuilder& b) -> PacketBuilder& { return b.linux_cooked_v1(); });
}

std::vector<TimedFrame> fragments() {
  Conversation talk;
  talk.handshake();
  talk.client().sends(100).at(100_ms).ip_id(50).more_fragments();
  talk.client().next_offset(301);  // 200 more bytes travel in the second fragment
  talk.server().acks().at(120_ms);
  talk.client().sends(100).at(130_ms);
  talk.server().acks().at(150_ms);
  talk.close(200_ms);
  auto frames = talk.frames();
  Ipv4Fields rest;
  rest.id = 50;
  rest.fragment_offset = 15;  // 120 bytes: 20 of the TCP header and 100 of payload
  rest.protocol = 6;
  return merged(
      {frames, {{kStart + 100.1_ms, PacketBuilder().ethernet().ipv4(rest).payload(200).build()}}});
}

std::vector<TimedFrame> length_zero() {
  Conversation talk;
  talk.handshake();
  talk.client().sends(100).at(100_ms).total_length(0);
  talk.server().acks().at(120_ms);
  talk.client().sends(100).at(130_ms);
  talk.server().acks().at(150_ms);
  talk.close(200_ms);
  return talk.frames();
}

std::vector<TimedFrame> bad_checksums() {
  Conversation talk;
  talk.handshake();
  talk.client().sends(100).at(30_ms).checksum(1);
  talk.server().acks().at(50_ms).checksum(0);
  talk.close(100_ms);
  return talk.frames();
}

std::vector<TimedFrame> negative_length() {
  Conversation talk;
  talk.handshake();
  talk.client().acks().at(30_ms).data_offset(10);  // 40 bytes of header in 20 bytes of IP payload
  talk.server().acks().at(50_ms);
  talk.close(100_ms);
  return talk.frames();
}

std::vector<TimedFrame> not_tcp() {
  auto frames = short_talk(1, nullptr);
  frames.insert(frames.begin(), {kStart, arp_request()});
  frames.push_back({kStart + 2_s, PacketBuilder().ethernet().ipv4().icmp_echo().build()});
  Ipv4Fields broken;
  broken.version = 5;
  frames.push_back(
      {kStart + 3_s, PacketBuilder().ethernet().ipv4(broken).tcp({.flags = kSyn}).build()});
  Ipv4Fields cut;
  cut.total_length = 39;  // a TCP header of 19 bytes
  frames.push_back(
      {kStart + 4_s, PacketBuilder().ethernet().ipv4(cut).tcp({.flags = kSyn}).build()});
  return frames;
}

std::vector<TimedFrame> plain() { return short_talk(1, nullptr); }

}  // namespace

std::vector<GoldenCase> intake_cases() {
  return {{"ipv6", ipv6},
          {"ipv6_repetition", ipv6_repetition},
          {"ipv6_extensions", ipv6_extensions},
          {"encapsulations", encapsulations},
          {"raw_ip", raw_ip, {.link_type = link_type::kRawIp}},
          {"linux_cooked", linux_cooked, {.link_type = link_type::kLinuxCookedV1}},
          {"fragments", fragments},
          {"snapped", plain, {.snap_length = 54}},
          {"snapped_inside_tcp", plain, {.snap_length = 53}},
          {"nanoseconds", plain, {.format = CaptureFormat::pcap_nanoseconds}},
          {"big_endian", plain, {.big_endian = true}},
          {"length_zero", length_zero},
          {"bad_checksums", bad_checksums},
          {"negative_length", negative_length},
          {"not_tcp", not_tcp}};
}

}  // namespace tapstat::tests
