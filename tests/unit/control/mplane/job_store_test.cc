#include "control/mplane/job_store.h"

#include <sys/stat.h>

#include <fstream>
#include <iterator>

#include <gtest/gtest.h>

#include "control/mplane/when.h"
#include "tests/support/temp_dir.h"

namespace tapstat::tests {
namespace {

using control::mplane::Job;
using control::mplane::jobs_from_json;
using control::mplane::jobs_to_json;
using control::mplane::JobState;
using control::mplane::JobStore;

Job sample(uint64_t id, JobState state) {
  Job job;
  job.id = id;
  job.owner = "org.mplane.Client-1";
  job.specification.kind = control::mplane::Kind::specification;
  job.specification.verb = "measure";
  job.specification.version = 1;
  job.specification.token = "t\"oken";
  job.specification.label =
      "l\xc3\xa4"
      "bel";
  job.specification.registry = "http://192.0.2.1/r.json";
  job.specification.parameters = {{"System_ID", "01"}};
  job.specification.metadata = {{"a", "b\n"}};
  job.specification.results = {"z", "a"};
  job.when = "now + 5m";
  job.group = flowstats::Group::layer7;
  job.state = state;
  job.by_duration = true;
  job.start = 1'772'366'400'000'001;
  job.end = 1'772'366'700'000'001;
  job.on_at = 1'772'366'400'000'251;
  job.off_at = 7;
  job.first_epoch = 4'000'000'000;
  job.end_epoch = 4'000'000'001;
  job.ended_at = 9;
  job.delivered = true;
  job.failure = "Cannot change logging: x";
  return job;
}

std::string content(const std::filesystem::path& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

TEST(JobStore, EveryMemberComesBack) {
  std::list<Job> jobs{sample(3, JobState::running)};
  Job plain = sample(8, JobState::pending);
  plain.specification.version = 0;
  plain.specification.registry.reset();
  plain.specification.parameters.clear();
  plain.specification.metadata.clear();
  plain.group = flowstats::Group::core;
  plain.end = control::mplane::kOpenEnd;
  plain.by_duration = plain.delivered = false;
  jobs.push_back(plain);
  const auto back = jobs_from_json(jobs_to_json(jobs));
  ASSERT_TRUE(back.has_value()) << back.error().sentence;
  ASSERT_EQ(back->size(), 2U);
  const Job& one = back->front();
  const Job& same = jobs.front();
  EXPECT_EQ(one.id, same.id);
  EXPECT_EQ(one.owner, same.owner);
  EXPECT_EQ(one.when, same.when);
  EXPECT_EQ(one.group, same.group);
  EXPECT_EQ(one.state, same.state);
  EXPECT_EQ(one.by_duration, same.by_duration);
  EXPECT_EQ(one.start, same.start);
  EXPECT_EQ(one.end, same.end);
  EXPECT_EQ(one.on_at, same.on_at);
  EXPECT_EQ(one.off_at, same.off_at);
  EXPECT_EQ(one.first_epoch, same.first_epoch);
  EXPECT_EQ(one.end_epoch, same.end_epoch);
  EXPECT_EQ(one.ended_at, same.ended_at);
  EXPECT_EQ(one.delivered, same.delivered);
  EXPECT_EQ(one.failure, same.failure);
  EXPECT_EQ(one.specification.kind, same.specification.kind);
  EXPECT_EQ(one.specification.verb, same.specification.verb);
  EXPECT_EQ(one.specification.version, same.specification.version);
  EXPECT_EQ(one.specification.token, same.specification.token);
  EXPECT_EQ(one.specification.label, same.specification.label);
  EXPECT_EQ(one.specification.registry, same.specification.registry);
  EXPECT_EQ(one.specification.parameters, same.specification.parameters);
  EXPECT_EQ(one.specification.metadata, same.specification.metadata);
  EXPECT_EQ(one.specification.results, same.specification.results);
  EXPECT_EQ(back->back().end, control::mplane::kOpenEnd);
  EXPECT_EQ(back->back().specification.registry, std::nullopt);
  EXPECT_EQ(back->back().group, flowstats::Group::core);
}

TEST(JobStore, EveryStateHasAName) {
  for (const JobState state : {JobState::pending, JobState::running, JobState::finished,
                               JobState::interrupted, JobState::failed}) {
    const auto back = jobs_from_json(jobs_to_json({sample(1, state)}));
    ASSERT_TRUE(back.has_value());
    EXPECT_EQ(back->front().state, state);
  }
}

TEST(JobStore, WhatIsNotOursIsRefused) {
  const std::string good = jobs_to_json({sample(1, JobState::running)});
  struct Case {
    const char* from;
    const char* to;
    const char* said;
  };
  for (const Case& one :
       {Case{"\"version\": 1,\n  \"jobs\"", "\"version\": 2,\n  \"jobs\"", "its version is 2"},
        Case{"tapstat mplane jobs", "something else", "\"format\""},
        Case{"\"jobs\"", "\"job\"", "\"jobs\" is missing"}, Case{"]\n}", "]\n", "it is not JSON"},
        Case{"]\n}\n", "]\n} x", "it is not JSON"},
        Case{"\"owner\"", "\"ovner\"", "wrong or no \"owner\""},
        Case{"\"layer7\"", "\"layer8\"", "wrong or no \"group\""},
        Case{"\"running\"", "\"walking\"", "wrong or no \"state\""},
        Case{"\"id\": 1", "\"id\": 0", "wrong or no \"id\""},
        Case{"\"id\": 1", "\"id\": -1", "wrong or no \"id\""},
        Case{"\"id\": 1", "\"id\": \"1\"", "wrong or no \"id\""},
        Case{"4000000000", "4300000000", "wrong or no \"first_epoch\""},
        Case{"\"delivered\": true", "\"delivered\": 1", "wrong or no \"delivered\""},
        Case{"\"end_us\": 1772366700000001", "\"end_us\": 1", "wrong or no \"end_us\""},
        Case{"\"version\": 1,\n        \"verb\"", "\"version\": 3,\n        \"verb\"",
             "\"specification.version\""},
        Case{"\"t\\\"oken\"", "\"\"", "\"specification.token\""},
        Case{"\"01\"", "1", "\"specification.parameters\""},
        Case{"\"z\"", "1", "\"specification.results\""}}) {
    SCOPED_TRACE(one.to);
    std::string text = good;
    const size_t at = text.find(one.from);
    ASSERT_NE(at, std::string::npos) << text;
    text.replace(at, std::string_view(one.from).size(), one.to);
    const auto back = jobs_from_json(text);
    ASSERT_FALSE(back.has_value());
    EXPECT_NE(back.error().sentence.find(one.said), std::string::npos) << back.error().sentence;
  }
  for (const char* text : {"", "[]", "null", "{\"format\":1}"})
    EXPECT_FALSE(jobs_from_json(text).has_value()) << text;
  const auto twice = jobs_to_json({sample(1, JobState::running), sample(1, JobState::running)});
  EXPECT_FALSE(jobs_from_json(twice).has_value());
}

TEST(JobStore, WritesAFileThatOnlyItsOwnerReads) {
  const TempDir directory;
  auto store = JobStore::open(directory / "state");
  ASSERT_TRUE(store.has_value()) << store.error().sentence;
  EXPECT_TRUE(store->take_jobs().empty());
  store->write({sample(5, JobState::running)});
  EXPECT_EQ(store->last_error(), "");
  struct stat status {};
  ASSERT_EQ(::stat((directory / "state").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0700U);
  ASSERT_EQ(::stat(store->path().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0600U);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(directory / "state"), {}), 1)
      << "no temporary file is left";
  const auto other = JobStore::open(directory / "state");
  ASSERT_FALSE(other.has_value()) << "one process at a time";
  EXPECT_EQ(other.error().status, flowstats::ExitStatus::environment);
  EXPECT_NE(other.error().sentence.find("in use"), std::string::npos);
  store = flowstats::fail(flowstats::ExitStatus::done, "closed");
  auto again = JobStore::open(directory / "state");
  ASSERT_TRUE(again.has_value()) << again.error().sentence;
  const auto jobs = again->take_jobs();
  ASSERT_EQ(jobs.size(), 1U);
  EXPECT_EQ(jobs[0].id, 5U);
}

TEST(JobStore, AFileOfSomebodyElseStaysAsItIs) {
  const TempDir directory;
  std::ofstream(directory / "mplane_jobs.json") << "my notes";
  const auto store = JobStore::open(directory.path());
  ASSERT_FALSE(store.has_value());
  EXPECT_EQ(store.error().status, flowstats::ExitStatus::usage);
  EXPECT_NE(store.error().sentence.find("mplane_jobs.json\" is no state file"), std::string::npos)
      << store.error().sentence;
  EXPECT_EQ(content(directory / "mplane_jobs.json"), "my notes");
}

TEST(JobStore, ADirectoryThatCannotBeUsed) {
  const TempDir directory;
  std::ofstream(directory / "file") << "";
  for (const char* name : {"none/state", "file"}) {
    const auto store = JobStore::open(directory / name);
    ASSERT_FALSE(store.has_value()) << name;
    EXPECT_EQ(store.error().status, flowstats::ExitStatus::environment);
    EXPECT_NE(store.error().sentence.find(name), std::string::npos);
  }
}

TEST(JobStore, AFailedWriteIsToldAndMadeGood) {
  const TempDir directory;
  auto store = JobStore::open(directory / "state");
  ASSERT_TRUE(store.has_value());
  std::filesystem::remove_all(directory / "state");
  store->write({});
  EXPECT_NE(store->last_error().find("cannot write"), std::string::npos);
  EXPECT_EQ(store->failures(), 1U);
  std::filesystem::create_directory(directory / "state");
  store->write({sample(1, JobState::finished)});
  EXPECT_EQ(store->last_error(), "");
  EXPECT_EQ(store->failures(), 1U);
  EXPECT_NE(content(store->path()).find("finished"), std::string::npos);
}

}  // namespace
}  // namespace tapstat::tests
