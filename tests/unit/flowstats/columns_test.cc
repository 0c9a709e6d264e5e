#include <algorithm>
#include <string>

#include <gtest/gtest.h>

#include "flowstats/columns/layouts.h"
#include "flowstats/columns/milliseconds.h"
#include "flowstats/columns/mplane_name.h"

namespace tapstat::flowstats {
namespace {

TEST(Layout, NocompleteIsTheCoreOfComplete) {
  for (const Schema schema : {Schema::mplane, Schema::tstat_3_3}) {
    const auto complete = columns_of(schema, Log::tcp_complete);
    const auto nocomplete = columns_of(schema, Log::tcp_nocomplete);
    for (size_t i = 0; i < complete.size(); ++i) {
      const bool core = complete[i].group == Group::core;
      ASSERT_EQ(core, i < nocomplete.size()) << complete[i].text();
      if (core) {
        EXPECT_EQ(complete[i].text(), nocomplete[i].text());
      }
    }
  }
}

TEST(Layout, TheSchemasShareTheirSpecs) {
  const auto tstat = columns_of(Schema::tstat_3_3, Log::tcp_complete);
  for (const TcpColumn& column : columns_of(Schema::mplane, Log::tcp_complete)) {
    const auto same = std::find_if(tstat.begin(), tstat.end(), [&column](const TcpColumn& other) {
      return other.text() == column.text();
    });
    ASSERT_NE(same, tstat.end()) << column.text();
    EXPECT_EQ(same->spec, column.spec);
    EXPECT_EQ(same->side, column.side);
  }
}

TEST(Layout, EveryColumnSaysWhatItIs) {
  for (const TcpColumn& column : columns_of(Schema::tstat_3_3, Log::tcp_complete)) {
    EXPECT_FALSE(column.spec->help.empty()) << column.text();
    EXPECT_EQ(column.spec->help.find_first_of("|\n"), std::string_view::npos) << column.text();
    if (column.spec->ipfix.id != 0) {
      EXPECT_NE(column.spec->ipfix.octets, 0) << column.text();
    }
  }
}

TEST(Column, SidesSwapWithTheHalves) {
  TcpRecord record{};
  record.halves[0].core.packets = 3;
  record.halves[1].core.packets = 9;
  const auto columns = columns_of(Schema::mplane, Log::tcp_complete);
  EXPECT_EQ(std::get<uint64_t>(columns[2].read(record)), 3U);
  EXPECT_EQ(std::get<uint64_t>(columns[16].read(record)), 9U);
}

TEST(MplaneName, SpellsTheSideInBothVocabularies) {
  const auto columns = columns_of(Schema::mplane, Log::tcp_complete);
  EXPECT_EQ(mplane_name(columns[0], MplaneVocabulary::proxy_2014), "initiator.ip4");
  EXPECT_EQ(mplane_name(columns[14], MplaneVocabulary::later), "destination.ip4");
  EXPECT_EQ(mplane_name(columns[9], MplaneVocabulary::later), "packets.forward.rxmit");
  EXPECT_EQ(mplane_name(columns[22], MplaneVocabulary::proxy_2014), "bytes.backward");
  EXPECT_EQ(mplane_name(columns[42], MplaneVocabulary::later), "rtt.average.ms");
}

TEST(MplaneName, IsThereForEveryColumnOfThePublishedSchema) {
  for (const TcpColumn& column : columns_of(Schema::mplane, Log::tcp_complete)) {
    if (column.group == Group::fingerprint) continue;
    EXPECT_FALSE(mplane_name(column, MplaneVocabulary::proxy_2014).empty()) << column.text();
  }
}

TEST(Milliseconds, MeanIsTstats) {
  EXPECT_EQ(mean_milliseconds(0, 0), 0.0);
  EXPECT_DOUBLE_EQ(mean_milliseconds(20'000, 1), 20'000 / 1.0001 / 1000);
  EXPECT_DOUBLE_EQ(mean_milliseconds(62'000, 3), 62'000 / 3.0001 / 1000);
}

TEST(Milliseconds, DeviationNeedsThreeSamples) {
  EXPECT_EQ(deviation_milliseconds(42'000, 884e6, 2), 0.0);
  EXPECT_NEAR(deviation_milliseconds(62'000, 1'284e6, 3), 1.154701, 1e-6);
}

TEST(Milliseconds, DeviationOfEqualSamplesIsNeverNotANumber) {
  // Nine samples of 29829.051 ms: the radicand rounds below zero (golden case 54).
  const double sample = 29'829'051;
  double sum = 0;
  double squares = 0;
  for (int i = 0; i < 9; ++i) {
    sum += sample;
    squares += sample * sample;
  }
  ASSERT_LT(squares - sum * sum / 9, 0.0);
  EXPECT_EQ(deviation_milliseconds(sum, squares, 9), 0.0);
}

TEST(Milliseconds, WhatNeverHappenedIsZero) {
  EXPECT_EQ(milliseconds_since(Timestamp{5'000}, kNever), 0.0);
  EXPECT_EQ(milliseconds_since(Timestamp{5'000}, Timestamp{4'000}), 0.0);
  EXPECT_EQ(milliseconds_since(Timestamp{5'000}, Timestamp{6'500}), 1.5);
}

}  // namespace
}  // namespace tapstat::flowstats
