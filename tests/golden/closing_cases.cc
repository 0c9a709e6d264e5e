#include "tests/golden/cases.h"
#include "tests/support/conversation.h"

namespace tapstat::tests {
namespace {

std::vector<TimedFrame> close_fin() {
  Conversation talk;
  talk.handshake();
  talk.client().sends(100).at(30_ms).push();
  talk.server().acks().at(52_ms);
  talk.server().sends(1000).at(60_ms).push();
  talk.client().acks().at(61_ms);
  talk.close(100_ms);
  return talk.frames();
}

std::vector<TimedFrame> close_rst() {
  Conversation talk;
  talk.handshake();
  talk.client().sends(100).at(30_ms);
  talk.server().rst().at(52_ms).with(kAck);
  talk.client().sends(50).at(60_ms);
  talk.server().rst().at(61_ms);
  return talk.frames();
}

std::vector<TimedFrame> refused() {
  Conversation talk;
  talk.client().syn();
  talk.server().rst().at(20_ms).with(kAck);
  return talk.frames();
}

std::vector<TimedFrame> syn_only() {
  Conversation talk;
  talk.client().syn();
  talk.client().syn().at(3_s);
  return talk.frames();
}

std::vector<TimedFrame> half_duplex() {
  Conversation talk;
  talk.client().syn();
  talk.client().acks().at(20_ms).ack(1);
  talk.client().sends(100).at(30_ms).ack(1);
  talk.client().sends(100).at(40_ms).ack(1);
  talk.client().fin().at(50_ms).ack(1);
  return talk.frames();
}

std::vector<TimedFrame> midstream() {
  Conversation talk;
  talk.client().next_offset(5000).sends(100);
  talk.server().next_offset(7000).acks().at(20_ms);
  talk.close(30_ms);
  return talk.frames();
}

std::vector<TimedFrame> fin_without_synack() {
  Conversation talk;
  talk.client().syn();
  talk.server().syn_ack().at(20_ms).not_captured();
  talk.client().acks().at(21_ms);
  talk.server().sends(300).at(30_ms);
  talk.client().acks().at(31_ms);
  talk.close(100_ms);
  return talk.frames();
}

std::vector<TimedFrame> port_reuse_after_close() {
  Conversation one;
  one.handshake().close(50_ms);
  Conversation two;
  two.client().isn(90'000);
  two.server().isn(70'000);
  two.handshake(71_ms).close(200_ms);  // its SYN has the time of the packet that closes the first
  return merged({one.frames(), two.frames()});
}

std::vector<TimedFrame> port_reuse_open() {
  Conversation one;
  one.handshake();
  one.client().sends(100).at(30_ms);
  one.server().acks().at(52_ms);
  Conversation two;
  two.client().isn(2'000'000);
  two.server().isn(3'000'000);
  two.handshake(20_s);
  two.client().sends(200).at(20030_ms);
  two.server().acks().at(20052_ms);
  two.close(20100_ms);
  return merged({one.frames(), two.frames()});
}

std::vector<TimedFrame> after_close() {
  Conversation talk;
  talk.handshake().close(50_ms);
  talk.server().fin().at(100_ms).seq_offset(1);
  talk.client().acks().at(101_ms);
  talk.client().rst().at(102_ms);
  return talk.frames();
}

std::vector<TimedFrame> simultaneous() {
  Conversation talk;
  talk.client().syn();
  talk.server().syn().at(5_ms);
  talk.client().syn_ack().at(20_ms);
  talk.server().syn_ack().at(21_ms);
  talk.client().sends(10).at(30_ms);
  talk.client().fin().at(40_ms);
  talk.server().fin().at(41_ms).ack(11);
  talk.client().acks().at(60_ms);
  talk.server().acks().at(61_ms);
  return talk.frames();
}

std::vector<TimedFrame> fin_moves() {
  Conversation talk;
  talk.handshake();
  talk.client().fin(100).at(30_ms);
  talk.client().repeats(1, 50).at(300_ms).with(kFin);
  talk.server().acks().at(320_ms).ack(102);
  talk.server().fin().at(330_ms);
  talk.client().acks().at(331_ms);
  return talk.frames();
}

std::vector<TimedFrame> open_at_end() {
  Conversation one;
  one.client().port(1);
  one.handshake();
  Conversation two;
  two.client().port(2);
  two.handshake(1_ms).close(50_ms);
  Conversation three;
  three.client().port(3);
  three.handshake(2_ms);
  return merged({one.frames(), two.frames(), three.frames()});
}

}  // namespace

std::vector<GoldenCase> closing_cases() {
  return {{"close_fin", close_fin},
          {"close_rst", close_rst},
          {"refused", refused},
          {"syn_only", syn_only},
          {"half_duplex", half_duplex},
          {"midstream", midstream},
          {"fin_without_synack", fin_without_synack},
          {"port_reuse_after_close", port_reuse_after_close},
          {"port_reuse_open", port_reuse_open},
          {"after_close", after_close},
          {"simultaneous", simultaneous},
          {"fin_moves", fin_moves},
          {"open_at_end", open_at_end}};
}

}  // namespace tapstat::tests
