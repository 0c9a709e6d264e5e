#include "flowstats/exit/exit_sender.h"

#include <gtest/gtest.h>

#include "tests/unit/flowstats/exit/exit_talk.h"

namespace tapstat::flowstats {
namespace {

constexpr uint8_t kSynAck = tcp_flag::kSyn | tcp_flag::kAck;
constexpr uint8_t kCongestionExperienced = 3;

TEST(ExitSender, DuplicateAcknowledgmentsNeedSomethingOutstandingAndNothingNew) {
  ExitTalk talk({.sack = false});
  talk.handshake();
  talk.acks(1, 22_ms);
  EXPECT_EQ(talk.variables().dup_acks_in, 0u);  // nothing outstanding
  talk.sends(1, 3, 30_ms);
  talk.acks(1, 50_ms);
  talk.say({.from = kRem, .ack = 1, .at = 51_ms, .window = 9000});
  EXPECT_EQ(talk.variables().dup_acks_in, 1u);  // a window update is none
  talk.say({.from = kRem, .ack = 1, .payload = 10, .at = 52_ms, .window = 9000});
  EXPECT_EQ(talk.variables().dup_acks_in, 1u);  // nor is data
  talk.say({.from = kRem, .seq = 11, .ack = 1, .at = 53_ms, .window = 9000});
  EXPECT_EQ(talk.variables().dup_acks_in, 2u);
  EXPECT_EQ(talk.variables(ExitFlow::View::exchanged).dup_acks_out, 2u);
  EXPECT_EQ(talk.variables(ExitFlow::View::exchanged).dup_ack_episodes, 1u);
}

TEST(ExitSender, DuplicateAcknowledgmentsWithoutRepairWereReordering) {
  ExitTalk talk({.sack = false});
  talk.handshake();
  talk.sends(1, 3, 30_ms);
  talk.acks(1, 50_ms);
  talk.acks(1, 51_ms);
  talk.acks(3001, 52_ms);
  const ExitVariables v = talk.variables();
  EXPECT_EQ(v.unrepaired_dup_acks, 2u);
  EXPECT_EQ(v.unrepaired_episodes, 1u);
  EXPECT_EQ(v.bytes_reordered, 3000u);
  EXPECT_EQ(v.congestion_signals, 0u);
}

TEST(ExitSender, FastRetransmitAndWhatItSaysOfCongestion) {
  ExitTalk talk;
  talk.handshake();
  talk.sends(1, 5, 30_ms);
  talk.acks(1, 51_ms, {{1001, 2001}});
  talk.acks(1, 52_ms, {{1001, 3001}});
  talk.acks(1, 53_ms, {{1001, 4001}});
  talk.say({.payload = 1000, .at = 54_ms});
  ExitVariables v = talk.variables();
  EXPECT_EQ(v.fast_retransmits, 1u);
  EXPECT_EQ(v.congestion_signals, 1u);
  EXPECT_EQ(v.timeouts, 0u);
  EXPECT_EQ(v.packets_retransmitted, 1u);
  EXPECT_EQ(v.bytes_retransmitted, 1000u);
  EXPECT_EQ(v.congestion_pipe_sum, 2000u);  // 5000 outstanding, 3000 of them reported
  EXPECT_EQ(v.rtt_sum_before_congestion.us, 20'000);
  EXPECT_EQ(v.sack_segments_received, 3u);
  EXPECT_EQ(v.sack_blocks_received, 3u);
  EXPECT_EQ(v.dup_acks_in, 3u);
  EXPECT_EQ(v.unrepaired_dup_acks, 0u);
  EXPECT_EQ(v.rtt_samples, 4u);  // the handshake, and each segment when first reported
  talk.acks(5001, 75_ms);
  v = talk.variables();
  EXPECT_EQ(v.rtt_samples, 4u);  // not of what was sent twice
  EXPECT_EQ(v.unrepaired_episodes, 0u);
  talk.sends(5001, 1, 80_ms);
  talk.acks(6001, 103_ms);
  v = talk.variables();
  EXPECT_EQ(v.rtt_samples_after_congestion, 1u);
  EXPECT_EQ(v.rtt_sum_after_congestion.us, 23'000);
  EXPECT_EQ(v.needless_recoveries, 0u);
  const ExitVariables other = talk.variables(ExitFlow::View::exchanged);
  EXPECT_EQ(other.reassembly_queue_max, 4000u);
  EXPECT_EQ(other.reassembly_queue_now, 0u);
}

TEST(ExitSender, TimeoutsAreCountedByBackoff) {
  ExitTalk talk;
  talk.handshake();
  // Pushed by the application: nothing limits the sender until the timeout shows what it waited
  // for.
  talk.say({.payload = 1000, .at = 30_ms, .flags = tcp_flag::kAck | tcp_flag::kPsh});
  talk.say({.payload = 1000, .at = 260_ms});  // 20 ms and the floor of 200 ms
  talk.say({.payload = 1000, .at = 700_ms});
  ExitVariables v = talk.variables();
  EXPECT_EQ(v.timeouts, 1u);
  EXPECT_EQ(v.subsequent_timeouts, 1u);
  EXPECT_EQ(v.abrupt_timeouts, 2u);
  EXPECT_EQ(v.timeouts_in_a_row, 2u);
  EXPECT_EQ(v.congestion_signals, 1u);
  EXPECT_EQ(v.rto_now.us, 880'000);
  EXPECT_EQ(v.rto_max.us, 880'000);
  EXPECT_EQ(v.rto_min.us, 220'000);
  EXPECT_EQ(v.limit_time[static_cast<size_t>(SendLimit::congestion)].us, 230'000 + 440'000);
  talk.acks(1001, 720_ms);
  v = talk.variables();
  EXPECT_EQ(v.timeouts_in_a_row, 0u);
  EXPECT_EQ(v.rto_now.us, 220'000);
  EXPECT_EQ(v.rtt_samples, 1u);  // Karn
}

TEST(ExitSender, AProbeOfTheTailIsNoSignal) {
  ExitTalk talk;
  talk.handshake();
  talk.sends(1, 2, 30_ms);
  talk.say({.seq = 1001, .payload = 1000, .at = 75_ms});
  const ExitVariables v = talk.variables();
  EXPECT_EQ(v.packets_retransmitted, 1u);
  EXPECT_EQ(v.congestion_signals, 0u);
}

TEST(ExitSender, RepairsReportedAsDuplicatesWereNeedless) {
  ExitTalk talk({.timestamps = false});
  talk.handshake();
  talk.sends(1, 4, 30_ms);
  talk.acks(1, 51_ms, {{1001, 2001}});
  talk.say({.payload = 1000, .at = 52_ms});
  talk.acks(3001, 55_ms);               // the original came late
  talk.acks(3001, 73_ms, {{1, 1001}});  // and the repair too
  const ExitVariables v = talk.variables();
  EXPECT_EQ(v.fast_retransmits, 1u);
  EXPECT_EQ(v.dsack_duplicates, 1u);
  EXPECT_EQ(v.needless_recoveries, 1u);
  EXPECT_EQ(v.acks_after_needless_recovery, 1u);
}

TEST(ExitSender, AnEchoOlderThanTheRepairShowsThatItWasNeedless) {
  ExitTalk talk;
  talk.handshake();
  talk.sends(1, 4, 30_ms);
  talk.acks(1, 51_ms, {{1001, 2001}});
  talk.say({.payload = 1000, .at = 60_ms});
  EXPECT_EQ(talk.variables().needless_recoveries, 0u);
  // Rem's echo is the latest that Local sent, so the talk must show the original once more.
  talk.say({.seq = 4001, .payload = 10, .at = 60_ms, .tsval_ms = 33});
  talk.acks(2001, 62_ms);
  EXPECT_EQ(talk.variables().needless_recoveries, 1u);
}

TEST(ExitSender, KeepAlivesAndWindowProbesAreNoRetransmissions) {
  ExitTalk talk;
  talk.handshake();
  talk.sends(1, 1, 30_ms);
  talk.acks(1001, 50_ms);
  talk.say({.seq = 1000, .at = 9000_ms});
  talk.say({.seq = 1000, .payload = 1, .at = 18000_ms});
  talk.say({.from = kRem, .ack = 1001, .at = 18020_ms, .window = 0});
  talk.say({.seq = 1001, .payload = 1, .at = 18300_ms});
  talk.say({.seq = 1001, .payload = 1, .at = 19000_ms});
  talk.say({.seq = 1001, .payload = 1, .at = 20000_ms});
  const ExitVariables v = talk.variables();
  EXPECT_EQ(v.packets_retransmitted, 0u);
  EXPECT_EQ(v.timeouts, 0u);
  EXPECT_EQ(v.zero_windows_received, 1u);
  EXPECT_EQ(v.rwin_received_now, 0u);
  EXPECT_EQ(v.rwin_received_min, 0u);
  EXPECT_EQ(v.data_packets_out, 5u);
}

TEST(ExitSender, AClosedWindowIsTheReceiversLimit) {
  ExitTalk talk;
  talk.handshake();
  talk.sends(1, 1, 30_ms);
  talk.say({.from = kRem, .ack = 1001, .at = 50_ms, .window = 0});
  talk.say({.from = kRem, .ack = 1001, .at = 150_ms, .window = 8000});
  const ExitVariables v = talk.variables();
  const auto receiver = static_cast<size_t>(SendLimit::receiver);
  EXPECT_EQ(v.limit_time[receiver].us, 100'000);
  EXPECT_EQ(v.limit_entries[receiver], 1u);
  EXPECT_EQ(v.busy_time.us, 120'000);
}

TEST(ExitSender, FullSegmentsInAFullPipeAreLimitedByCongestion) {
  ExitTalk talk;
  talk.handshake();
  talk.sends(1, 4, 30_ms);
  talk.acks(2001, 52_ms);
  talk.sends(4001, 2, 53_ms);
  const ExitVariables v = talk.variables();
  const auto congestion = static_cast<size_t>(SendLimit::congestion);
  EXPECT_EQ(v.limit_time[congestion].us, 22'000);  // not while half of the pipe is free
  EXPECT_EQ(v.limit_entries[congestion], 2u);
  EXPECT_EQ(v.limit_bytes[congestion], 5000u);  // the fifth leaves the pipe below nine tenths
  EXPECT_EQ(v.window_max, 4000u);
  EXPECT_EQ(v.pipe_max, 4000u);
  EXPECT_EQ(v.slow_start, 1u);
}

TEST(ExitSender, WindowsAreScaledWhenBothAgree) {
  ExitTalk talk({.window_scale = 7});
  talk.handshake();
  talk.say({.from = kRem, .at = 30_ms, .window = 1000});
  const ExitVariables v = talk.variables();
  EXPECT_EQ(v.send_window_scale, 7);
  EXPECT_EQ(v.receive_window_scale, 7);
  EXPECT_EQ(v.rwin_received_now, 128'000u);
  EXPECT_EQ(v.rwin_received_max, 8192u << 7);
  EXPECT_EQ(v.rwin_received_min, 128'000u);
  EXPECT_EQ(v.rwin_sent_now, 8192u);  // only the SYN-ACK so far, which is not scaled
  ExitTalk plain;
  plain.handshake();
  EXPECT_EQ(plain.variables().send_window_scale, -1);
}

TEST(ExitSender, RepeatedSynAcksAreTimeouts) {
  ExitTalk talk;
  talk.say({.from = kRem, .seq = 0, .ack = 0, .flags = tcp_flag::kSyn});
  talk.say({.seq = 0, .at = 1_ms, .flags = kSynAck});
  talk.say({.seq = 0, .at = 1001_ms, .flags = kSynAck});
  talk.say({.seq = 0, .at = 3001_ms, .flags = kSynAck});
  talk.say({.from = kRem, .at = 3021_ms});
  const ExitVariables v = talk.variables();
  EXPECT_EQ(v.packets_retransmitted, 2u);
  EXPECT_EQ(v.bytes_retransmitted, 0u);
  EXPECT_EQ(v.timeouts, 1u);
  EXPECT_EQ(v.subsequent_timeouts, 1u);
  EXPECT_EQ(v.rtt_samples, 0u);
  EXPECT_EQ(v.rto_now.us, 1'000'000);
}

TEST(ExitSender, TheNetworksCopyIsNoRetransmission) {
  ExitTalk talk;
  talk.handshake();
  talk.say({.payload = 1000, .at = 30_ms, .ip_id = 77});
  talk.say({.payload = 1000, .at = 32_ms, .tsval_ms = 30, .ip_id = 77});
  talk.acks(1001, 50_ms);
  talk.say({.payload = 1000, .at = 51_ms, .tsval_ms = 30, .ip_id = 77});
  EXPECT_EQ(talk.variables().packets_retransmitted, 0u);
  talk.say({.payload = 1000, .at = 52_ms, .tsval_ms = 30, .ip_id = 78});
  EXPECT_EQ(talk.variables().packets_retransmitted, 1u);
}

TEST(ExitSender, TheLateOriginalBehindItsRepairIsNoRetransmission) {
  ExitTalk talk;
  talk.handshake();
  talk.sends(1, 2, 30_ms);
  talk.say({.payload = 1000, .at = 60_ms});
  talk.say({.payload = 1000, .at = 61_ms, .tsval_ms = 29});
  EXPECT_EQ(talk.variables().packets_retransmitted, 1u);
  talk.acks(2001, 82_ms);
  talk.say({.payload = 1000, .at = 83_ms, .tsval_ms = 29});
  EXPECT_EQ(talk.variables().packets_retransmitted, 1u);
}

TEST(ExitSender, AHoleIsFilledByARepairOrByReordering) {
  ExitTalk stamped;
  stamped.handshake();
  stamped.say({.seq = 1001, .payload = 1000, .at = 30_ms});
  EXPECT_EQ(stamped.variables(ExitFlow::View::exchanged).reassembly_queue_now, 2000u);
  stamped.say({.payload = 1000, .at = 31_ms, .tsval_ms = 29});  // reordered
  EXPECT_EQ(stamped.variables().packets_retransmitted, 0u);
  stamped.say({.seq = 3001, .payload = 1000, .at = 32_ms});
  stamped.say({.seq = 2001, .payload = 1000, .at = 60_ms});  // sent again
  EXPECT_EQ(stamped.variables().packets_retransmitted, 1u);
  EXPECT_EQ(stamped.variables(ExitFlow::View::exchanged).reassembly_queue_now, 0u);
  EXPECT_EQ(stamped.variables(ExitFlow::View::exchanged).reassembly_queue_max, 4000u);

  ExitTalk plain({.timestamps = false});
  plain.handshake();  // 20 ms to Rem, 1 ms to Local
  plain.say({.seq = 1001, .payload = 1000, .at = 30_ms});
  plain.say({.payload = 1000, .at = 46_ms});
  EXPECT_EQ(plain.variables().packets_retransmitted, 0u);
  plain.say({.seq = 3001, .payload = 1000, .at = 50_ms});
  plain.say({.seq = 2001, .payload = 1000, .at = 67_ms});
  EXPECT_EQ(plain.variables().packets_retransmitted, 1u);
}

TEST(ExitSender, AcknowledgmentsOfWhatWasMissedCountInsideTheWindow) {
  ExitTalk talk;
  talk.handshake();
  talk.acks(5001, 30_ms);  // 8192 were allowed
  EXPECT_EQ(talk.variables().bytes_acked, 5000u);
  talk.acks(900'001, 31_ms);
  EXPECT_EQ(talk.variables().bytes_acked, 5000u);
  talk.acks(1, 32_ms);  // an old one
  EXPECT_EQ(talk.variables().bytes_acked, 5000u);
}

TEST(ExitSender, ExplicitCongestionNotification) {
  ExitTalk talk({.ecn = true});
  talk.handshake();
  EXPECT_TRUE(talk.variables().ecn);
  talk.sends(1, 4, 30_ms);
  const auto echo = static_cast<uint8_t>(tcp_flag::kAck | kEce);
  talk.say({.from = kRem, .ack = 1001, .at = 51_ms, .flags = echo});
  talk.say({.from = kRem, .ack = 2001, .at = 52_ms, .flags = echo});
  ExitVariables v = talk.variables();
  EXPECT_EQ(v.ecn_signals, 1u);  // once in what was outstanding
  EXPECT_EQ(v.congestion_signals, 1u);
  talk.sends(4001, 1, 53_ms);
  talk.say({.from = kRem, .ack = 5001, .at = 75_ms, .flags = echo});
  v = talk.variables();
  EXPECT_EQ(v.ecn_signals, 2u);
  EXPECT_EQ(talk.variables(ExitFlow::View::exchanged).ece_sent, 1u);
  talk.say({.from = kRem, .ack = 5001, .payload = 10, .at = 76_ms, .tos = kCongestionExperienced});
  EXPECT_EQ(talk.variables().ce_received, 1u);
  EXPECT_EQ(talk.variables().tos_in, kCongestionExperienced);
}

TEST(ExitSender, DuplicatesSpanSegments) {
  ExitTalk talk;
  talk.handshake();
  talk.sends(1, 4, 30_ms);
  talk.acks(3001, 51_ms, {{1, 2001}});
  EXPECT_EQ(talk.variables().dsack_duplicates, 2u);
  talk.acks(3001, 52_ms, {{3501, 3601}, {3501, 4001}});  // inside the second block
  EXPECT_EQ(talk.variables().dsack_duplicates, 3u);
}

TEST(ExitSender, TheReceiverMeasuresItsOwnRoundTrip) {
  ExitTalk talk;
  talk.handshake();
  talk.say({.from = kRem, .payload = 100, .at = 41_ms});  // echoes the SYN-ACK of 1 ms
  EXPECT_EQ(talk.variables().receiver_rtt.us, 40'000);
}

TEST(ExitSender, ThresholdIsThePipeAfterAnEpisode) {
  ExitTalk talk;
  talk.handshake();
  talk.sends(1, 6, 30_ms);
  talk.acks(1, 51_ms, {{1001, 2001}});
  talk.say({.payload = 1000, .at = 54_ms});
  talk.acks(6001, 75_ms);
  talk.sends(6001, 3, 76_ms);
  talk.acks(9001, 98_ms);
  talk.sends(9001, 1, 120_ms);
  const ExitVariables v = talk.variables();
  EXPECT_EQ(v.threshold_now, 3000u);
  EXPECT_EQ(v.threshold_max, 3000u);
  EXPECT_EQ(v.threshold_min, 3000u);
}

}  // namespace
}  // namespace tapstat::flowstats
