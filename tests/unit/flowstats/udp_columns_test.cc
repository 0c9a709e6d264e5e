#include <cstring>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "flowstats/columns/fingerprint.h"
#include "flowstats/columns/udp.h"

namespace tapstat::flowstats {
namespace {

constexpr Block<UdpRecord> kLayout[] = {
    {Group::core, Sides::client, kUdpDirectional},
    {Group::core, Sides::server, kUdpDirectional},
    {Group::core, Sides::flow, kUdpFlow},
    {Group::fingerprint, Sides::flow, kFingerprintFlow<UdpRecord>},
    {Group::fingerprint, Sides::flow, kFingerprintUdp},
};
constexpr auto kColumns = expand<UdpRecord, kLayout>();
static_assert(names_are_unique_per_group(kColumns));

/// A record with room for its texts behind it.
class UdpColumns : public testing::Test {
 protected:
  UdpColumns() : memory_(16) {
    record().units = static_cast<uint32_t>(memory_.size());
    record().ends.address = {IpAddress::v4(0xc000020a), IpAddress::v4(0xc6336414)};
    record().ends.port = {40001, 443};
  }
  UdpRecord& record() { return *std::launder(reinterpret_cast<UdpRecord*>(memory_.data())); }
  Value value(std::string_view name) {
    for (const auto& column : kColumns)
      if (column.text() == name) return column.read(record());
    ADD_FAILURE() << name;
    return Value{Absent{}};
  }

 private:
  struct alignas(64) Unit64 {
    std::array<char, kRecordUnit> bytes;
  };
  std::vector<Unit64> memory_;
  const UdpRecord* made_ = new (memory_.data()) UdpRecord;
};

TEST_F(UdpColumns, AreNamedAndOrderedAsInTstat) {
  std::string header;
  int ordinal = 0;
  for (const auto& column : kColumns)
    if (column.group == Group::core)
      header += (header.empty() ? "#" : " ") + std::string{column.text()} + ":" +
                std::to_string(++ordinal);
  EXPECT_EQ(header,
            "#c_ip:1 c_port:2 c_first_abs:3 c_durat:4 c_bytes_all:5 c_pkts_all:6 c_isint:7 "
            "c_iscrypto:8 c_type:9 s_ip:10 s_port:11 s_first_abs:12 s_durat:13 s_bytes_all:14 "
            "s_pkts_all:15 s_isint:16 s_iscrypto:17 s_type:18 fqdn:19 quic_SNI:20 quic_UA:21 "
            "quic_c_vers:22 quic_s_vers:23 quic_zero_rtt:24 quic_ech:25");
}

TEST_F(UdpColumns, TimesAreMillisecondsAndLengthsSeconds) {
  record().halves[0].first = {1'600'000'000'001'000};
  record().halves[0].last = {1'600'000'002'501'000};
  EXPECT_EQ(std::get<double>(value("c_first_abs")), 1'600'000'000'001.0);
  EXPECT_EQ(std::get<double>(value("c_durat")), 2.5);
  EXPECT_EQ(std::get<double>(value("s_first_abs")), 0.0);
  EXPECT_EQ(std::get<double>(value("s_durat")), 0.0);
  std::swap(record().halves[0].first, record().halves[0].last);
  EXPECT_EQ(std::get<double>(value("c_durat")), 0.0);
}

TEST_F(UdpColumns, VersionsAreAbsentUntilTheyAreKnown) {
  EXPECT_EQ(std::get<Absent>(value("quic_c_vers")).text, "-");
  record().halves[0].quic_version = 1;
  EXPECT_EQ(std::get<Hex>(value("quic_c_vers")), (Hex{1, 8}));
  EXPECT_EQ(std::get<Absent>(value("quic_s_vers")).text, "-");
  record().fingerprint.quic_version = 0x6b3343cf;
  EXPECT_EQ(std::get<Hex>(value("quic_version")), (Hex{0x6b3343cf, 8}));
}

TEST_F(UdpColumns, TextsAndNames) {
  TextTail tail{record()};
  record().quic_server_name = tail.append("a.example.org");
  record().fingerprint.ja4 = tail.append("q13d0105h3_a_b");
  Resolution resolution;
  resolution.name = "b.example.org";
  record().resolution = &resolution;
  EXPECT_EQ(std::get<std::string_view>(value("quic_SNI")), "a.example.org");
  EXPECT_EQ(std::get<std::string_view>(value("quic_UA")), "");
  EXPECT_EQ(std::get<std::string_view>(value("ja4")), "q13d0105h3_a_b");
  EXPECT_EQ(std::get<std::string_view>(value("fqdn")), "b.example.org");
}

TEST_F(UdpColumns, TheCommunityIdIsThatOfTheRow) {
  const CommunityId id = std::get<CommunityId>(value("community_id"));
  EXPECT_EQ(id, community_id(tuple_of(record())));
  record().ends.port[0] = 40002;
  EXPECT_NE(std::get<CommunityId>(value("community_id")), id);
}

TEST(FingerprintColumns, AreTheSameForTcp) {
  static constexpr Block<TcpRecord> kTcp[] = {
      {Group::fingerprint, Sides::flow, kFingerprintFlow<TcpRecord>},
      {Group::fingerprint, Sides::flow, kFingerprintTcp},
  };
  constexpr auto kTcpColumns = expand<TcpRecord, kTcp>();
  TcpRecord record;
  record.fingerprint.extended_type = 1;
  record.port = {40001, 443};
  EXPECT_EQ(kTcpColumns.back().text(), "class_ext");
  EXPECT_EQ(std::get<uint64_t>(kTcpColumns.back().read(record)), 1U);
  EXPECT_EQ(std::get<CommunityId>(kTcpColumns.front().read(record)),
            community_id(tuple_of(record)));
}

}  // namespace
}  // namespace tapstat::flowstats
