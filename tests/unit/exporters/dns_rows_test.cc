#include "exporters/dns_rows.h"

#include <algorithm>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/dns_builder.h"

namespace tapstat::exporters {
namespace {

using flowstats::IpAddress;
using flowstats::Mode;
using tests::DnsBuilder;
using tests::kDnsAnswer;
using tests::kDnsQuery;
using tests::OwnedDnsRecord;

/// From an internal client, port 40001, or to it.
std::string rows(const DnsBuilder& dns, Mode mode = Mode::tstat, uint16_t server_port = 53) {
  OwnedDnsRecord record{dns.range()};
  const bool is_answer = (dns.bytes()[2] & 0x80) != 0;
  record->time = {1'600'000'000'010'000};
  for (const size_t end : {size_t{0}, size_t{1}}) {
    const bool is_client = (end == 0) != is_answer;
    record->ends.address[end] = IpAddress::v4(is_client ? 0xc000020a : 0xcb007135);
    record->ends.port[end] = is_client ? 40'001 : server_port;
    record->ends.internal[end] = is_client;
  }
  RowBuffer out;
  const uint32_t count = append_dns_rows(out, *record, mode);
  const std::string text{out.text()};
  EXPECT_EQ(static_cast<size_t>(count),
            static_cast<size_t>(std::count(text.begin(), text.end(), '\n')));
  return text;
}

const std::string kFront = "192.0.2.10 40001 1 0 203.0.113.53 53 0 0 1600000000010.000000 ";

TEST(DnsRows, HaveOneForEachQuestion) {
  DnsBuilder dns{1, kDnsQuery | 0x20, {3, 0, 0, 1}};
  dns.question("www.One.example", 1).question("b", 32, 2).question("", 255, 255).record("", 41, {});
  EXPECT_EQ(rows(dns), kFront + "REQ 0x0001 www.One.example. - IN A - 0x0a 3 0 0 0 56\n" + kFront +
                           "REQ 0x0001 b. - OTHER NB - 0x0a 3 0 0 0 56\n" + kFront +
                           "REQ 0x0001 - - ANY OTHER - 0x0a 3 0 0 0 56\n");
}

TEST(DnsRows, HaveOneForEachAnswerAndTheClientFirst) {
  DnsBuilder dns{0xbeef, kDnsAnswer | 0x0400, {1, 2, 1, 1}};
  dns.question("a", 15)
      .record("a", 15, {0, 10, 1, 'm', 0})
      .record("", 777, {1, 2}, 9)
      .record("z", 2, {0})
      .record("m", 1, {192, 0, 2, 1});
  EXPECT_EQ(rows(dns), kFront + "RESP 0xbeef a. 60 IN MX 10\tm. 0x2c 1 2 1 1 81\n" + kFront +
                           "RESP 0xbeef . 60 CLASS9 TYPE777 \\#\t2\t0102 0x2c 1 2 1 1 81\n");
  EXPECT_EQ(rows(DnsBuilder{1, kDnsAnswer, {0, 0, 0, 0}}), "");
}

TEST(DnsRows, HaveOneForAResponseThatFailed) {
  DnsBuilder dns{2, kDnsAnswer | 3, {2, 0, 0, 0}};
  dns.question("x", 28).question("y", 1);
  EXPECT_EQ(rows(dns), kFront + "RESP_ERR 0x0002 x. - IN AAAA NXDOMAIN 0x0c 2 0 0 0 26\n");
  EXPECT_EQ(rows(DnsBuilder{2, kDnsAnswer | 5, {0, 0, 0, 0}}),
            kFront + "RESP_ERR 0x0002 - - - - REFUSED 0x0c 0 0 0 0 12\n");
}

TEST(DnsRows, StayOneLineOfWords) {
  DnsBuilder dns{1, kDnsQuery, {1, 0, 0, 0}};
  dns.raw({4, '#', ' ', '\n', 233, 0}).u16(1).u16(1);
  EXPECT_EQ(rows(dns), kFront + "REQ 0x0001 %23%20%0A\xe9. - IN A - 0x08 1 0 0 0 22\n");
  EXPECT_EQ(rows(dns, Mode::corrected),
            kFront + "REQ 0x0001 %23\\032\\010\\233. - IN A - 0x08 1 0 0 0 22\n");
}

TEST(DnsRows, AreNoneForADamagedMessage) {
  DnsBuilder dns{1, kDnsAnswer, {1, 2, 0, 0}};
  dns.question("a", 1).record("a", 1, {192, 0, 2, 1}).record("a", 1, {192, 0, 2});
  EXPECT_EQ(rows(dns), "");
}

TEST(DnsRows, AreNoneForOtherProtocolsInCorrectedMode) {
  const DnsBuilder empty{2, kDnsAnswer | 1, {0, 0, 0, 0}};
  EXPECT_NE(rows(empty), "");
  EXPECT_EQ(rows(empty, Mode::corrected), "");
  DnsBuilder odd{1, kDnsQuery, {1, 0, 0, 0}};
  odd.question("a", 777, 77);
  EXPECT_NE(rows(odd, Mode::corrected, 53), "");
  EXPECT_EQ(rows(odd, Mode::corrected, 9'999), "");
  EXPECT_NE(rows(odd, Mode::tstat, 9'999), "");
}

}  // namespace
}  // namespace tapstat::exporters
