#include "control/rest/documents.h"

#include "control/rest/schemas.h"
#include "tests/unit/control/rest/support.h"

namespace tapstat::tests {
namespace {

using namespace control::rest;
using control::mplane::Job;
using control::mplane::JobState;

TEST(StatusDocument, HasEveryFigure) {
  control::ProbeFigures figures = busy_figures();
  figures.output = {60'000, 1'200, 7, 3, "out is 98 % full (1.2 kB free)"};
  const std::string text = status_json({.figures = figures,
                                        .rates = {10, 8e3, 2, 1.5},
                                        .jobs_running = 1,
                                        .jobs_pending = 2,
                                        .reasons = {"the probe is ending"}});
  EXPECT_EQ(misfit(text, schema::kStatus), "");
  const auto json = parsed(text);
  EXPECT_STREQ(json["state"].GetString(), "running");
  EXPECT_STREQ(json["clock"].GetString(), "2014-05-14T23:44:14.199951Z");
  EXPECT_EQ(json["packets"]["received"].GetUint(), 90U);
  EXPECT_EQ(json["packets"]["analysed"].GetUint(), 80U);
  EXPECT_EQ(json["packets"]["lost"].GetUint(), 3U);
  EXPECT_EQ(json["flows"]["open"].GetUint(), 4U);
  EXPECT_EQ(json["flows"]["created"].GetUint(), 10U);
  EXPECT_EQ(json["flows"]["capacity"].GetUint(), 2'000U);
  EXPECT_EQ(json["rows"]["written"].GetUint(), 5U);
  EXPECT_EQ(json["rows"]["lost"].GetUint(), 1U);
  EXPECT_DOUBLE_EQ(json["rates"]["rows_per_s"].GetDouble(), 1.5);
  EXPECT_EQ(json["epoch"].GetUint(), 4U);
  EXPECT_EQ(json["output"]["size_bytes"].GetUint(), 60'000U);
  EXPECT_EQ(json["output"]["free_bytes"].GetUint(), 1'200U);
  EXPECT_TRUE(json["output"]["nearly_full"].GetBool());
  EXPECT_EQ(json["output"]["spool_bytes"].GetUint(), 7U);
  EXPECT_EQ(json["output"]["rows_spooled"].GetUint(), 0U);
  ASSERT_EQ(json["workers"].Size(), 2U);
  EXPECT_EQ(json["workers"][1]["packets"].GetUint(), 40U);
  EXPECT_EQ(json["workers"][1]["queue_size"].GetUint(), 1'000U);
  EXPECT_EQ(json["jobs"]["pending"].GetUint(), 2U);
  EXPECT_STREQ(json["reasons"][0].GetString(), "the probe is ending");
}

TEST(StatusDocument, BeforeTheFirstPacketAndAtTheEnd) {
  control::ProbeFigures figures;
  figures.ending = true;
  figures.source = "\xff.pcap";
  const std::string text = status_json({.figures = figures, .rates = {}, .reasons = {}});
  EXPECT_EQ(misfit(text, schema::kStatus), "");
  const auto json = parsed(text);
  EXPECT_TRUE(json["clock"].IsNull());
  EXPECT_STREQ(json["state"].GetString(), "ending");
  EXPECT_STREQ(json["source"].GetString(), "\xef\xbf\xbd.pcap");
}

TEST(CountersDocument, AddsTheThreadsUpAndCloses) {
  const std::string text = counters_json(busy_figures());
  EXPECT_EQ(misfit(text, schema::kCounters), "");
  const auto json = parsed(text);
  ASSERT_EQ(json["counters"].Size(), flowstats::kCounterCount);
  const auto& analysed =
      json["counters"][static_cast<unsigned>(flowstats::Counter::analysed_packets)];
  EXPECT_STREQ(analysed["name"].GetString(), "analysed_packets");
  EXPECT_STREQ(analysed["unit"].GetString(), "packets");
  EXPECT_EQ(analysed["value"].GetUint(), 80U);
  EXPECT_EQ(analysed["workers"][0].GetUint(), 40U);
  EXPECT_EQ(analysed["dispatcher"].GetUint(), 0U);
  ASSERT_EQ(json["equations"].Size(), 16U);
  for (const auto& equation : json["equations"].GetArray())
    EXPECT_EQ(equation["difference"].GetInt(), 0) << equation["name"].GetString();
}

TEST(ReadinessDocument, ListsTheReasons) {
  EXPECT_EQ(misfit(readiness_json({}), schema::kReadiness), "");
  EXPECT_TRUE(parsed(readiness_json({}))["ready"].GetBool());
  const auto json = parsed(readiness_json({"a", "b"}));
  EXPECT_FALSE(json["ready"].GetBool());
  EXPECT_EQ(json["reasons"].Size(), 2U);
}

TEST(ConfigDocument, NamesTheOriginOfEachValue) {
  const std::vector<ConfigOrigin> values = {{"control", "listen", "[::1]:80", "tapstat.toml:12"}};
  const std::string text = config_json(values);
  EXPECT_EQ(misfit(text, schema::kConfig), "");
  EXPECT_STREQ(parsed(text)["values"][0]["origin"].GetString(), "tapstat.toml:12");
}

TEST(SpecificationsDocument, ShowsPlannedAndRealTimes) {
  std::list<Job> jobs(2);
  Job& ended = jobs.front();
  ended.id = 1;
  ended.owner = "org.client";
  ended.specification.token = "0123";
  ended.specification.label = "tstat-log_tcp_complete-p2p";
  ended.when = "now + 10s";
  ended.group = flowstats::Group::p2p;
  ended.state = JobState::finished;
  ended.start = 1'400'111'054'000'000;
  ended.end = 1'400'111'064'000'000;
  ended.on_at = 1'400'111'054'000'500;
  ended.off_at = 1'400'111'064'000'700;
  ended.first_epoch = 2;
  ended.end_epoch = 3;
  jobs.back().state = JobState::pending;
  jobs.back().start = 1'400'111'074'000'000;
  jobs.back().end = control::mplane::kOpenEnd;
  const auto groups = three_groups();
  const std::string text =
      specifications_json(jobs, groups, [](const Job& job) -> std::optional<uint64_t> {
        if (job.id == 1) return 17;
        return std::nullopt;
      });
  EXPECT_EQ(misfit(text, schema::kSpecifications), "");
  const auto json = parsed(text);
  const auto& first = json["specifications"][0];
  EXPECT_STREQ(first["token"].GetString(), "0123");
  EXPECT_STREQ(first["owner"].GetString(), "org.client");
  EXPECT_STREQ(first["group"].GetString(), "p2p");
  EXPECT_STREQ(first["state"].GetString(), "finished");
  EXPECT_STREQ(first["planned"]["end"].GetString(), "2014-05-14T23:44:24.000000Z");
  EXPECT_STREQ(first["real"]["on"].GetString(), "2014-05-14T23:44:14.000500Z");
  EXPECT_EQ(first["epochs"]["end"].GetUint(), 3U);
  EXPECT_EQ(first["rows"].GetUint(), 17U);
  const auto& second = json["specifications"][1];
  EXPECT_TRUE(second["planned"]["end"].IsNull());
  EXPECT_TRUE(second["real"]["on"].IsNull());
  EXPECT_TRUE(second["rows"].IsNull());
}

TEST(SmallDocuments, HaveTheirForm) {
  EXPECT_EQ(misfit(directory_json("out/\xff"), schema::kDirectory), "");
  control::ReloadOutcome outcome;
  outcome.changed = true;
  outcome.notes = {"log_udp_complete has no effect yet."};
  const std::string text = reload_json(outcome, 9);
  EXPECT_EQ(misfit(text, schema::kReload), "");
  EXPECT_EQ(parsed(text)["epoch"].GetUint(), 9U);
}

}  // namespace
}  // namespace tapstat::tests
