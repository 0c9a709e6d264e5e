#include <string>

#include <gtest/gtest.h>

#include "flowstats/columns/mm.h"

namespace tapstat::flowstats {
namespace {

constexpr Block<RtpRecord> kBlocks[] = {
    {Group::core, Sides::flow, kMmKind},
    {Group::core, Sides::client, kMmEnd},
    {Group::core, Sides::server, kMmEnd},
    {Group::core, Sides::flow, kMmStream},
};
constexpr auto kColumns = expand<RtpRecord, kBlocks>();
static_assert(names_are_unique_per_group(kColumns));

Value read(const RtpRecord& record, std::string_view name) {
  for (const auto& column : kColumns)
    if (column.text() == name) return column.read(record);
  ADD_FAILURE() << "no column " << name;
  return {};
}

TEST(MmColumns, HeaderIsTstats) {
  std::string names;
  for (const auto& column : kColumns) {
    names += column.text();
    names += ' ';
  }
  EXPECT_EQ(names,
            "a_proto direction c_proto c_ip c_port c_internal c_iscrypto c_mux_prot s_proto s_ip "
            "s_port s_internal s_iscrypto s_mux_prot packets ipg jitter_avg jitter_max jitter_min "
            "ttl_avg ttl_max ttl_min starttime duration databytes speed SSRC losses oos dup late "
            "pt_id pt_counters bogus rtcp_losses rtcp_fraclost rtcp_lenpack rtcp_lenbytes rtt_avg "
            "rtt_max rtt_min rtt_samples rtcp_trunc rtp_max_payload rtp_min_payload "
            "rtp_avg_payload rtp_stdev_payload jitter8k_avg jitter8k_max jitter8k_min "
            "jitter90k_avg jitter90k_max jitter90k_min ");
}

TEST(MmColumns, WhatOnlyRtpHasIsAbsentForRtcp) {
  RtpRecord record;
  record.stream.media_bytes.mean = 160;
  record.stream.jitter_8khz.max = 2;
  EXPECT_EQ(std::get<std::string_view>(read(record, "a_proto")), "R");
  EXPECT_EQ(std::get<double>(read(record, "rtp_avg_payload")), 160);
  EXPECT_EQ(std::get<General>(read(record, "jitter8k_max")), General{2});
  record.stream.is_rtcp = true;
  EXPECT_EQ(std::get<std::string_view>(read(record, "a_proto")), "T");
  EXPECT_EQ(std::get<Absent>(read(record, "rtp_avg_payload")).text, "0.0");
  EXPECT_EQ(std::get<Absent>(read(record, "jitter8k_max")).text, "0.0");
}

TEST(MmColumns, EndsAreReadBySide) {
  RtpRecord record;
  record.ends.port = {40001, 20000};
  record.ends.internal = {true, false};
  record.stream.type = {layer7::UdpType::rtp, layer7::UdpType::first_rtp};
  record.stream.media_kinds = {29, 1};
  record.stream.side = 1;
  record.stream.ssrc = 0xe074c700;
  record.stream.first = Timestamp{1'120'470'985'348'411};
  EXPECT_EQ(std::get<std::string_view>(read(record, "direction")), "S");
  EXPECT_EQ(std::get<uint64_t>(read(record, "c_proto")), 29U);
  EXPECT_EQ(std::get<uint64_t>(read(record, "s_proto")), 28U);
  EXPECT_EQ(std::get<uint64_t>(read(record, "c_port")), 40001U);
  EXPECT_EQ(std::get<uint64_t>(read(record, "s_port")), 20000U);
  EXPECT_EQ(std::get<uint64_t>(read(record, "c_internal")), 1U);
  EXPECT_EQ(std::get<uint64_t>(read(record, "c_mux_prot")), 29U);
  EXPECT_EQ(std::get<Hex>(read(record, "SSRC")), (Hex{0xe074c700}));
  EXPECT_DOUBLE_EQ(std::get<double>(read(record, "starttime")), 1120470985.348411);
}

TEST(MmColumns, EveryColumnSaysWhatItIs) {
  for (const auto& column : kColumns) EXPECT_FALSE(column.spec->help.empty()) << column.text();
}

}  // namespace
}  // namespace tapstat::flowstats
