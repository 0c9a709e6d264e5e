#include "tests/golden/cases.h"
#include "tests/support/conversation.h"

namespace tapstat::tests {
namespace {

using tcp_option::join;

std::vector<TimedFrame> window_scale_both() {
  Conversation talk;
  talk.client().window(1000);
  talk.handshake({}, tcp_option::window_scale(7), tcp_option::window_scale(2));
  talk.client().sends(100).at(30_ms).window(8192);
  talk.server().acks().at(50_ms).window(65535);
  talk.client().acks().at(60_ms).window(5);
  talk.close(100_ms);
  return talk.frames();
}

std::vector<TimedFrame> window_scale_one_side() {
  Conversation talk;
  talk.handshake({}, tcp_option::window_scale(7));
  talk.client().sends(100).at(30_ms).window(500);
  talk.server().acks().at(50_ms);
  talk.close(100_ms);
  return talk.frames();
}

std::vector<TimedFrame> zero_window() {
  Conversation talk;
  talk.client().syn();
  talk.server().syn_ack().at(20_ms).window(0);
  talk.client().acks().at(21_ms);
  talk.server().acks().at(30_ms).window(0);
  talk.server().acks().at(40_ms).window(700);
  talk.server().rst().at(50_ms).with(kAck).window(60'000);
  return talk.frames();
}

std::vector<TimedFrame> in_flight() {
  Conversation talk;
  talk.handshake();
  talk.server().sends(1000).at(130_ms);
  talk.server().sends(1000).at(131_ms);
  talk.server().sends(500).at(132_ms);
  talk.client().acks().at(133_ms).ack(2001);
  talk.server().sends(20).at(134_ms);
  talk.server().acks().at(135_ms);
  talk.client().acks().at(136_ms);
  talk.close(200_ms);
  return talk.frames();
}

std::vector<TimedFrame> initial_window() {
  Conversation talk;
  talk.handshake();
  talk.client().sends(300).at(30_ms);
  for (int i = 0; i < 3; ++i) talk.server().sends(1400).at({50'000 + i * 100}).ack(301);
  talk.server().repeats(1, 1400).at(51_ms).ack(301);
  talk.client().acks().at(55_ms);
  talk.server().sends(1400).at(75_ms);
  talk.client().acks().at(80_ms);
  talk.close(200_ms);
  return talk.frames();
}

std::vector<TimedFrame> push_messages() {
  Conversation talk;
  talk.handshake();
  talk.client().sends(100).at(30_ms);
  talk.client().sends(100).at(31_ms).push();
  talk.server().acks().at(52_ms);
  talk.client().acks().at(60_ms).push();  // no new bytes: no message
  talk.client().sends(100).at(70_ms).push();
  talk.client().repeats(201, 100).at(900_ms).push();
  talk.server().acks().at(920_ms);
  talk.client().sends(40).at(930_ms);
  talk.server().sends(10).at(950_ms);
  talk.close(1000_ms);  // the FINs end the unpushed bytes
  return talk.frames();
}

std::vector<TimedFrame> sack_blocks() {
  const FrameBytes syn =
      join({tcp_option::mss(1460), tcp_option::sack_permitted(), tcp_option::timestamps(1, 0)});
  Conversation talk;
  talk.handshake({}, syn, syn);
  talk.client().sends(100).at(30_ms).lost();
  talk.client().sends(100).at(31_ms);
  talk.server().acks().at(51_ms).options(tcp_option::sack({{1101, 1201}}));
  talk.client().sends(100).at(52_ms);
  talk.server().acks().at(72_ms).options(tcp_option::sack({{1101, 1301}, {1501, 1601}}));
  talk.client().repeats(1, 100).at(80_ms);
  talk.server().acks().at(100_ms);
  talk.close(200_ms);
  return talk.frames();
}

std::vector<TimedFrame> odd_options() {
  Conversation talk;
  talk.handshake({},
                 // End of list that does not end the list, an MSS of length 6, a scale of length 4.
                 join({tcp_option::end(), {2, 6, 5, 0xb4, 9, 9}, {3, 4, 5, 9}, tcp_option::end()}),
                 // An option of length 0 stops the walk: the scale after it is not seen.
                 join({tcp_option::mss(1400), {99, 0}, tcp_option::window_scale(4)}));
  talk.client().sends(10).at(30_ms).options(join({{253, 4, 1, 2}, tcp_option::mss(900)}));
  talk.server().acks().at(50_ms);
  talk.close(100_ms);
  return talk.frames();
}

std::vector<TimedFrame> odd_values() {
  Conversation talk;
  talk.handshake({}, join({tcp_option::mss(40'000), tcp_option::window_scale(16)}),
                 join({tcp_option::mss(65'535), tcp_option::window_scale(1)}));
  talk.client().sends(10).at(30_ms).window(3);
  talk.server().acks().at(50_ms);
  talk.close(100_ms);
  return talk.frames();
}

std::vector<TimedFrame> syn_data() {
  Conversation talk;
  talk.client().syn(200);
  talk.server().syn_ack().at(20_ms);
  talk.client().acks().at(21_ms);
  talk.server().sends(300).at(30_ms);
  talk.client().sends(50).at(40_ms);
  talk.server().acks().at(60_ms);
  talk.close(100_ms);
  return talk.frames();
}

std::vector<TimedFrame> rst_payload() {
  Conversation talk;
  talk.handshake();
  talk.server().repeats(1, 30).at(40_ms).with(kRst).window(50'000);
  return talk.frames();
}

std::vector<TimedFrame> ttl_range() {
  Conversation talk;
  talk.client().ttl(60);
  talk.client().syn().ttl(61);
  talk.server().syn_ack().at(20_ms).ttl(250);
  talk.client().acks().at(21_ms).ttl(0);
  talk.client().sends(10).at(30_ms).ttl(59);
  talk.server().acks().at(50_ms).ttl(251);
  talk.close(100_ms);
  return talk.frames();
}

}  // namespace

std::vector<GoldenCase> option_cases() {
  return {{"window_scale_both", window_scale_both},
          {"window_scale_one_side", window_scale_one_side},
          {"zero_window", zero_window},
          {"in_flight", in_flight},
          {"initial_window", initial_window},
          {"push_messages", push_messages},
          {"sack_blocks", sack_blocks},
          {"odd_options", odd_options},
          {"odd_values", odd_values},
          {"syn_data", syn_data},
          {"rst_payload", rst_payload},
          {"ttl_range", ttl_range}};
}

}  // namespace tapstat::tests
