#include "tests/golden/cases.h"
#include "tests/support/conversation.h"

namespace tapstat::tests {
namespace {

/// Handshake (samples: client 20 ms, server 1 ms) and one acknowledged segment [1, 101) of the
/// client (another 20 ms).
void warm_up(Conversation& talk) {
  talk.handshake();
  talk.client().sends(100).at(100_ms);
  talk.server().acks().at(120_ms);
}

std::vector<TimedFrame> class_rto() {
  Conversation talk;
  warm_up(talk);
  talk.client().sends(200).at(130_ms);
  talk.client().repeats(101, 200).at(900_ms);
  talk.server().acks().at(920_ms);
  talk.close(1000_ms);
  return talk.frames();
}

std::vector<TimedFrame> class_fast() {
  Conversation talk;
  warm_up(talk);
  talk.client().sends(100).at(130_ms);
  talk.client().sends(100).at(131_ms);
  talk.client().sends(100).at(132_ms);
  talk.client().sends(100).at(133_ms);
  for (const auto at : {151_ms, 152_ms, 153_ms}) talk.server().acks().at(at).ack(101);
  talk.client().repeats(101, 100).at(160_ms);
  talk.server().acks().at(180_ms);
  talk.close(200_ms);
  return talk.frames();
}

std::vector<TimedFrame> class_fast_hole() {
  Conversation talk;
  warm_up(talk);
  talk.client().sends(100).at(130_ms).lost();
  talk.client().sends(100).at(131_ms);
  for (const auto at : {151_ms, 152_ms, 153_ms}) talk.server().acks().at(at);
  talk.client().repeats(101, 100).at(160_ms);
  talk.server().acks().at(180_ms);
  talk.close(200_ms);
  return talk.frames();
}

std::vector<TimedFrame> class_reordering() {
  Conversation talk;
  warm_up(talk);
  talk.client().sends(100).at(130.5_ms);  // [101, 201)
  talk.client().sends(100).at(130_ms);    // [201, 301), on the wire before it
  talk.server().acks().at(150_ms);
  talk.close(200_ms);
  return talk.frames();
}

std::vector<TimedFrame> class_duplicate() {
  Conversation talk;
  warm_up(talk);
  talk.client().sends(100).at(130_ms).ip_id(777);
  talk.client().repeats(101, 100).at(130.2_ms).ip_id(777);
  talk.server().acks().at(150_ms);
  talk.close(200_ms);
  return talk.frames();
}

std::vector<TimedFrame> class_duplicate_id_zero() {
  Conversation talk;
  warm_up(talk);
  talk.client().sends(100).at(130_ms).ip_id(0).dont_fragment();
  talk.client().repeats(101, 100).at(930_ms).ip_id(0).dont_fragment();
  talk.server().acks().at(950_ms);
  talk.close(1000_ms);
  return talk.frames();
}

std::vector<TimedFrame> class_unknown() {
  Conversation talk;
  warm_up(talk);
  talk.client().sends(100).at(130_ms);
  talk.client().repeats(101, 100).at(190_ms);
  talk.server().acks().at(210_ms);
  talk.close(300_ms);
  return talk.frames();
}

std::vector<TimedFrame> class_flow_control() {
  Conversation talk;
  talk.handshake();
  talk.client().sends(100).at(100_ms);
  talk.server().acks().at(120_ms).window(0);
  talk.client().sends(1).at(500_ms);
  talk.client().repeats(101, 1).at(1500_ms);
  talk.server().acks().at(1520_ms).window(0);
  talk.server().acks().at(1600_ms);
  talk.close(1700_ms);
  return talk.frames();
}

std::vector<TimedFrame> class_unneeded_rto() {
  Conversation talk;
  warm_up(talk);
  talk.client().repeats(1, 100).at(900_ms);
  talk.server().acks().at(920_ms);
  talk.close(1000_ms);
  return talk.frames();
}

std::vector<TimedFrame> class_unneeded_fast() {
  Conversation talk;
  warm_up(talk);
  talk.client().sends(100).at(130_ms).not_captured();
  talk.client().sends(100).at(131_ms);
  for (const auto at : {151_ms, 152_ms, 153_ms, 154_ms}) talk.server().acks().at(at);
  talk.client().repeats(201, 100).at(160_ms);
  talk.server().acks().at(180_ms);
  talk.close(200_ms);
  return talk.frames();
}

std::vector<TimedFrame> class_batch() {
  Conversation talk;
  warm_up(talk);
  talk.client().sends(100).at(130_ms);
  talk.client().sends(100).at(899_ms);
  talk.client().repeats(101, 100).at(900_ms);
  talk.client().repeats(201, 100).at(905_ms);
  talk.server().acks().at(950_ms);
  talk.close(1000_ms);
  return talk.frames();
}

std::vector<TimedFrame> hole_late() {
  Conversation talk;
  warm_up(talk);
  talk.client().sends(100).at(130_ms).lost();
  talk.client().sends(100).at(131_ms);
  talk.client().repeats(101, 100).at(900_ms);
  talk.server().acks().at(920_ms);
  talk.close(1000_ms);
  return talk.frames();
}

std::vector<TimedFrame> syn_repeated() {
  Conversation talk;
  talk.client().syn();
  talk.client().syn().at(300_ms);
  talk.client().syn().at(1000_ms);
  talk.server().syn_ack().at(1020_ms);
  talk.client().acks().at(1021_ms);
  talk.close(1100_ms);
  return talk.frames();
}

std::vector<TimedFrame> everything_twice() {
  Conversation talk;
  warm_up(talk);
  talk.close(200_ms);
  auto frames = talk.frames();
  auto copies = frames;
  for (TimedFrame& copy : copies) copy.time = copy.time + 100_us;
  return merged({frames, copies});
}

}  // namespace

std::vector<GoldenCase> loss_cases() {
  return {{"class_rto", class_rto},
          {"class_fast", class_fast},
          {"class_fast_hole", class_fast_hole},
          {"class_reordering", class_reordering},
          {"class_duplicate", class_duplicate},
          {"class_duplicate_id_zero", class_duplicate_id_zero},
          {"class_unknown", class_unknown},
          {"class_flow_control", class_flow_control},
          {"class_unneeded_rto", class_unneeded_rto},
          {"class_unneeded_fast", class_unneeded_fast},
          {"class_batch", class_batch},
          {"hole_late", hole_late},
          {"syn_repeated", syn_repeated},
          {"everything_twice", everything_twice}};
}

}  // namespace tapstat::tests
