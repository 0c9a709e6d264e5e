#include "control/commands/measurement_file.h"

#include <sys/stat.h>

#include <fstream>

#include <gtest/gtest.h>

#include "tests/support/temp_dir.h"

namespace tapstat::tests {
namespace {

using control::Measurement;
using control::MeasurementFile;
using control::mplane::Generation;
using flowstats::ExitStatus;

Measurement measurement(const std::string& token,
                        const std::string& url = "http://127.0.0.1:8888") {
  Measurement m;
  m.url = url;
  m.generation = Generation::sdk;
  m.token = token;
  m.label = "tstat-log_tcp_complete-core";
  m.when = "now + 5m";
  return m;
}

TEST(MeasurementFile, KeepsWhatWasAdded) {
  const TempDir base;
  const std::filesystem::path path = base / "state/tapstat/measurements.json";
  auto file = MeasurementFile::load(path);
  ASSERT_TRUE(file.has_value());
  EXPECT_TRUE(file->list().empty());
  EXPECT_EQ(file->add(measurement("a")), 1U);
  EXPECT_EQ(file->add(measurement("b \"quoted\"")), 2U);
  ASSERT_TRUE(file->save().has_value());
  struct stat status {};
  ASSERT_EQ(stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);

  const auto again = MeasurementFile::load(path);
  ASSERT_TRUE(again.has_value());
  ASSERT_EQ(again->list().size(), 2U);
  const Measurement& second = again->list()[1];
  EXPECT_EQ(second.number, 2U);
  EXPECT_EQ(second.token, "b \"quoted\"");
  EXPECT_EQ(second.url, "http://127.0.0.1:8888");
  EXPECT_EQ(second.label, "tstat-log_tcp_complete-core");
  EXPECT_EQ(second.when, "now + 5m");
  EXPECT_EQ(second.generation, Generation::sdk);
}

TEST(MeasurementFile, FindsByNumberAndToken) {
  const TempDir base;
  auto file = *MeasurementFile::load(base / "m.json");
  file.add(measurement("a"));
  file.add(measurement("b"));
  EXPECT_EQ(file.find("2")->token, "b");
  EXPECT_EQ(file.find("a")->number, 1U);
  EXPECT_EQ(file.find("3"), nullptr);
}

TEST(MeasurementFile, TheSameTokenOfTheSameComponentIsOneMeasurement) {
  const TempDir base;
  auto file = *MeasurementFile::load(base / "m.json");
  file.add(measurement("a"));
  file.add(measurement("a", "http://other:1"));
  EXPECT_EQ(file.add(measurement("a")), 3U) << "numbers of others do not change";
  EXPECT_EQ(file.list().size(), 2U);
  file.remove("http://127.0.0.1:8888", "a");
  ASSERT_EQ(file.list().size(), 1U);
  EXPECT_EQ(file.list()[0].url, "http://other:1");
}

TEST(MeasurementFile, TheOldestMakesRoom) {
  const TempDir base;
  auto file = *MeasurementFile::load(base / "m.json");
  for (size_t i = 0; i <= control::kMeasurementsMax; ++i) file.add(measurement(std::to_string(i)));
  EXPECT_EQ(file.list().size(), control::kMeasurementsMax);
  EXPECT_EQ(file.list().front().token, "1");
}

TEST(MeasurementFile, WhatIsNoneOfOursIsRefused) {
  const TempDir base;
  const std::filesystem::path path = base / "m.json";
  for (const char* text :
       {"", "[]", "{}", R"({"measurements":[{"number":1}]})",
        R"({"measurements":[{"number":1,"url":"u","token":"t","generation":"2020"}]})"}) {
    std::ofstream(path) << text;
    const auto file = MeasurementFile::load(path);
    ASSERT_FALSE(file.has_value()) << text;
    EXPECT_EQ(file.error().status, ExitStatus::usage);
    EXPECT_NE(file.error().sentence.find("Move it away."), std::string::npos);
  }
}

TEST(MeasurementFile, APlaceThatCannotBeWrittenIsAnError) {
  const TempDir base;
  std::ofstream(base / "file") << "in the way";
  const auto file = MeasurementFile::load(base / "file/m.json");
  const auto saved = file ? file->save() : tl::make_unexpected(file.error());
  ASSERT_FALSE(saved.has_value());
  EXPECT_EQ(saved.error().status, ExitStatus::environment);
}

TEST(MeasurementFile, ItsPlaceIsTheStateDirectory) {
  setenv("XDG_STATE_HOME", "/state", 1);
  EXPECT_EQ(control::default_measurement_path(), "/state/tapstat/measurements.json");
  setenv("XDG_STATE_HOME", "relative", 1);
  setenv("HOME", "/h", 1);
  EXPECT_EQ(control::default_measurement_path(), "/h/.local/state/tapstat/measurements.json");
  unsetenv("XDG_STATE_HOME");
  unsetenv("HOME");
  EXPECT_EQ(control::default_measurement_path(), std::nullopt);
}

}  // namespace
}  // namespace tapstat::tests
