#include "exporters/web100_rows.h"

#include <algorithm>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/unit/exporters/exit_sample.h"

namespace tapstat::exporters {
namespace {

using flowstats::Duration;
using flowstats::ExitRecord;
using flowstats::ExitState;
using tests::exit_record;
using tests::kHour;

std::vector<std::string> words(const std::string& line) {
  std::istringstream in{line};
  return {std::istream_iterator<std::string>{in}, {}};
}

/// The values of a record's line by key.
std::map<std::string, std::string> row_of(const ExitRecord& record, const char* keys = "full") {
  const Web100Keys list = Web100Keys::read(keys).value();
  RowBuffer out;
  list.append_row(out, record);
  const auto names = words(list.header()), values = words(std::string{out.text()});
  std::map<std::string, std::string> row;
  EXPECT_EQ(names.size(), values.size());
  for (size_t i = 1; i < std::min(names.size(), values.size()); ++i) row[names[i]] = values[i];
  return row;
}

TEST(Web100Rows, ALineIsExactlyItsFields) {
  RowBuffer out;
  const auto keys = Web100Keys::read("State,Duration").value();
  keys.append_row(out, exit_record(7, 3.9));
  EXPECT_EQ(keys.header(),
            "K: cid PollTime LocalAddress LocalPort RemAddress RemPort State StartTimeSec "
            "StartTimeUsec Duration\n");
  EXPECT_EQ(
      out.text(),
      "C: 7 2017-02-03-00:00:03Z 198.18.0.1 80 198.19.0.2 1031 1 1486079943 900007 1500000\n");
}

TEST(Web100Rows, TheUsualListHasWhatIsMeasured) {
  const auto names = words(Web100Keys{}.header());
  EXPECT_EQ(names.size(), 3 + 87 + 16U);
  const auto has = [&names](const char* name) {
    return std::find(names.begin(), names.end(), name) != names.end();
  };
  EXPECT_TRUE(has("PktsOut") && has("MinRTT") && has("MaxCwnd"));
  EXPECT_FALSE(has("NagleEnabled") || has("CurSsthresh") || has("X_dbg1"));
  EXPECT_EQ(names.back(), "ElapsedMicroSecs");
  EXPECT_EQ(Web100Keys::read("default").value().header(), Web100Keys{}.header());
}

TEST(Web100Rows, TheFullListHasEveryStandardKeyAndNoOther) {
  const auto names = words(Web100Keys::read("full").value().header());
  EXPECT_EQ(names.size(), 3 + 119U);
  EXPECT_EQ(names.back(), "WAD_CwndAdjust");
}

TEST(Web100Rows, WhatOnlyTheHostKnowsIsZero) {
  const auto row = row_of(exit_record(1));
  for (const flowstats::Web100Variable& v : flowstats::kWeb100Variables)
    if (v.knowledge == flowstats::Knowledge::host_only) {
      EXPECT_EQ(row.at(std::string{v.column.name}), "0");
    }
}

TEST(Web100Rows, RoundTripsAreWholeMillisecondsAndZeroMeansNone) {
  ExitRecord record = exit_record(1);
  record.variables.rtt_min = {499};
  record.variables.rtt_max = {2'500};
  record.variables.rtt_latest = {2'499};
  record.variables.rtt_sum = {int64_t{5'000'000'000'000}};
  EXPECT_EQ(row_of(record)["MinRTT"], "0");  // no sample
  record.variables.rtt_samples = 1;
  auto row = row_of(record);
  EXPECT_EQ(row["MinRTT"], "1");
  EXPECT_EQ(row["MaxRTT"], "3");
  EXPECT_EQ(row["SampleRTT"], "2");
  EXPECT_EQ(row["SmoothedRTT"], "0");
  EXPECT_EQ(row["SumRTT"], "705032704");  // 5e9 modulo 2^32
}

TEST(Web100Rows, ScalesMayBeAbsentAndCountersMayBeWide) {
  ExitRecord record = exit_record(1);
  record.variables.send_window_scale = 7;
  record.variables.data_bytes_out = 5'000'000'000;
  record.variables.congestion_pipe_sum = 5'000'000'000;
  record.variables.limit_time[2] = flowstats::seconds(5'000);
  record.variables.limit_bytes[1] = 6'000'000'000;
  record.variables.limit_entries = {11, 12, 13};
  record.variables.sack = true;
  record.variables.state = ExitState::closing;
  auto row = row_of(record);
  EXPECT_EQ(row["SndWinScale"], "7");
  EXPECT_EQ(row["RcvWinScale"], "-1");
  EXPECT_EQ(row["DataBytesOut"], "5000000000");
  EXPECT_EQ(row["PreCongSumCwnd"], "705032704");
  EXPECT_EQ(row["SndLimTimeRwin"], "705032704");
  EXPECT_EQ(row["SndLimBytesCwnd"], "6000000000");
  EXPECT_EQ(row["SndLimTransSender"] + row["SndLimTransCwnd"] + row["SndLimTransRwin"], "111213");
  EXPECT_EQ(row["SACKEnabled"], "1");
  EXPECT_EQ(row["State"], "10");
}

TEST(Web100Rows, AnIpv6RecordSaysSo) {
  ExitRecord record = exit_record(1);
  record.ends.ip_version = flowstats::IpVersion::v6;
  record.ends.address = {flowstats::IpAddress{0x20010002'0000000a, 0x10}, {0x20010002'00000000, 0}};
  auto row = row_of(record);
  EXPECT_EQ(row["LocalAddress"], "2001:2:0:a::10");
  EXPECT_EQ(row["RemAddress"], "2001:2::");
  EXPECT_EQ(row["LocalAddressType"], "2");
}

using V = flowstats::ExitVariables;
constexpr std::pair<const char*, uint32_t V::*> kFields[] = {
    {"PktsOut", &V::packets_out},
    {"DataPktsOut", &V::data_packets_out},
    {"PktsIn", &V::packets_in},
    {"DataPktsIn", &V::data_packets_in},
    {"PktsRetrans", &V::packets_retransmitted},
    {"BytesRetrans", &V::bytes_retransmitted},
    {"SndISS", &V::send_initial},
    {"RecvISS", &V::receive_initial},
    {"SndUna", &V::send_una},
    {"SndNxt", &V::send_next},
    {"SndMax", &V::send_max},
    {"RcvNxt", &V::receive_next},
    {"SlowStart", &V::slow_start},
    {"CongAvoid", &V::congestion_avoidance},
    {"FastRetran", &V::fast_retransmits},
    {"Timeouts", &V::timeouts},
    {"SubsequentTimeouts", &V::subsequent_timeouts},
    {"AbruptTimeouts", &V::abrupt_timeouts},
    {"CurTimeoutCount", &V::timeouts_in_a_row},
    {"CongestionSignals", &V::congestion_signals},
    {"CongestionOverCount", &V::needless_recoveries},
    {"AckAfterFR", &V::acks_after_needless_recovery},
    {"DupAcksIn", &V::dup_acks_in},
    {"DupAcksOut", &V::dup_acks_out},
    {"DupAckEpisodes", &V::dup_ack_episodes},
    {"SACKsRcvd", &V::sack_segments_received},
    {"SACKBlocksRcvd", &V::sack_blocks_received},
    {"DSACKDups", &V::dsack_duplicates},
    {"NonRecovDA", &V::unrepaired_dup_acks},
    {"NonRecovDAEpisodes", &V::unrepaired_episodes},
    {"SumOctetsReordered", &V::bytes_reordered},
    {"ECERcvd", &V::ce_received},
    {"ECNsignals", &V::ecn_signals},
    {"ECESent", &V::ece_sent},
    {"CurCwnd", &V::window_now},
    {"MaxCwnd", &V::window_max},
    {"CurSsthresh", &V::threshold_now},
    {"MaxSsthresh", &V::threshold_max},
    {"MinSsthresh", &V::threshold_min},
    {"MaxPipeSize", &V::pipe_max},
    {"CurRetxQueue", &V::retransmit_queue_now},
    {"MaxRetxQueue", &V::retransmit_queue_max},
    {"CurReasmQueue", &V::reassembly_queue_now},
    {"MaxReasmQueue", &V::reassembly_queue_max},
    {"CurRwinSent", &V::rwin_sent_now},
    {"MaxRwinSent", &V::rwin_sent_max},
    {"MinRwinSent", &V::rwin_sent_min},
    {"CurRwinRcvd", &V::rwin_received_now},
    {"MaxRwinRcvd", &V::rwin_received_max},
    {"MinRwinRcvd", &V::rwin_received_min},
    {"ZeroRwinRcvd", &V::zero_windows_received},
    {"ZeroRwinSent", &V::zero_windows_sent},
    {"PostCongCountRTT", &V::rtt_samples_after_congestion},
    {"CurMSS", &V::mss_now},
    {"MaxMSS", &V::mss_max},
    {"MinMSS", &V::mss_min}};

/// A column that reads its neighbour's variable shows.
TEST(Web100Rows, EachCounterHasItsColumn) {
  for (const auto& [name, member] : kFields) {
    ExitRecord record = exit_record(1);
    record.variables.*member = 4'000'000'001;
    for (const auto& [key, value] : row_of(record, name))
      EXPECT_EQ(value == "4000000001", key == name) << key << " for " << name;
  }
}

TEST(Web100Rows, AListIsPutInOrderAndKeepsItsSpellings) {
  const auto keys = Web100Keys::read("CurMSS HCDataOctetsOut,RemPort");
  ASSERT_TRUE(keys);
  EXPECT_EQ(keys->header(),
            "K: cid PollTime LocalAddress LocalPort RemAddress RemPort HCDataOctetsOut "
            "StartTimeSec StartTimeUsec CurMSS\n");
}

TEST(Web100Rows, AnUnknownKeyIsRefusedWithTheNearestOne) {
  const auto refused = Web100Keys::read("PktsOut,PktsInn");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().status, flowstats::ExitStatus::usage);
  EXPECT_NE(refused.error().sentence.find("\"PktsInn\""), std::string::npos);
  EXPECT_NE(refused.error().sentence.find("Did you mean \"PktsIn\"?"), std::string::npos);
}

TEST(Web100Rows, TwoSpellingsOfAVariableAreRefused) {
  const auto refused = Web100Keys::read("PktsOut,SegsOut");
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().sentence.find("\"PktsOut\" and \"SegsOut\""), std::string::npos);
  EXPECT_FALSE(Web100Keys::read("PktsOut PktsOut"));
}

}  // namespace
}  // namespace tapstat::exporters
