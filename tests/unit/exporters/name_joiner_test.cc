#include "exporters/name_joiner.h"

#include <gtest/gtest.h>

#include "flowstats/records.h"
#include "tests/support/dns_builder.h"

namespace tapstat::exporters {
namespace {

using flowstats::Counter;
using flowstats::IpAddress;
using tests::DnsBuilder;
using tests::OwnedDnsRecord;

constexpr IpAddress kAsker = IpAddress::v4(0xc000020a), kNameServer = IpAddress::v4(0xcb007135),
                    kNamed = IpAddress::v4(0xc6336401);

class NameJoinerTest : public testing::Test {
 protected:
  NameOptions small() const {
    NameOptions options;
    options.cache.entries_v4 = 100;
    return options;
  }
  /// The resolver tells the client the server's name.
  void tell(NameJoiner& joiner, std::string_view name, int64_t at_us) {
    DnsBuilder dns{1, tests::kDnsAnswer, {1, 1, 0, 0}};
    dns.question(name, 1).record("x", 1, {198, 51, 100, 1});
    OwnedDnsRecord record{dns.range()};
    record->kind = flowstats::RecordKind::dns_message;
    record->for_names = true;
    record->ends.address = {kNameServer, kAsker};
    record->client = kAsker;
    record->resolver = kNameServer;
    record->time = record->answer_time = {at_us};
    record->query_time = {at_us - 1};
    joiner.join(*record, names_);
  }
  flowstats::TcpRecord flow(int64_t first_us) const {
    flowstats::TcpRecord record;
    record.kind = flowstats::RecordKind::tcp_flow;
    record.address = {kAsker, kNamed};
    record.first = {first_us};
    return record;
  }

  flowstats::CounterBlock counters_;
  JoinedNames names_;
};

TEST_F(NameJoinerTest, AFlowHasTheNewestNameBeforeIt) {
  NameJoiner joiner{small(), counters_};
  tell(joiner, "old.example", 100);
  tell(joiner, "new.example", 200);
  auto early = flow(150), late = flow(250), before = flow(50);
  for (auto* record : {&early, &late, &before}) joiner.join(*record, names_);
  ASSERT_NE(early.resolution, nullptr);
  EXPECT_EQ(early.resolution->name, "old.example");
  ASSERT_NE(late.resolution, nullptr);
  EXPECT_EQ(late.resolution->name, "new.example");
  EXPECT_EQ(before.resolution, nullptr);
  EXPECT_EQ(counters_.get(Counter::names_learnt), 2U);
  EXPECT_EQ(counters_.get(Counter::names_overwritten), 0U);
}

TEST_F(NameJoinerTest, WhatNoLogShowsIsNotLearnt) {
  NameOptions options = small();
  options.wanted = false;
  NameJoiner joiner{options, counters_};
  tell(joiner, "www.example", 100);
  auto record = flow(200);
  joiner.join(record, names_);
  EXPECT_EQ(record.resolution, nullptr);
  EXPECT_EQ(counters_.get(Counter::names_learnt), 0U);
}

TEST_F(NameJoinerTest, AFullCacheIsCounted) {
  NameJoiner joiner{small(), counters_};
  for (int64_t i = 0; i < 300; ++i) tell(joiner, "www.example", 1000 + i);
  EXPECT_EQ(counters_.get(Counter::names_learnt), 300U);
  EXPECT_EQ(counters_.get(Counter::names_overwritten), 200U);
}

}  // namespace
}  // namespace tapstat::exporters
