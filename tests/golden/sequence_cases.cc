#include "tests/golden/cases.h"
#include "tests/support/conversation.h"

namespace tapstat::tests {
namespace {

std::vector<TimedFrame> overlap() {
  Conversation talk;
  talk.handshake();
  talk.client().sends(100).at(100_ms);
  talk.client().sends(100).at(101_ms);
  talk.client().repeats(1, 250).at(900_ms);
  talk.server().acks().at(920_ms);
  talk.close(1000_ms);
  return talk.frames();
}

std::vector<TimedFrame> hole_and_repeat() {
  Conversation talk;
  talk.handshake();
  talk.client().sends(100).at(100_ms).lost();
  talk.client().sends(100).at(101_ms);
  talk.client().repeats(51, 250).at(900_ms);  // fills part of the hole, repeats 100 bytes, adds 100
  talk.server().acks().at(920_ms).ack(1);
  talk.client().repeats(1, 50).at(930_ms);
  talk.server().acks().at(950_ms);
  talk.close(1000_ms);
  return talk.frames();
}

/// Four segments of 100 bytes from offset 1 on, acknowledged one by one, with PSH.
std::vector<TimedFrame> four_segments(uint32_t client_isn) {
  Conversation talk;
  talk.client().isn(client_isn);
  talk.handshake();
  for (int i = 0; i < 4; ++i) {
    talk.client().sends(100).at(flowstats::milliseconds(100 + 50 * i)).push();
    talk.server().acks().at(flowstats::milliseconds(120 + 50 * i));
  }
  talk.close(400_ms);
  return talk.frames();
}

std::vector<TimedFrame> quadrant_first() { return four_segments((1U << 30) - 151); }
std::vector<TimedFrame> quadrant_second() { return four_segments((2U << 30) - 151); }
std::vector<TimedFrame> quadrant_third() { return four_segments((3U << 30) - 151); }
std::vector<TimedFrame> sequence_wrap() { return four_segments(0U - 151); }

std::vector<TimedFrame> fin_before_wrap() {
  Conversation talk;
  talk.client().isn(0xffffffffU - 101);
  talk.handshake();
  talk.client().sends(100).at(30_ms);
  talk.client().fin().at(40_ms);          // its sequence number is 2^32 - 1
  talk.server().acks().at(45_ms).ack(1);  // acknowledges neither data nor FIN
  talk.server().fin().at(50_ms).ack(1);
  talk.client().acks().at(51_ms);
  return talk.frames();
}

std::vector<TimedFrame> record_limit() {
  Conversation talk;
  talk.handshake();
  for (int i = 0; i < 102; ++i) talk.client().sends(10).at({100'000 + i * 100});
  talk.client().repeats(1, 20).at(900_ms);
  talk.server().acks().at(920_ms);
  talk.close(1000_ms);
  return talk.frames();
}

std::vector<TimedFrame> ack_beyond() {
  Conversation talk;
  talk.handshake();
  talk.client().sends(100).at(100_ms);
  talk.client().sends(100).at(101_ms).not_captured();
  talk.server().acks().at(120_ms);
  talk.client().sends(100).at(130_ms);
  talk.server().acks().at(150_ms);
  talk.close(200_ms);
  return talk.frames();
}

std::vector<TimedFrame> keep_alive() {
  Conversation talk;
  talk.handshake();
  talk.client().sends(100).at(100_ms);
  talk.server().acks().at(120_ms);
  talk.client().acks().at(60_s).seq_offset(100);  // zero length, one before the next byte
  talk.server().acks().at(60020_ms);
  talk.client().repeats(100, 1).at(120_s);  // one garbage byte
  talk.server().acks().at(120020_ms);
  talk.close(121_s);
  return talk.frames();
}

std::vector<TimedFrame> fin_before_data() {
  Conversation talk;
  talk.handshake();
  talk.client().sends(100).at(110_ms);
  talk.client().fin().at(100_ms);
  talk.server().acks().at(130_ms);
  talk.server().fin().at(140_ms);
  talk.client().acks().at(141_ms);
  return talk.frames();
}

std::vector<TimedFrame> far_ack() {
  Conversation talk;
  talk.handshake();
  talk.client().sends(100).at(100_ms);
  talk.server().acks().at(120_ms).ack(2U << 30);  // two quadrants away
  talk.client().repeats(1, 100).at(900_ms);
  talk.server().acks().at(920_ms);
  talk.close(1000_ms);
  return talk.frames();
}

std::vector<TimedFrame> syn_counter_wraps() {
  Conversation talk;
  for (int i = 0; i < 258; ++i) talk.client().syn().at(flowstats::milliseconds(i));
  talk.server().rst().at(300_ms).with(kAck);
  return talk.frames();
}

}  // namespace

std::vector<GoldenCase> sequence_cases() {
  return {{"overlap", overlap},
          {"hole_and_repeat", hole_and_repeat},
          {"quadrant_first", quadrant_first},
          {"quadrant_second", quadrant_second},
          {"quadrant_third", quadrant_third},
          {"sequence_wrap", sequence_wrap},
          {"fin_before_wrap", fin_before_wrap},
          {"record_limit", record_limit},
          {"ack_beyond", ack_beyond},
          {"keep_alive", keep_alive},
          {"fin_before_data", fin_before_data},
          {"far_ack", far_ack},
          {"syn_counter_wraps", syn_counter_wraps}};
}

}  // namespace tapstat::tests
