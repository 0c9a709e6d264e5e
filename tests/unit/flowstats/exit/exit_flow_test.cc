#include "flowstats/exit/exit_flow.h"

#include <gtest/gtest.h>

#include "tests/unit/flowstats/exit/exit_talk.h"

namespace tapstat::flowstats {
namespace {

constexpr uint8_t kFinAck = tcp_flag::kFin | tcp_flag::kAck;
constexpr uint8_t kRstAck = tcp_flag::kRst | tcp_flag::kAck;

/// A request of 100 bytes, an answer of 3000 in order, and both FINs.
void tell_whole(ExitTalk& talk) {
  talk.handshake();
  talk.say({.from = kRem, .payload = 100, .at = 22_ms});
  talk.say({.ack = 101, .payload = 1000, .at = 24_ms});
  talk.say({.seq = 1001, .ack = 101, .payload = 1000, .at = 25_ms});
  talk.say({.from = kRem, .seq = 101, .ack = 2001, .at = 45_ms});
  talk.say({.seq = 2001, .ack = 101, .payload = 1000, .at = 46_ms});
  talk.say({.seq = 3001, .ack = 101, .at = 47_ms, .flags = kFinAck});
  talk.say({.from = kRem, .seq = 101, .ack = 3002, .at = 68_ms, .flags = kFinAck});
  talk.say({.seq = 3002, .ack = 102, .at = 69_ms});
}

TEST(ExitFlow, CountsAWholeConnection) {
  ExitTalk talk;
  tell_whole(talk);
  EXPECT_TRUE(talk.flow->is_complete());
  EXPECT_TRUE(talk.flow->is_over());
  const ExitVariables v = talk.variables();
  EXPECT_EQ(v.state, ExitState::closed);
  EXPECT_FALSE(v.active_open);
  EXPECT_TRUE(v.sack);
  EXPECT_TRUE(v.timestamps);
  EXPECT_FALSE(v.ecn);
  EXPECT_EQ(v.packets_out, 6u);
  EXPECT_EQ(v.data_packets_out, 3u);
  EXPECT_EQ(v.data_bytes_out, 3000u);
  EXPECT_EQ(v.packets_in, 5u);
  EXPECT_EQ(v.data_bytes_in, 100u);
  EXPECT_EQ(v.bytes_acked, 3001u);    // and the FIN
  EXPECT_EQ(v.bytes_received, 101u);  // likewise
  EXPECT_EQ(v.send_initial, 1001u);
  EXPECT_EQ(v.send_una, 1000u + 3002);
  EXPECT_EQ(v.send_max, 1000u + 3002);
  EXPECT_EQ(v.receive_next, 500'000u + 102);
  EXPECT_EQ(v.packets_retransmitted, 0u);
  EXPECT_EQ((v.last - v.first).us, 69'000);
  EXPECT_EQ(v.rtt_samples, 3u);
  EXPECT_EQ(v.rtt_min.us, 20'000);
  EXPECT_EQ(v.rtt_max.us, 22'000);
  EXPECT_EQ(v.mss_now, 1000u);
  EXPECT_EQ(v.retransmit_queue_now, 0u);
  EXPECT_EQ(v.retransmit_queue_max, 2000u);
  EXPECT_EQ(v.ttl_in, 64);
}

TEST(ExitFlow, TheExchangedViewIsTheOtherEnd) {
  ExitTalk talk;
  tell_whole(talk);
  const ExitRecord local = talk.record(), rem = talk.record(ExitFlow::View::exchanged);
  EXPECT_EQ(local.cid, 7u);
  EXPECT_EQ(local.ends.port[0], 80);
  EXPECT_EQ(rem.ends.port[0], 40'000);
  EXPECT_TRUE(local.ends.internal[0]);
  EXPECT_TRUE(rem.ends.internal[1]);
  EXPECT_TRUE(rem.variables.active_open);
  EXPECT_EQ(rem.variables.packets_out, local.variables.packets_in);
  EXPECT_EQ(rem.variables.data_bytes_out, 100u);
  EXPECT_EQ(rem.variables.receive_initial, local.variables.send_initial);
  EXPECT_EQ(rem.variables.bytes_received, local.variables.bytes_acked);
  EXPECT_EQ(rem.variables.dup_acks_out, local.variables.dup_acks_in);
  EXPECT_EQ(rem.variables.rwin_sent_now, local.variables.rwin_received_now);
}

TEST(ExitFlow, TheThreeTimesAddUpToTheDuration) {
  ExitTalk talk;
  tell_whole(talk);
  for (const auto view : {ExitFlow::View::local, ExitFlow::View::exchanged}) {
    const ExitVariables v = talk.variables(view);
    EXPECT_EQ(v.limit_time[0].us + v.limit_time[1].us + v.limit_time[2].us, 69'000);
    EXPECT_EQ(v.limit_bytes[0] + v.limit_bytes[1] + v.limit_bytes[2], v.data_bytes_out);
  }
}

TEST(ExitFlow, LocalIsTheInternalEndOrTheServer) {
  ExitTalk neither({.internal = {false, false}});
  neither.handshake();
  EXPECT_EQ(neither.record().ends.port[0], 80);
  ExitTalk both({.internal = {true, true}});
  both.handshake();
  EXPECT_EQ(both.record().ends.port[0], 80);
  ExitTalk client({.internal = {false, true}});
  client.handshake();
  EXPECT_EQ(client.record().ends.port[0], 40'000);
  EXPECT_TRUE(client.variables().active_open);
  EXPECT_EQ(client.flow->internal(), (std::array<bool, 2>{true, false}));
  // Without the SYN, its answer tells who is the server; without both, the lower port.
  ExitTalk answer({.internal = {false, false}});
  answer.say({.seq = 0, .flags = tcp_flag::kSyn | tcp_flag::kAck});
  EXPECT_EQ(answer.record().ends.port[0], 80);
  ExitTalk middle({.internal = {false, false}});
  middle.say({.from = kLocal, .payload = 10});
  EXPECT_EQ(middle.record().ends.port[0], 80);
}

TEST(ExitFlow, StatesAreNumberedFromLocalsSide) {
  ExitTalk talk;
  talk.say({.from = kRem, .seq = 0, .ack = 0, .flags = tcp_flag::kSyn});
  EXPECT_EQ(talk.variables().state, ExitState::syn_received);
  EXPECT_EQ(talk.variables(ExitFlow::View::exchanged).state, ExitState::syn_sent);
  EXPECT_FALSE(talk.flow->is_complete());
  talk.say({.seq = 0, .at = 1_ms, .flags = tcp_flag::kSyn | tcp_flag::kAck});
  EXPECT_EQ(talk.variables().state, ExitState::syn_received);
  talk.say({.from = kRem, .at = 2_ms});
  EXPECT_EQ(talk.variables().state, ExitState::established);
  talk.say({.at = 3_ms, .flags = kFinAck});
  EXPECT_EQ(talk.variables().state, ExitState::fin_wait_1);
  EXPECT_EQ(talk.variables(ExitFlow::View::exchanged).state, ExitState::close_wait);
  EXPECT_TRUE(talk.flow->is_half_closed());
  talk.say({.from = kRem, .ack = 2, .at = 4_ms});
  EXPECT_EQ(talk.variables().state, ExitState::fin_wait_2);
  talk.say({.from = kRem, .ack = 2, .at = 5_ms, .flags = kFinAck});
  EXPECT_EQ(talk.variables(ExitFlow::View::exchanged).state, ExitState::last_ack);
  EXPECT_FALSE(talk.flow->is_over());
  talk.say({.seq = 2, .ack = 2, .at = 6_ms});
  EXPECT_EQ(talk.variables().state, ExitState::closed);
  EXPECT_FALSE(talk.flow->is_half_closed());
}

TEST(ExitFlow, FinsThatCrossAreClosing) {
  ExitTalk talk;
  talk.handshake();
  talk.say({.at = 30_ms, .flags = kFinAck});
  talk.say({.from = kRem, .at = 31_ms, .flags = kFinAck});
  EXPECT_EQ(talk.variables().state, ExitState::closing);
}

TEST(ExitFlow, OnlyAResetInsideTheWindowEnds) {
  ExitTalk talk;
  talk.handshake();
  talk.say({.from = kRem, .seq = 100'000, .at = 30_ms, .flags = kRstAck});
  EXPECT_FALSE(talk.flow->is_over());
  talk.say({.from = kRem, .seq = 1, .at = 31_ms, .flags = tcp_flag::kRst});
  EXPECT_TRUE(talk.flow->is_over());
  EXPECT_EQ(talk.variables().state, ExitState::closed);
}

TEST(ExitFlow, ARefusedSynIsOver) {
  ExitTalk talk;
  talk.say({.from = kRem, .seq = 0, .ack = 0, .flags = tcp_flag::kSyn});
  talk.say({.seq = 0, .ack = 5, .at = 1_ms, .flags = kRstAck});
  EXPECT_FALSE(talk.flow->is_over());
  talk.say({.seq = 0, .ack = 1, .at = 1_ms, .flags = kRstAck});
  EXPECT_TRUE(talk.flow->is_over());
  EXPECT_FALSE(talk.flow->is_complete());
}

TEST(ExitFlow, AnotherSynReplacesARepeatedOneDoesNot) {
  ExitTalk talk;
  talk.handshake();
  EXPECT_FALSE(talk.flow->is_replaced_by(
      talk.asked({.from = kRem, .seq = 0, .ack = 0, .flags = tcp_flag::kSyn})));
  EXPECT_FALSE(talk.flow->is_replaced_by(talk.asked({.from = kRem, .seq = 9})));
  EXPECT_TRUE(talk.flow->is_replaced_by(
      talk.asked({.from = kRem, .seq = 90'000, .ack = 0, .flags = tcp_flag::kSyn})));
}

TEST(ExitFlow, SimultaneousOpenIsComplete) {
  ExitTalk talk;
  talk.say({.seq = 0, .ack = 0, .flags = tcp_flag::kSyn});
  talk.say({.from = kRem, .seq = 0, .ack = 0, .at = 5_ms, .flags = tcp_flag::kSyn});
  talk.say({.seq = 0, .at = 6_ms, .flags = tcp_flag::kSyn | tcp_flag::kAck, .ip_id = 900});
  EXPECT_FALSE(talk.flow->is_complete());
  talk.say({.from = kRem, .seq = 0, .at = 7_ms, .flags = tcp_flag::kSyn | tcp_flag::kAck});
  EXPECT_TRUE(talk.flow->is_complete());
  EXPECT_TRUE(talk.variables().active_open);
}

TEST(ExitFlow, MidstreamBeginsWithWhatIsSeen) {
  ExitTalk talk;
  talk.say({.from = kRem, .seq = 5001, .ack = 9001, .at = 0_ms});
  talk.say({.seq = 9001, .ack = 5001, .payload = 1000, .at = 1_ms});
  talk.say({.from = kRem, .seq = 5001, .ack = 10'001, .at = 21_ms});
  const ExitVariables v = talk.variables();
  EXPECT_EQ(v.state, ExitState::established);
  EXPECT_FALSE(talk.flow->is_complete());
  EXPECT_EQ(v.bytes_acked, 1000u);
  EXPECT_EQ(v.send_initial, 1000u + 9001);
  EXPECT_EQ(v.rtt_min.us, 20'000);
  EXPECT_EQ(v.packets_retransmitted, 0u);
  // What was sent before the beginning is not known to be sent again.
  talk.say({.seq = 8001, .ack = 5001, .payload = 1000, .at = 30_ms});
  EXPECT_EQ(talk.variables().packets_retransmitted, 0u);
}

TEST(ExitFlow, SequenceNumbersWrapAround) {
  ExitTalk talk({.local_isn = 0xffff'fc00u, .rem_isn = 0xffff'ffffu});
  talk.handshake();
  talk.sends(1, 4, 30_ms);
  talk.acks(4001, 55_ms);
  talk.say({.from = kRem, .ack = 4001, .payload = 10, .at = 56_ms});
  const ExitVariables v = talk.variables();
  EXPECT_EQ(v.bytes_acked, 4000u);
  EXPECT_EQ(v.send_una, 0xffff'fc00u + 4001u);
  EXPECT_EQ(v.rtt_samples, 2u);
  EXPECT_EQ(v.packets_retransmitted, 0u);
  EXPECT_EQ(v.data_bytes_in, 10u);
}

TEST(ExitFlow, TheSegmentSizeFallsBackOnTheOptions) {
  ExitTalk talk;
  talk.handshake();
  EXPECT_EQ(talk.variables().mss_now, 1448u);
  ExitTalk plain({.timestamps = false});
  plain.handshake();
  EXPECT_EQ(plain.variables().mss_now, 1460u);
  EXPECT_EQ(plain.variables().mss_max, 0u);
}

TEST(ExitFlow, BothHalvesOfTheRoundTrip) {
  ExitTalk talk;
  tell_whole(talk);  // Local answers after 1 ms
  const ExitVariables half = talk.variables();
  talk.settings.rtt_of_both_halves = true;
  const ExitVariables whole = talk.variables();
  EXPECT_EQ(whole.rtt_min.us, half.rtt_min.us + 1000);
  EXPECT_EQ(whole.rtt_sum.us, half.rtt_sum.us + 1000 * half.rtt_samples);
  EXPECT_EQ(whole.rto_now.us, half.rto_now.us + 1000);
}

TEST(ExitFlow, TimeThatGoesBackwardsStandsStill) {
  ExitTalk talk;
  talk.handshake();
  talk.sends(1, 1, 30_ms);
  talk.acks(1001, 10_ms);
  const ExitVariables v = talk.variables();
  EXPECT_EQ((v.last - v.first).us, 30'000);
  EXPECT_EQ(v.rtt_min.us, 1);
  EXPECT_EQ(v.limit_time[0].us + v.limit_time[1].us + v.limit_time[2].us, 30'000);
}

TEST(ExitFlow, AnEmptyPoolCostsRoundTripsOnly) {
  ExitTalk talk({.segments_max = 2});
  talk.handshake();
  talk.sends(1, 6, 30_ms);
  EXPECT_GT(talk.pool().exhausted(), 0u);
  talk.acks(6001, 60_ms);
  talk.say({.seq = 5001, .payload = 1000, .at = 70_ms});
  const ExitVariables v = talk.variables();
  EXPECT_EQ(v.bytes_acked, 6000u);
  EXPECT_EQ(v.rtt_samples, 1u);  // of the handshake
  EXPECT_EQ(v.packets_retransmitted, 1u);
  talk.sends(6001, 1, 80_ms);
  talk.acks(7001, 99_ms);
  EXPECT_EQ(talk.variables().rtt_samples, 2u);
  talk.flow->release(talk.pool());
  EXPECT_EQ(talk.pool().in_use(), 0u);
}

TEST(ExitFlow, ASideKeepsABoundedNumberOfSegments) {
  ExitTalk talk;
  talk.settings.segments_per_side_max = 4;
  talk.handshake();
  talk.sends(1, 20, 30_ms);
  EXPECT_EQ(talk.pool().in_use(), 4u);
  talk.acks(1001, 51_ms);
  EXPECT_EQ(talk.variables().rtt_latest.us, 21'000);
  talk.acks(20'001, 60_ms);
  EXPECT_EQ(talk.variables().rtt_latest.us, 21'000);
  EXPECT_EQ(talk.pool().in_use(), 0u);
  EXPECT_EQ(talk.pool().exhausted(), 0u);
}

}  // namespace
}  // namespace tapstat::flowstats
