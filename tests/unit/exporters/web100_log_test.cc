#include "exporters/web100_log.h"

#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "tests/support/temp_dir.h"
#include "tests/unit/exporters/exit_sample.h"
#include "tests/unit/exporters/file_size_limit.h"
#include "tests/unit/exporters/web100_files.h"

namespace tapstat::exporters {
namespace {

namespace fs = std::filesystem;
using flowstats::Counter;
using flowstats::CounterBlock;
using flowstats::Duration;
using flowstats::ExitAmount;
using flowstats::ExitRecord;
using flowstats::IpAddress;
using flowstats::IpVersion;
using flowstats::RemoteType;
using flowstats::Timestamp;
using tests::exit_record;
using tests::is_accepted;
using tests::kHour;
using tests::published_files;
using tests::records_in;

constexpr const char* kDay = "SideStream/2017/02/03/n/";

Timestamp at(double seconds) { return kHour + Duration{static_cast<int64_t>(seconds * 1e6)}; }

class Web100LogTest : public testing::Test {
 protected:
  Web100LogTest() {
    options.root = temp.path();
    options.node = "n";
  }
  void open() {
    log.emplace(options, counters, errors, anonymiser.get());
    const auto opened = log->open();
    ASSERT_TRUE(opened) << opened.error().sentence;
    notes = *opened;
  }
  std::string text(const std::string& name) { return published_files(temp.path())[kDay + name]; }
  size_t files() { return published_files(temp.path()).size(); }
  uint64_t count(Counter c) const { return counters.get(c); }

