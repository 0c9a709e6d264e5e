#include "tests/golden/cases.h"
#include "tests/support/conversation.h"

namespace tapstat::tests {
namespace {

/// A SYN and its refusal 1 ms later: makes the sweep run and leaves a line that dates it.
std::vector<TimedFrame> mark(flowstats::Duration at, uint16_t port) {
  Conversation talk;
  talk.client().port(port);
  talk.client().syn().at(at);
  talk.server().rst().at({at.us + 1000}).with(kAck);
  return talk.frames();
}

std::vector<TimedFrame> lone_syn(flowstats::Duration at, uint16_t port) {
  Conversation talk;
  talk.client().port(port);
  talk.client().syn().at(at);
  return talk.frames();
}

std::vector<TimedFrame> datagram(flowstats::Duration at, uint16_t port) {
  return {{kStart + at,
           PacketBuilder().ethernet().ipv4().udp({.source_port = port}).payload(20).build()}};
}

std::vector<TimedFrame> sweep_timing() {
  std::vector<std::vector<TimedFrame>> all = {lone_syn(0_s, 101), lone_syn(1_s, 102)};
  for (uint16_t second = 2; second <= 18; ++second)
    all.push_back(mark(flowstats::seconds(second), static_cast<uint16_t>(200 + second)));
  return merged(all);
}

std::vector<TimedFrame> singleton_answered() {
  Conversation answered;
  answered.client().port(101);
  answered.client().syn();
  answered.client().acks().at(1_ms).ack(1);
  Conversation repeated;
  repeated.client().port(102);
  repeated.client().syn();
  repeated.client().syn().at(1_s);
  return merged({answered.frames(), repeated.frames(), mark(15_s, 201), mark(21_s, 202)});
}

std::vector<TimedFrame> idle_swept() {
  Conversation idle;
  idle.handshake();
  return merged({idle.frames(), mark(310_s, 201)});
}

std::vector<TimedFrame> idle_exactly() {
  Conversation idle;
  idle.handshake();  // last packet at 21 ms
  idle.client().sends(10).at(310_s);
  return merged({idle.frames(), mark(300021_ms, 201)});
}

std::vector<TimedFrame> idle_own_packet() {
  Conversation idle;
  idle.handshake().close(400_s);
  return idle.frames();
}

std::vector<TimedFrame> idle_at_end() {
  Conversation idle;
  idle.client().port(1);
  idle.handshake();
  Conversation live;
  live.client().port(2);
  live.handshake(100_s);
  auto frames = merged({idle.frames(), live.frames()});
  frames.push_back({kStart + 350_s, arp_request()});
  return frames;
}

std::vector<TimedFrame> udp_drives_sweep() {
  return merged({lone_syn(0_s, 101), datagram(12_s, 5000), mark(12100_ms, 201)});
}

std::vector<TimedFrame> sweep_backwards() {
  Conversation past;
  past.client().port(300);
  past.client().syn().at(1_s);
  auto frames = merged({lone_syn(0_s, 101), mark(9_s, 201)});
  const auto earlier = past.frames(), later = mark(11_s, 202);
  frames.insert(frames.end(), earlier.begin(), earlier.end());
  frames.insert(frames.end(), later.begin(), later.end());
  return frames;
}

std::vector<TimedFrame> external() {
  Conversation outside;
  outside.client().address("203.0.113.7");
  outside.handshake().close(50_ms);
  Conversation from_outside;
  from_outside.client().address("203.0.113.7").port(2);
  from_outside.server().address("192.0.2.10");
  from_outside.handshake(1_ms).close(60_ms);
  return merged({outside.frames(), from_outside.frames()});
}

std::vector<TimedFrame> rtt_samples() {
  Conversation talk;
  talk.handshake();
  talk.client().sends(100).at(100_ms);
  talk.server().acks().at(110_ms);
  talk.client().sends(100).at(200_ms);
  talk.server().acks().at(230_ms);
  talk.server().sends(500).at(300_ms);
  talk.client().acks().at(304_ms);
  talk.close(400_ms);
  return talk.frames();
}

std::vector<TimedFrame> rtt_karn() {
  Conversation talk;
  talk.handshake();
  talk.client().sends(100).at(100_ms);
  talk.client().repeats(1, 100).at(900_ms);
  talk.server().acks().at(950_ms);
  talk.client().sends(100).at(1000_ms);
  talk.server().acks().at(1033_ms);
  talk.close(1100_ms);
  return talk.frames();
}

std::vector<TimedFrame> rtt_cumulative() {
  Conversation talk;
  talk.handshake();
  talk.client().sends(100).at(100_ms);
  talk.client().sends(100).at(101_ms);
  talk.client().sends(100).at(102_ms);
  talk.server().acks().at(130_ms);
  talk.client().sends(100).at(200_ms);
  talk.server().acks().at(220_ms).ack(351);  // inside the segment
  talk.server().acks().at(225_ms);
  talk.close(300_ms);
  return talk.frames();
}

std::vector<TimedFrame> rtt_intervening() {
  Conversation talk;
  talk.handshake();
  talk.client().sends(100).at(100_ms);
  talk.client().sends(100).at(101_ms);
  talk.client().repeats(1, 100).at(800_ms);
  talk.server().acks().at(850_ms);
  talk.close(900_ms);
  return talk.frames();
}

std::vector<TimedFrame> time_backwards() {
  Conversation talk;
  talk.handshake(100_ms);
  talk.client().sends(100).at(200_ms);
  talk.server().acks().at(190_ms);
  talk.server().sends(50).at(80_ms);
  talk.client().acks().at(300_ms);
  talk.client().fin().at(310_ms);
  talk.server().fin().at(330_ms);
  talk.client().acks().at(50_ms);
  return talk.frames_as_told();
}

}  // namespace

std::vector<GoldenCase> timing_cases() {
  return {{"sweep_timing", sweep_timing},
          {"singleton_answered", singleton_answered},
          {"idle_swept", idle_swept},
          {"idle_exactly", idle_exactly},
          {"idle_own_packet", idle_own_packet},
          {"idle_at_end", idle_at_end},
          {"udp_drives_sweep", udp_drives_sweep},
          {"sweep_backwards", sweep_backwards},
          {"external", external},
          {"rtt_samples", rtt_samples},
          {"rtt_karn", rtt_karn},
          {"rtt_cumulative", rtt_cumulative},
          {"rtt_intervening", rtt_intervening},
          {"time_backwards", time_backwards}};
}

}  // namespace tapstat::tests
