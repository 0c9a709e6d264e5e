#include "flowstats/layer7/dns_message.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/dns_builder.h"

namespace tapstat::flowstats::layer7 {
namespace {

using tests::DnsBuilder;
using tests::kDnsAnswer;
using tests::kDnsQuery;

std::string dotted(const DnsName& name) {
  std::string text;
  name.for_each_label([&text](ByteRange label) {
    text.append(reinterpret_cast<const char*>(label.data()), label.size());
    text += '.';
  });
  return text;
}

DnsBuilder full_message() {
  DnsBuilder dns{7, kDnsAnswer, {1, 2, 1, 2}};
  dns.question("www.example", 1)
      .record("www.example", 5, DnsBuilder::name_bytes("a.example"))
      .record("a.example", 1, {192, 0, 2, 1})
      .record("example", 2, DnsBuilder::name_bytes("ns.example"))
      .record("ns.example", 28, std::vector<uint8_t>(16, 1))
      .record("", 41, {});
  return dns;
}

TEST(DnsMessage, IsWalkedSectionBySection) {
  const DnsBuilder dns = full_message();
  DnsReader reader{dns.range()};
  EXPECT_EQ(reader.header().id, 7);
  EXPECT_TRUE(reader.header().has(DnsHeader::kResponse));
  const auto question = reader.next_question();
  ASSERT_TRUE(question);
  EXPECT_EQ(dotted(question->name), "www.example.");
  EXPECT_EQ(question->type, 1);
  EXPECT_FALSE(reader.next_question());
  std::vector<std::pair<int, int>> seen;
  while (const auto record = reader.next_record())
    seen.emplace_back(static_cast<int>(record->section), record->type);
  EXPECT_EQ(seen, (std::vector<std::pair<int, int>>{{0, 5}, {0, 1}, {1, 2}, {2, 28}, {2, 41}}));
  EXPECT_FALSE(reader.is_damaged());
}

TEST(DnsMessage, IsNoneWhenAnyByteIsMissing) {
  const DnsBuilder dns = full_message();
  for (size_t size = 0; size < dns.bytes().size(); ++size)
    EXPECT_FALSE(is_dns_message(dns.range().first(size))) << size;
  EXPECT_TRUE(is_dns_message(dns.range()));
}

TEST(DnsMessage, MayBeFollowedByOtherBytes) {
  DnsBuilder dns = full_message();
  dns.raw({1, 2, 3});
  EXPECT_TRUE(is_dns_message(dns.range()));
}

TEST(DnsName, FollowsPointersInBothDirections) {
  DnsBuilder dns{1, kDnsAnswer, {2, 0, 0, 0}};
  dns.raw({3, 'w', 'w', 'w', 0xc0, 22}).u16(1).u16(1);  // at 12, points forward
  dns.raw({1, 'a', 0, 0, 0}).u16(1);                    // at 22: "a"
  DnsReader reader{dns.range()};
  const auto question = reader.next_question();
  ASSERT_TRUE(question);
  EXPECT_EQ(dotted(question->name), "www.a.");
}

TEST(DnsName, EndsAtTheBoundsOfPointersAndBytes) {
  // A chain of pointers, each to the one before it, and a root at the beginning.
  std::vector<uint8_t> chain = {0};
  for (int i = 0; i < 30; ++i) {
    const size_t target = chain.size() == 1 ? 0 : chain.size() - 2;
    chain.push_back(static_cast<uint8_t>(0xc0 | target >> 8));
    chain.push_back(static_cast<uint8_t>(target));
  }
  const ByteRange bytes{chain.data(), chain.size()};
  const auto ignore = [](ByteRange) {};
  EXPECT_TRUE(walk_dns_name(bytes, 1 + 2 * 24, ignore));   // 25 pointers
  EXPECT_FALSE(walk_dns_name(bytes, 1 + 2 * 25, ignore));  // 26
  const std::vector<uint8_t> loop = {1, 'a', 0xc0, 0};
  EXPECT_FALSE(walk_dns_name({loop.data(), loop.size()}, 0, ignore));
  std::vector<uint8_t> labels;
  for (int i = 0; i < 127; ++i) labels.insert(labels.end(), {1, 'x'});
  labels.push_back(0);
  EXPECT_EQ(walk_dns_name({labels.data(), labels.size()}, 0, ignore), 255U);
  labels.insert(labels.begin(), {1, 'x'});
  EXPECT_FALSE(walk_dns_name({labels.data(), labels.size()}, 0, ignore));
  const std::vector<uint8_t> reserved = {0x41, 'x', 0};
  EXPECT_FALSE(walk_dns_name({reserved.data(), reserved.size()}, 0, ignore));
}

TEST(Rdata, OfKnownTypesIsChecked) {
  struct Case {
    uint16_t type;
    std::vector<uint8_t> rdata;
    bool is_good;
  };
  const Case cases[] = {
      {1, {1, 2, 3}, false},
      {1, {1, 2, 3, 4}, true},
      {1, {1, 2, 3, 4, 5}, true},
      {1, {}, true},
      {28, {1, 2, 3, 4}, false},
      {33, {0, 1}, false},
      {33, {0, 1, 0, 2, 0}, false},
      {33, {0, 1, 0, 2, 0, 3, 0}, true},
      {15, {0, 1, 1, 'a'}, false},
      {15, {0, 1, 1, 'a', 0}, true},
      {16, {2, 'a'}, false},
      {16, {1, 'a', 0}, true},
      {16, {1, 'a', 3, 'b'}, false},
      {6, {0, 0, 1, 2, 3, 4}, false},
      {999, {1}, true},
      {41, {1}, true},
  };
  for (const Case& c : cases) {
    DnsBuilder dns{1, kDnsAnswer, {0, 1, 0, 0}};
    dns.record("x", c.type, c.rdata);
    EXPECT_EQ(is_dns_message(dns.range()), c.is_good) << c.type << " " << c.rdata.size();
  }
}

TEST(PlausibleMessage, HoldsSomethingThatIsInUse) {
  const std::vector<uint8_t> zeros(48, 0);
  EXPECT_TRUE(is_dns_message({zeros.data(), zeros.size()}));
  EXPECT_FALSE(is_plausible_dns_message({zeros.data(), zeros.size()}, 123, 53));
  DnsBuilder usual{1, kDnsQuery, {1, 0, 0, 0}};
  usual.question("a.example", 255);
  EXPECT_TRUE(is_plausible_dns_message(usual.range(), 40'000, 53));
  EXPECT_TRUE(is_plausible_dns_message(usual.range(), 40'000, 9'999));
  DnsBuilder odd{1, kDnsQuery, {1, 0, 0, 0}};
  odd.question("a.example", 777, 5);
  EXPECT_TRUE(is_plausible_dns_message(odd.range(), 5'353, 9'999));
  EXPECT_FALSE(is_plausible_dns_message(odd.range(), 40'000, 9'999));
  DnsBuilder operation{1, 3 << 11, {1, 0, 0, 0}};
  operation.question("a.example", 1);
  EXPECT_FALSE(is_plausible_dns_message(operation.range(), 40'000, 53));
}

}  // namespace
}  // namespace tapstat::flowstats::layer7