  tests::TempDir temp;
  Web100Options options;
  CounterBlock counters;
  WriteErrors errors;
  std::unique_ptr<Anonymiser> anonymiser;
  std::optional<Web100Log> log;
  std::vector<std::string> notes;
};

TEST_F(Web100LogTest, AnHourIsPublishedWhenItsGraceIsOver) {
  open();
  log->advance(at(10));
  log->append(exit_record(1, 10));
  log->append(exit_record(2, 3'599.9));
  log->advance(at(3'609.9));
  EXPECT_EQ(files(), 0U);
  log->append(exit_record(3, 3'600));
  log->append(exit_record(4, 3'599));
  log->advance(at(3'610));
  EXPECT_EQ(files(), 1U);
  EXPECT_EQ(records_in(text("20170203T00:00:00Z_ALL0.web100")), 3U);
  const Web100Report report = log->finish();
  EXPECT_EQ(report.files, 2U);
  EXPECT_EQ(report.latest, temp / (std::string{kDay} + "20170203T01:00:00Z_ALL0.web100"));
  EXPECT_EQ(records_in(text("20170203T01:00:00Z_ALL0.web100")), 1U);
  EXPECT_EQ(report.bytes, text("20170203T00:00:00Z_ALL0.web100").size() +
                              text("20170203T01:00:00Z_ALL0.web100").size());
  EXPECT_EQ(count(Counter::exit_records_written), 4U);
  EXPECT_EQ(count(Counter::exit_records_late), 0U);
  EXPECT_EQ(count(Counter::bytes_written), report.bytes);
  EXPECT_EQ(log->finish().files, 2U);
  EXPECT_TRUE(is_accepted(temp.path()));
}

TEST_F(Web100LogTest, EveryKeyListIsAccepted) {
  std::string all;
  for (const flowstats::Web100Name& n : flowstats::kWeb100Names)
    all += std::string{n.canonical.empty() ? n.name : n.canonical} + ' ';
  for (const std::string& list : {std::string{"default"}, std::string{"full"}, all}) {
    options.keys = Web100Keys::read(list).value();
    open();
    log->append(exit_record(1));
    log->finish();
    log.reset();
  }
  EXPECT_EQ(files(), 3U);
  EXPECT_TRUE(is_accepted(temp.path()));
}

TEST_F(Web100LogTest, ALateRecordGoesToTheOpenHourWithItsTruePoll) {
  open();
  log->advance(at(10));
  log->advance(at(3'611));
  log->append(exit_record(1, 3'599));
  log->finish();
  const std::string late = text("20170203T01:00:00Z_ALL0.web100");
  EXPECT_NE(late.find("2017-02-03-00:59:59Z"), std::string::npos) << late;
  EXPECT_EQ(count(Counter::exit_records_late), 1U);
  EXPECT_EQ(count(Counter::exit_records_written), 1U);
  EXPECT_TRUE(is_accepted(temp.path()));
}

TEST_F(Web100LogTest, RecordsBeforeTheFirstWordAboutTheClockAreNotLate) {
  open();
  log->append(exit_record(1, 3'599));
  log->append(exit_record(2, -1));
  log->finish();
  EXPECT_EQ(count(Counter::exit_records_late), 0U);
  EXPECT_EQ(files(), 2U);
  EXPECT_TRUE(is_accepted(temp.path()));
}

TEST_F(Web100LogTest, WithoutRecordsThereIsNoFile) {
  open();
  log->advance(at(0));
  log->advance(at(20'000));
  EXPECT_EQ(log->finish().files, 0U);
  EXPECT_EQ(files(), 0U);
}

TEST_F(Web100LogTest, AHeartbeatIsAKeyLine) {
  options.heartbeat_files = true;
  open();
  log->advance(at(100));
  log->append(exit_record(1, 3'700));
  log->advance(at(2 * 3'600 + 10));
  log->advance(at(3 * 3'600));
  log->finish();
  EXPECT_EQ(files(), 4U);
  EXPECT_EQ(text("20170203T00:00:00Z_ALL0.web100"), options.keys.header());
  EXPECT_EQ(records_in(text("20170203T01:00:00Z_ALL0.web100")), 1U);
  EXPECT_EQ(text("20170203T03:00:00Z_ALL0.web100"), options.keys.header());
  EXPECT_TRUE(is_accepted(temp.path()));
}

TEST_F(Web100LogTest, AGapOfYearsMakesAWeekOfHeartbeats) {
  options.heartbeat_files = true;
  open();
  log->advance(at(0));
  log->advance(at(2e8));
  log->finish();
  EXPECT_EQ(files(), 7 * 24 + 1U);
}

TEST_F(Web100LogTest, EachLocalAddressHasItsFile) {
  options.per_local_address = true;
  options.files_max = 2;
  open();
  ExitRecord v6 = exit_record(2);
  v6.ends.ip_version = IpVersion::v6;
  v6.ends.address = {IpAddress{0x20010002'0000000a, 0x10}, {0x20010002'0000000b, 1}};
  log->append(exit_record(1));
  log->append(v6);
  log->append(exit_record(3));
  ExitRecord third = exit_record(4);
  third.ends.address[0].low += 1;
  log->append(third);
  log->finish();
  EXPECT_EQ(records_in(text("20170203T00:00:00Z_198.18.0.1_0.web100")), 2U);
  EXPECT_EQ(records_in(text("20170203T00:00:00Z_2001:2:0:a::10_0.web100")), 1U);
  EXPECT_EQ(count(Counter::exit_records_lost), 1U);
  ASSERT_EQ(errors.sentences().size(), 1U);
  EXPECT_TRUE(is_accepted(temp.path()));
}

TEST_F(Web100LogTest, ALargeFileIsPublishedEarly) {
  options.file_bytes_max = 5'000;
  open();
  for (uint32_t i = 1; i <= 40; ++i) log->append(exit_record(i, i));
  log->advance(at(60));
  const size_t early = files();
  EXPECT_GE(early, 2U);
  log->finish();
  EXPECT_EQ(files(), early + 1);
  size_t records = 0;
  for (const auto& [name, content] : published_files(temp.path())) records += records_in(content);
  EXPECT_EQ(records, 40U);
  EXPECT_TRUE(is_accepted(temp.path()));
}

TEST_F(Web100LogTest, RowsAreInTheFileAfterTheFlushInterval) {
  open();
  const fs::path part = temp / ".spool/20170203T00:00:00Z_ALL0.web100.part";
  log->advance(at(0));
  log->append(exit_record(1));
  log->advance(at(4.9));
  EXPECT_EQ(records_in(tests::read_text(part)), 0U);
  log->advance(at(5));
  EXPECT_EQ(records_in(tests::read_text(part)), 1U);
  log->append(exit_record(2));
  log->flush();
  EXPECT_EQ(records_in(tests::read_text(part)), 2U);
}

TEST_F(Web100LogTest, ExcludedNetworksCountAndAreNotWritten) {
  options.exclude.add(IpVersion::v4, {IpAddress::v4(0xc6330000), IpAddress::v4(0xffff0000)});
  open();
  const auto append = [this](IpVersion version, IpAddress remote) {
    ExitRecord record = exit_record(1);
    record.ends.ip_version = version;
    record.ends.address[1] = remote;
    log->append(record);
  };
  append(IpVersion::v4, tests::kRemoteV4);
  append(IpVersion::v6, {0x20010002'00000000, 9});
  append(IpVersion::v4, IpAddress::v4(0x7f000001));
  append(IpVersion::v6, {0, 1});
  append(IpVersion::v6, {0, 0xffff7f000001});
  append(IpVersion::v4, IpAddress::v4(0xc6330001));
  append(IpVersion::v6, {0, 0xffffc6130002});  // IPv4-mapped, and no loopback
  log->finish();
  const std::pair<RemoteType, uint64_t> expected[] = {{RemoteType::ipv4, 1},
                                                      {RemoteType::ipv6, 2},
                                                      {RemoteType::loopback_ipv4, 1},
                                                      {RemoteType::loopback_ipv6, 2},
                                                      {RemoteType::excluded, 1}};
  for (const auto& [type, n] : expected) {
    EXPECT_EQ(count(exit_counter(type, ExitAmount::connections)), n);
    EXPECT_EQ(count(exit_counter(type, ExitAmount::bytes_out)), n * 1'000);
    EXPECT_EQ(count(exit_counter(type, ExitAmount::bytes_in)), n * 10);
  }
  EXPECT_EQ(count(Counter::exit_records_excluded), 4U);
  EXPECT_EQ(count(Counter::exit_records_written), 3U);
}

TEST_F(Web100LogTest, AnEmptyListExcludesNobody) {
  options.exclude = {};
  open();
  ExitRecord record = exit_record(1);
  record.ends.address[1] = IpAddress::v4(0x7f000001);
  log->append(record);
  log->finish();
  EXPECT_EQ(count(Counter::exit_records_written), 1U);
  EXPECT_EQ(count(Counter::exit_connections_loopback_ipv4), 1U);
}

/// A record has whole units in the ring, and is copied with them.
struct alignas(flowstats::kRecordUnit) InRing {
  ExitRecord record;
};

TEST_F(Web100LogTest, RowsAndNamesShowAnonymisedAddresses) {
  AnonymiserOptions hidden;
  hidden.networks.add(IpVersion::v4, {tests::kLocalV4, IpAddress::v4(0xffffffff)});
  anonymiser = std::make_unique<Anonymiser>(hidden);
  options.per_local_address = true;
  options.keys = Web100Keys::read("LocalAddress").value();
  open();
  const InRing one{exit_record(1)};
  log->append(one.record);
  log->finish();
  ASSERT_EQ(files(), 1U);
  const auto [name, content] = *published_files(temp.path()).begin();
  EXPECT_EQ(name.find("198.18.0.1"), std::string::npos);
  EXPECT_EQ(content.find("198.18.0.1 "), std::string::npos);
  EXPECT_NE(content.find("198.19.0.2 "), std::string::npos);
}

TEST_F(Web100LogTest, AFullDiskLosesRecordsAndSaysSo) {
  open();
  log->advance(at(0));
  log->append(exit_record(1));
  log->flush();
  {
    const tests::FileSizeLimit full{2'500};
    for (uint32_t i = 2; i <= 20; ++i) log->append(exit_record(i));
    log->flush();
  }
  const uint64_t lost = count(Counter::exit_records_lost);
  EXPECT_GE(lost, 10U);
  log->append(exit_record(21));
  log->finish();
  EXPECT_EQ(count(Counter::exit_records_written), 21 - lost);
  EXPECT_EQ(records_in(text("20170203T00:00:00Z_ALL0.web100")), 21 - lost);
  ASSERT_EQ(errors.sentences().size(), 1U);
  EXPECT_NE(errors.sentences()[0].find(std::to_string(lost) + " rows are lost"), std::string::npos);
  EXPECT_TRUE(is_accepted(temp.path()));
}

TEST_F(Web100LogTest, ARestartContinuesInAFileOfItsOwn) {
  for (int run = 0; run < 3; ++run) {
    open();
    log->append(exit_record(1));
    log->finish();
    log.reset();
  }
  EXPECT_EQ(files(), 3U);
  EXPECT_TRUE(is_accepted(temp.path()));
}

TEST_F(Web100LogTest, WhatWasLeftIsPublishedAndSaidSo) {
  fs::create_directory(temp / ".spool");
  std::ofstream(temp / ".spool/20170203T00:00:00Z_ALL0.web100.part")
      << Web100Keys{}.header() << "C: 1 20";
  std::ofstream(temp / ".spool/20170203T01:00:00Z_ALL0.web100.part")
      << options.keys.header() << "C: whole\nC: 2 20";
  open();
  ASSERT_EQ(notes.size(), 1U);
  EXPECT_NE(notes[0].find("01:00:00Z_ALL0.web100\""), std::string::npos) << notes[0];
  EXPECT_NE(notes[0].find("7 bytes"), std::string::npos) << notes[0];
  EXPECT_EQ(files(), 1U);
  EXPECT_EQ(records_in(text("20170203T01:00:00Z_ALL0.web100")), 1U);
}

TEST_F(Web100LogTest, ABadNodeIsRefused) {
  options.node = "../x";
  log.emplace(options, counters, errors);
  EXPECT_FALSE(log->open());
}

TEST_F(Web100LogTest, ManyFilesOfAnHourArePublishedBitByBit) {
  options.per_local_address = true;
  options.open_files_max = 10;
  open();
  log->advance(at(0));
  for (uint32_t i = 1; i <= 100; ++i) {
    ExitRecord record = exit_record(i);
    record.ends.address[0].low += i;
    log->append(record);
  }
  log->advance(at(3'610));
  const size_t first = files();
  EXPECT_GT(first, 0U);
  EXPECT_LT(first, 100U);
  for (int call = 0; call < 10; ++call) log->advance(at(3'610));
  EXPECT_EQ(files(), 100U);
  EXPECT_TRUE(is_accepted(temp.path()));
}

}  // namespace
}  // namespace tapstat::exporters
