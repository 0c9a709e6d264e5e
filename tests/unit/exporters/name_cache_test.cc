#include "exporters/name_cache.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/dns_builder.h"

namespace tapstat::exporters {
namespace {

using flowstats::IpAddress;
using flowstats::IpVersion;
using flowstats::kNever;
using flowstats::Mode;
using flowstats::Timestamp;
using tests::DnsBuilder;
using tests::kDnsAnswer;
using tests::OwnedDnsRecord;

constexpr IpAddress kClient = IpAddress::v4(0xc000020a), kResolver = IpAddress::v4(0xcb007135),
                    kServer = IpAddress::v4(0xc6336401);
constexpr IpAddress kClient6{0x20010db800000000, 10}, kServer6{0x20010db800000000, 1};

DnsBuilder answer(std::string_view name) {
  DnsBuilder dns{1, kDnsAnswer, {1, 2, 0, 0}};
  dns.question(name, 255)
      .record("x", 1, {198, 51, 100, 1})
      .record("x", 28, {0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1});
  return dns;
}

struct Exchange {
  Timestamp query{100}, answer{200};
  bool answer_opened = false;  // the conversation
  IpVersion version = IpVersion::v4;
};

void learn(NameCache& cache, std::string_view name, const Exchange& exchange = {}) {
  OwnedDnsRecord record{answer(name).range()};
  const bool is_v4 = exchange.version == IpVersion::v4;
  record->for_names = true;
  record->ends.ip_version = exchange.version;
  record->ends.address = {is_v4 ? kResolver : kServer6, is_v4 ? kClient : kClient6};
  record->time = exchange.answer;
  record->client = record->ends.address[exchange.answer_opened ? 0 : 1];
  record->resolver = record->ends.address[exchange.answer_opened ? 1 : 0];
  record->query_time = exchange.answer_opened ? exchange.answer : exchange.query;
  record->answer_time = exchange.answer_opened ? exchange.query : exchange.answer;
  cache.learn(*record);
}

NameCache::Options small(Mode mode) {
  NameCache::Options options;
  options.mode = mode;
  options.entries_v4 = options.entries_v6 = 100;
  return options;
}

TEST(NameCache, NamesTheFlowsOfTheClientThatAsked) {
  for (const Mode mode : {Mode::tstat, Mode::corrected}) {
    NameCache cache{small(mode)};
    learn(cache, "Www.Example");
    const auto found = cache.find(IpVersion::v4, kClient, kServer, {200});
    ASSERT_TRUE(found);
    EXPECT_EQ(found->name, "Www.Example");
    EXPECT_EQ(found->resolver, kResolver);
    EXPECT_EQ(found->query, Timestamp{100});
    EXPECT_EQ(found->answer, Timestamp{200});
    EXPECT_TRUE(found->query_seen);
    EXPECT_FALSE(cache.find(IpVersion::v4, kClient, kServer, {199}));
    EXPECT_FALSE(cache.find(IpVersion::v4, kServer, kClient, {300}));
    EXPECT_FALSE(cache.find(IpVersion::v4, kResolver, kServer, {300}));
  }
}

TEST(NameCache, SaysWhenTheQueryWasNotSeen) {
  for (const Mode mode : {Mode::tstat, Mode::corrected}) {
    NameCache cache{small(mode)};
    learn(cache, "a", {kNever, {200}, true});
    const auto found = cache.find(IpVersion::v4, kClient, kServer, {300});
    ASSERT_TRUE(found);
    EXPECT_FALSE(found->query_seen);
    EXPECT_EQ(found->query, Timestamp{200});
  }
}

/// The second exchange of a conversation that an answer had opened: Tstat takes its directions for
/// what they are not.
TEST(NameCache, TakesTimesOfTheRightDirectionInCorrectedMode) {
  for (const Mode mode : {Mode::tstat, Mode::corrected}) {
    NameCache cache{small(mode)};
    learn(cache, "a", {{150}, {200}, true});
    const auto found = cache.find(IpVersion::v4, kClient, kServer, {300});
    ASSERT_TRUE(found && found->query_seen);
    EXPECT_EQ(found->query, Timestamp{mode == Mode::tstat ? 200 : 150});
    EXPECT_EQ(found->answer, Timestamp{mode == Mode::tstat ? 150 : 200});
  }
}

TEST(NameCache, KeepsFamiliesApartInTstatMode) {
  NameCache cache{small(Mode::tstat)};
  learn(cache, "four");
  EXPECT_FALSE(cache.find(IpVersion::v6, kClient6, kServer6, {300}));
  learn(cache, "six", {{100}, {200}, false, IpVersion::v6});
  const auto found = cache.find(IpVersion::v6, kClient6, kServer6, {300});
  ASSERT_TRUE(found);
  EXPECT_EQ(found->name, "six");
  EXPECT_EQ(found->resolver_version, IpVersion::v6);
  EXPECT_EQ(cache.find(IpVersion::v4, kClient, kServer, {300})->name, "four");
  EXPECT_EQ(cache.counts().learnt, 2U);
}

TEST(NameCache, NamesTheOtherFamilyForAnyClientInCorrectedMode) {
  NameCache cache{small(Mode::corrected)};
  learn(cache, "own", {{100}, {200}, false, IpVersion::v6});
  learn(cache, "other", {{100}, {250}});
  EXPECT_EQ(cache.find(IpVersion::v6, kClient6, kServer6, {300})->name, "own");
  const IpAddress stranger{0x20010db800000000, 77};
  EXPECT_EQ(cache.find(IpVersion::v6, stranger, kServer6, {300})->name, "other");
  EXPECT_EQ(cache.find(IpVersion::v4, kServer, kServer, {300})->name, "own");
}

TEST(NameCache, HasAQuarterForOneClientInCorrectedMode) {
  for (const Mode mode : {Mode::tstat, Mode::corrected}) {
    NameCache::Options options = small(mode);
    options.entries_v4 = 8;
    NameCache cache{options};
    for (const char* name : {"one", "two", "three"}) {
      learn(cache, name, {{100}, {200 + int64_t(cache.counts().learnt)}});
    }
    const auto oldest = cache.find(IpVersion::v4, kClient, kServer, {200});
    EXPECT_EQ(oldest.has_value(), mode == Mode::tstat);
    EXPECT_EQ(cache.find(IpVersion::v4, kClient, kServer, {201})->name, "two");
    EXPECT_EQ(cache.counts().over_share, mode == Mode::tstat ? 0U : 1U);
  }
}

TEST(NameCache, LeavesOtherRecordsAlone) {
  NameCache cache{small(Mode::tstat)};
  OwnedDnsRecord record{answer("a").range()};
  record->ends.address = {kResolver, kClient};
  cache.learn(*record);
  EXPECT_FALSE(cache.find(IpVersion::v4, kClient, kServer, {300}));
  EXPECT_EQ(cache.counts().learnt, 0U);
}

}  // namespace
}  // namespace tapstat::exporters
