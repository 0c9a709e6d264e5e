#include "flowstats/columns/intervals.h"

#include <string>
#include <string_view>
#include <variant>

#include <gtest/gtest.h>

namespace tapstat::flowstats {
namespace {

constexpr Timestamp kFlowFirst{1'700'000'004'829'993};

template <class Columns>
std::string header(const Columns& columns) {
  std::string line;
  for (size_t i = 0; i < columns.size(); ++i) {
    if (i != 0) line += ' ';
    line += std::string{columns[i].text()} + ':' + std::to_string(i + 1);
  }
  return line;
}

/// The column of that name; every name occurs once.
template <class Columns, class Record>
Value value(const Columns& columns, const Record& record, std::string_view name) {
  for (const auto& column : columns)
    if (column.text() == name) return column.read(record);
  ADD_FAILURE() << "no column " << name;
  return Absent{"-"};
}

template <class Record>
Record sample() {
  Record record;
  record.ends.address = {IpAddress::v4(0xc000020a), IpAddress::v4(0xc6336414)};
  record.ends.port = {40'001, 53};
  record.ends.internal = {true, false};
  record.ends.encrypted = {false, true};
  record.flow_first = kFlowFirst;
  record.start = kFlowFirst + seconds(150);
  record.end = record.start + milliseconds(20);
  return record;
}

TcpIntervalRecord::Half tcp_half(uint64_t base) {
  TcpIntervalRecord::Half half;
  half.packets = base + 1;
  half.rsts = base + 2;
  half.acks = base + 3;
  half.pure_acks = base + 4;
  half.bytes_unique = base + 5;
  half.data_packets = base + 6;
  half.bytes = base + 7;
  half.packets_retransmitted = base + 8;
  half.bytes_retransmitted = base + 9;
  half.packets_out_of_order = base + 10;
  half.syns = base + 11;
  half.fins = base + 12;
  half.rtt_average_ms = static_cast<double>(base) + 0.5;
  half.rtt_samples = base + 13;
  half.in_flight_min = base + 14;
  half.in_flight_max = base + 15;
  half.sacks = base + 16;
  return half;
}

TEST(TcpIntervalColumns, HaveTheNamesOfTheLog) {
  EXPECT_EQ(
      header(kTcpIntervalColumns),
      "c_ip:1 c_port:2 s_ip:3 s_port:4 time_abs_start:5 time_rel_start:6 time_rel_end:7 "
      "bin_duration:8 c_pkts_all:9 c_rst_cnt:10 c_ack_cnt:11 c_ack_cnt_p:12 c_bytes_uniq:13 "
      "c_pkts_data:14 c_bytes_all:15 c_pkts_retx:16 c_bytes_retx:17 c_pkts_ooo:18 c_syn_cnt:19 "
      "c_fin_cnt:20 s_pkts_all:21 s_rst_cnt:22 s_ack_cnt:23 s_ack_cnt_p:24 s_bytes_uniq:25 "
      "s_pkts_data:26 s_bytes_all:27 s_pkts_retx:28 s_bytes_retx:29 s_pkts_ooo:30 s_syn_cnt:31 "
      "s_fin_cnt:32 c_rtt_avg:33 c_rtt_cnt:34 s_rtt_avg:35 s_rtt_cnt:36 c_cwin_min:37 "
      "c_cwin_max:38 s_cwin_min:39 s_cwin_max:40 c_sack_cnt:41 s_sack_cnt:42 c_isint:43 "
      "s_isint:44 c_iscrypto:45 s_iscrypto:46");
}

TEST(TcpIntervalColumns, ReadTheirFields) {
  auto record = sample<TcpIntervalRecord>();
  record.halves = {tcp_half(100), tcp_half(200)};
  constexpr std::string_view kCounters[] = {"pkts_all",   "rst_cnt",   "ack_cnt",   "ack_cnt_p",
                                            "bytes_uniq", "pkts_data", "bytes_all", "pkts_retx",
                                            "bytes_retx", "pkts_ooo",  "syn_cnt",   "fin_cnt",
                                            "rtt_cnt",    "cwin_min",  "cwin_max",  "sack_cnt"};
  uint64_t expected = 100;
  for (const std::string_view name : kCounters) {
    ++expected;
    EXPECT_EQ(std::get<uint64_t>(value(kTcpIntervalColumns, record, "c_" + std::string{name})),
              expected);
    EXPECT_EQ(std::get<uint64_t>(value(kTcpIntervalColumns, record, "s_" + std::string{name})),
              expected + 100);
  }
  EXPECT_EQ(std::get<double>(value(kTcpIntervalColumns, record, "c_rtt_avg")), 100.5);
  EXPECT_EQ(std::get<double>(value(kTcpIntervalColumns, record, "s_rtt_avg")), 200.5);
  EXPECT_EQ(std::get<uint64_t>(value(kTcpIntervalColumns, record, "c_isint")), 1U);
  EXPECT_EQ(std::get<uint64_t>(value(kTcpIntervalColumns, record, "s_isint")), 0U);
  EXPECT_EQ(std::get<uint64_t>(value(kTcpIntervalColumns, record, "c_iscrypto")), 0U);
  EXPECT_EQ(std::get<uint64_t>(value(kTcpIntervalColumns, record, "s_iscrypto")), 1U);
}

TEST(TcpIntervalColumns, AreZeroWithoutSamples) {
  const auto record = sample<TcpIntervalRecord>();
  for (const std::string_view name : {"c_cwin_min", "s_cwin_max", "c_rtt_cnt"})
    EXPECT_EQ(std::get<uint64_t>(value(kTcpIntervalColumns, record, name)), 0U);
  EXPECT_EQ(std::get<double>(value(kTcpIntervalColumns, record, "c_rtt_avg")), 0.0);
}

TEST(UdpIntervalColumns, HaveTheNamesOfTheLog) {
  EXPECT_EQ(header(kUdpIntervalColumns),
            "c_ip:1 c_port:2 c_isint:3 c_iscrypto:4 s_ip:5 s_port:6 s_isint:7 s_iscrypto:8 "
            "time_abs_start:9 time_rel_start:10 time_rel_end:11 bin_duration:12 c_pkts_all:13 "
            "c_bytes_all:14 s_pkts_all:15 s_bytes_all:16");
}

TEST(UdpIntervalColumns, ReadTheirFields) {
  auto record = sample<UdpIntervalRecord>();
  record.halves = {UdpIntervalRecord::Half{1, 30}, UdpIntervalRecord::Half{2, 60}};
  const auto number = [&](std::string_view name) {
    return std::get<uint64_t>(value(kUdpIntervalColumns, record, name));
  };
  EXPECT_EQ(number("c_port"), 40'001U);
  EXPECT_EQ(number("s_port"), 53U);
  EXPECT_EQ(number("c_pkts_all"), 1U);
  EXPECT_EQ(number("c_bytes_all"), 30U);
  EXPECT_EQ(number("s_pkts_all"), 2U);
  EXPECT_EQ(number("s_bytes_all"), 60U);
  EXPECT_EQ(number("s_iscrypto"), 1U);
}

TEST(IntervalTimes, AreOfPacketsInMilliseconds) {
  const auto record = sample<UdpIntervalRecord>();
  const auto time = [&](std::string_view name) {
    return std::get<double>(value(kUdpIntervalColumns, record, name));
  };
  EXPECT_EQ(time("time_abs_start"), 1'700'000'154'829.993);
  EXPECT_EQ(time("time_rel_start"), 150'000.0);
  EXPECT_EQ(time("time_rel_end"), 150'020.0);
  EXPECT_EQ(time("bin_duration"), 20.0);
}

}  // namespace
}  // namespace tapstat::flowstats
