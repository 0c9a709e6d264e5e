#include "flowstats/layer7/dns_answers.h"

#include <vector>

#include <gtest/gtest.h>

#include "tests/support/dns_builder.h"

namespace tapstat::flowstats::layer7 {
namespace {

using tests::DnsBuilder;
using tests::kDnsAnswer;
using tests::kDnsQuery;

const std::vector<uint8_t> kAddress6 = {0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};

DnsBuilder mixed_answer() {
  DnsBuilder dns{1, kDnsAnswer, {1, 4, 0, 1}};
  dns.question("Www.Example", 255)
      .record("www.example", 5, DnsBuilder::name_bytes("cdn.example"))
      .record("cdn.example", 1, {192, 0, 2, 1})
      .record("cdn.example", 28, kAddress6)
      .record("cdn.example", 1, {192, 0, 2, 9}, 3)  // not of class IN
      .record("ns.example", 1, {192, 0, 2, 2});     // not in the answer section
  return dns;
}

TEST(DnsAnswers, TakeTheNameOfTheQuestionAndTheFamilyOfThePacket) {
  const DnsBuilder dns = mixed_answer();
  const auto v4 = read_dns_answers(dns.range(), IpVersion::v4, Mode::tstat);
  ASSERT_TRUE(v4);
  EXPECT_EQ(v4->name.view(), "Www.Example");
  EXPECT_EQ(v4->count_v4, 1U);
  EXPECT_EQ(v4->v4[0], IpAddress::v4(0xc0000201));
  EXPECT_EQ(v4->count_v6, 0U);
  const auto v6 = read_dns_answers(dns.range(), IpVersion::v6, Mode::tstat);
  ASSERT_TRUE(v6);
  EXPECT_EQ(v6->count_v4, 0U);
  ASSERT_EQ(v6->count_v6, 1U);
  EXPECT_EQ(v6->v6[0], (IpAddress{0x20010db800000000, 1}));
}

TEST(DnsAnswers, TakeBothFamiliesInCorrectedMode) {
  const auto answers = read_dns_answers(mixed_answer().range(), IpVersion::v4, Mode::corrected);
  ASSERT_TRUE(answers);
  EXPECT_EQ(answers->count_v4, 1U);
  EXPECT_EQ(answers->count_v6, 1U);
}

TEST(DnsAnswers, AreNoneForOtherQuestions) {
  struct Case {
    uint16_t type, dns_class;
    bool tstat, corrected;
  };
  for (const Case& c :
       {Case{1, 1, true, true}, Case{28, 1, true, true}, Case{255, 1, true, true},
        Case{15, 1, false, false}, Case{1, 3, false, false}, Case{65, 1, false, true}}) {
    DnsBuilder dns{1, kDnsAnswer, {1, 1, 0, 0}};
    dns.question("a.example", c.type, c.dns_class).record("a.example", 1, {192, 0, 2, 1});
    EXPECT_EQ(read_dns_answers(dns.range(), IpVersion::v4, Mode::tstat).has_value(), c.tstat);
    EXPECT_EQ(read_dns_answers(dns.range(), IpVersion::v4, Mode::corrected).has_value(),
              c.corrected);
  }
}

TEST(DnsAnswers, ReadAddressHintsInCorrectedModeOnly) {
  DnsBuilder dns{1, kDnsAnswer, {1, 2, 0, 0}};
  dns.question("a.example", 65);
  // Priority 1, target ".", alpn=h3, two IPv4 hints; the other has a hint that is cut.
  dns.record("a.example", 65,
             {0, 1, 0, 0, 1, 0, 3, 2, 'h', '3', 0, 4, 0, 8, 192, 0, 2, 1, 192, 0, 2, 2});
  dns.record("a.example", 65, {0, 1, 0, 0, 4, 0, 3, 192, 0, 2});
  const auto answers = read_dns_answers(dns.range(), IpVersion::v4, Mode::corrected);
  ASSERT_TRUE(answers);
  ASSERT_EQ(answers->count_v4, 2U);
  EXPECT_EQ(answers->v4[1], IpAddress::v4(0xc0000202));
  EXPECT_FALSE(read_dns_answers(dns.range(), IpVersion::v4, Mode::tstat));
}

TEST(DnsAnswers, CountAsFarAsTheMessageGoes) {
  DnsBuilder dns{1, kDnsAnswer, {1, 2, 0, 0}};
  dns.question("a.example", 1).record("a.example", 1, {192, 0, 2, 1});
  const auto answers = read_dns_answers(dns.range(), IpVersion::v4, Mode::tstat);
  ASSERT_TRUE(answers);
  EXPECT_EQ(answers->count_v4, 1U);
}

TEST(DnsAnswers, AreLimitedToThirtyAddresses) {
  for (const uint16_t count : {uint16_t{30}, uint16_t{31}}) {
    DnsBuilder dns{1, kDnsAnswer, {1, count, 0, 0}};
    dns.question("a.example", 1);
    for (int i = 0; i < count; ++i)
      dns.record("a.example", 1, {192, 0, 2, static_cast<uint8_t>(i)});
    EXPECT_EQ(read_dns_answers(dns.range(), IpVersion::v4, Mode::tstat).has_value(), count == 30);
    const auto corrected = read_dns_answers(dns.range(), IpVersion::v4, Mode::corrected);
    ASSERT_TRUE(corrected);
    EXPECT_EQ(corrected->count_v4, 30U);
  }
}

TEST(DnsAnswers, ComeFromTheDnsPortInAResponse) {
  const auto may = [](const DnsBuilder& dns, uint16_t port, Mode mode) {
    return may_name_flows(dns.range(), port, 40'000, mode);
  };
  const DnsBuilder good = mixed_answer();
  EXPECT_TRUE(may(good, 53, Mode::tstat));
  EXPECT_FALSE(may(good, 5'353, Mode::tstat));
  EXPECT_FALSE(may(DnsBuilder{1, kDnsQuery, {1, 1, 0, 0}}, 53, Mode::tstat));
  EXPECT_FALSE(may(DnsBuilder{1, kDnsAnswer, {0, 1, 0, 0}}, 53, Mode::tstat));
  EXPECT_FALSE(may(DnsBuilder{1, kDnsAnswer, {1, 0, 0, 0}}, 53, Mode::tstat));
  const DnsBuilder failed{1, kDnsAnswer | 2, {1, 1, 0, 0}};
  EXPECT_TRUE(may(failed, 53, Mode::tstat));  // Tstat does not look at the response code
  EXPECT_FALSE(may(failed, 53, Mode::corrected));
  EXPECT_FALSE(may_name_flows({}, 53, 53, Mode::corrected));
}

}  // namespace
}  // namespace tapstat::flowstats::layer7
