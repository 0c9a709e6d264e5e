#include "control/settings.h"

#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "control/messages.h"
#include "tests/support/temp_dir.h"

namespace tapstat::tests {
namespace {

using control::Holder;
using control::Settings;
using flowstats::ActiveConfig;
using flowstats::Group;
using flowstats::GroupMask;
using Lines = std::vector<std::string>;

class SettingsTest : public testing::Test {
 protected:
  void start(uint8_t groups, bool log_tcp_complete = true, bool strict_privacy = false) {
    auto audit = control::AuditLog::open(directory_ / "audit", messages_);
    ASSERT_TRUE(audit.has_value());
    audit_ = std::move(*audit);
    Settings::Start start;
    start.state.groups = GroupMask{groups};
    start.state.strict_privacy = strict_privacy;
    if (!log_tcp_complete) start.state.logs &= ~control::tstat_log::kTcpComplete;
    start.said = start.state;
    start.origin = "runtime.conf";
    start.runtime_conf = directory_ / "runtime.conf";
    settings_ = std::make_unique<Settings>(
        start,
        Settings::Effects{
            .publish = [this](const ActiveConfig& config) { published_.push_back(config); },
            .announce = [this](const std::string& line) { announced_.push_back(line); },
            .rows = [](uint32_t first, uint32_t end) { return uint64_t{end - first}; },
            .check = [this]() -> flowstats::Result<void> {
              if (reason_.empty()) return {};
              return flowstats::fail(flowstats::ExitStatus::environment, reason_);
            }},
        *audit_);
  }
  void write_conf(const std::string& text) { std::ofstream(directory_ / "runtime.conf") << text; }
  [[nodiscard]] uint8_t bits() const { return settings_->effective().groups.bits(); }
  [[nodiscard]] control::GroupView view(std::string_view name) const {
    for (const control::GroupView& v : settings_->groups())
      if (v.name == name) return v;
    return {};
  }
  Lines take_announced() { return std::exchange(announced_, {}); }
  [[nodiscard]] std::vector<std::string> audit_lines() const {
    std::ifstream stream(directory_ / "audit");
    Lines lines;
    for (std::string line; std::getline(stream, line);) lines.push_back(line);
    return lines;
  }

  static Holder client(const std::string& token) {
    return {.kind = "specification", .who = "org.example.client", .token = token};
  }

  TempDir directory_;
  control::Messages messages_{{.quiet = true}};
  std::unique_ptr<control::AuditLog> audit_;
  std::unique_ptr<Settings> settings_;
  std::vector<ActiveConfig> published_;
  Lines announced_;
  std::string reason_;
};

TEST_F(SettingsTest, AReloadDoesNotLiftStrictPrivacy) {
  const std::string conf = "[log]\nlog_http_complete = 1\n[options]\nhttplog_full_url = 2\n";
  start(0);
  write_conf(conf);
  EXPECT_EQ(settings_->reload("file").notes, Lines{});
  EXPECT_EQ(published_.back().http_privacy, 2);
  start(0, true, true);
  const auto outcome = settings_->reload("file");
  EXPECT_EQ(outcome.notes, Lines{(directory_ / "runtime.conf").string() +
                                 ": httplog_full_url has no effect: strict privacy (-0) keeps it "
                                 "at 0."});
  EXPECT_EQ(published_.back().http_privacy, 0);
  EXPECT_TRUE(published_.back().logs.has(flowstats::Log::http_complete));
}

TEST_F(SettingsTest, AGroupGoesOffWhenItsLastHolderEnds) {
  start(0);
  ASSERT_TRUE(settings_->hold(1, Group::end_to_end, client("a")));
  EXPECT_EQ(take_announced(), Lines{"TCP log level set to 1 (Core + End_to_end)"});
  ASSERT_TRUE(settings_->hold(2, Group::end_to_end, client("b")));
  EXPECT_EQ(take_announced(), Lines{});
  settings_->release(1);
  EXPECT_EQ(bits(), 1);
  EXPECT_EQ(take_announced(), Lines{});
  const auto last = settings_->release(2);
  EXPECT_EQ(bits(), 0);
  EXPECT_EQ(take_announced(), Lines{"TCP log level set to 0 (Core)"});
  // Every change has its epoch, also those without an effect on the columns.
  ASSERT_EQ(published_.size(), 4U);
  EXPECT_EQ(last.epoch, 5U);
  EXPECT_EQ(published_.back().epoch, 5U);
  EXPECT_EQ(published_.back().groups.bits(), 0);
  EXPECT_EQ(published_[0].groups, published_[2].groups);
}

TEST_F(SettingsTest, WhatTheFileHoldsASpecificationDoesNotEnd) {
  start(1);
  ASSERT_TRUE(settings_->hold(1, Group::end_to_end, client("a")));
  settings_->release(1);
  EXPECT_EQ(bits(), 1);
}

TEST_F(SettingsTest, TheOperatorsOffCountsUntilTheFileSpeaksAgain) {
  start(1);
  ASSERT_TRUE(settings_->set_groups({{Group::end_to_end, false}}, "operator"));
  EXPECT_EQ(bits(), 0);
  ASSERT_EQ(view("end_to_end").overridden.size(), 1U);
  EXPECT_EQ(view("end_to_end").overridden[0].who, "runtime.conf");
  write_conf("[options]\ntcplog_end_to_end = 1\ntcplog_p2p = 1\n");
  EXPECT_TRUE(settings_->reload("file").ok);  // the same word about end_to_end as before
  EXPECT_EQ(bits(), 4);
  write_conf("[options]\ntcplog_end_to_end = 0\n");
  EXPECT_TRUE(settings_->reload("file").ok);
  write_conf("[options]\ntcplog_end_to_end = 1\n");
  EXPECT_TRUE(settings_->reload("file").ok);
  EXPECT_EQ(bits(), 5);
}

TEST_F(SettingsTest, TheOperatorsOnHoldsWhenTheFileLetsGo) {
  start(1);
  ASSERT_TRUE(settings_->set_groups({{Group::end_to_end, true}}, "operator"));
  EXPECT_EQ(view("end_to_end").holders.size(), 2U);
  write_conf("[options]\ntcplog_end_to_end = 0\n");
  EXPECT_TRUE(settings_->reload("file").ok);
  EXPECT_EQ(bits(), 1);
  ASSERT_TRUE(settings_->set_groups({{Group::end_to_end, std::nullopt}}, "operator"));
  EXPECT_EQ(bits(), 0);
}

TEST_F(SettingsTest, TheOperatorsOffDoesNotEndASpecification) {
  start(0);
  ASSERT_TRUE(settings_->hold(1, Group::options, client("a")));
  ASSERT_TRUE(settings_->set_groups({{Group::options, false}}, "operator"));
  EXPECT_EQ(bits(), 8);
  settings_->release(1);
  EXPECT_EQ(bits(), 0);
}

TEST_F(SettingsTest, CoreComesWithASpecificationAndStaysUntilTheFileIsReadAgain) {
  start(0, false);
  EXPECT_FALSE(view("core").on);
  ASSERT_TRUE(settings_->hold(1, Group::p2p, client("a")));
  EXPECT_TRUE(published_.back().logs.has(flowstats::Log::tcp_complete));
  EXPECT_EQ(take_announced(),
            (Lines{"Enabling log_tcp_complete", "TCP log level set to 4 (Core + P2P)"}));
  settings_->release(1);
  EXPECT_TRUE(settings_->effective().logs & control::tstat_log::kTcpComplete);
  EXPECT_EQ(view("core").holders.size(), 1U);
  write_conf("[log]\nlog_tcp_complete = 0\n");
  EXPECT_TRUE(settings_->reload("file").ok);
  EXPECT_FALSE(published_.back().logs.has(flowstats::Log::tcp_complete));
}

TEST_F(SettingsTest, CoreCannotBeSwitchedOff) {
  start(0);
  const auto refused = settings_->set_groups({{Group::core, false}}, "operator");
  ASSERT_FALSE(refused.has_value());
  EXPECT_NE(refused.error().sentence.find("core cannot be switched off"), std::string::npos);
  EXPECT_TRUE(published_.empty());
}

TEST_F(SettingsTest, AWrongFileChangesNothing) {
  start(3);
  write_conf("[options]\ntcplog_p2p = 1\ntcplog_end2end = 1\n");
  const auto outcome = settings_->reload("file");
  EXPECT_FALSE(outcome.ok);
  ASSERT_EQ(outcome.errors.size(), 1U);
  EXPECT_TRUE(outcome.errors[0].ends_with("Keeping the previous settings.")) << outcome.errors[0];
  EXPECT_NE(outcome.errors[0].find("runtime.conf:3: "), std::string::npos) << outcome.errors[0];
  EXPECT_EQ(bits(), 3);
  EXPECT_TRUE(published_.empty());
  EXPECT_EQ(settings_->last_reload().failed, 1U);
  std::filesystem::remove(directory_ / "runtime.conf");
  EXPECT_FALSE(settings_->reload("file").ok);
  EXPECT_EQ(settings_->last_reload().failed, 2U);
}

TEST_F(SettingsTest, AnUnchangedFilePublishesNothing) {
  start(1);
  write_conf("[options]\ntcplog_end_to_end = 1\n");
  const auto outcome = settings_->reload("file");
  EXPECT_TRUE(outcome.ok);
  EXPECT_FALSE(outcome.changed);
  EXPECT_TRUE(published_.empty());
}

TEST_F(SettingsTest, AnEditOfTheMirrorIsTheFilesNewWordWhereItDiffers) {
  start(0);
  ASSERT_TRUE(settings_->hold(1, Group::end_to_end, client("a")));
  const control::RuntimeState written = settings_->effective();  // end_to_end shown as 1
  control::RuntimeConf edited;
  edited.state = written;
  edited.state.groups.set(Group::p2p, true);
  EXPECT_TRUE(settings_->adopt(edited, written, "mirror").ok);
  EXPECT_EQ(bits(), 5);
  settings_->release(1);
  EXPECT_EQ(bits(), 4);  // what only the specification held did not become the file's
  EXPECT_EQ(settings_->base().groups.bits(), 4);
}

TEST_F(SettingsTest, ARotationIsAnEpochOfItsOwn) {
  start(1);
  const auto applied = settings_->rotate();
  EXPECT_EQ(applied.epoch, 2U);
  ASSERT_EQ(published_.size(), 1U);
  EXPECT_EQ(published_[0].rotation, 1U);
  EXPECT_EQ(published_[0].groups.bits(), 1);
}

TEST_F(SettingsTest, WhatCannotBeWrittenIsNotSwitched) {
  start(0);
  reason_ = "directory \"out\" cannot be written.";
  const auto refused = settings_->hold(1, Group::p2p, client("a"));
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().sentence, reason_);
  EXPECT_EQ(bits(), 0);
  EXPECT_FALSE(settings_->set_groups({{Group::p2p, true}}, "operator").has_value());
  EXPECT_TRUE(published_.empty());
}

TEST_F(SettingsTest, EveryChangeIsOneAuditLine) {
  start(0);
  ASSERT_TRUE(settings_->hold(1, Group::p2p, client("abc")));
  settings_->release(1);
  ASSERT_TRUE(settings_->set_groups({{Group::options, true}}, "operator"));
  write_conf("nonsense\n");
  EXPECT_FALSE(settings_->reload("runtime.conf").ok);
  const Lines lines = audit_lines();
  ASSERT_EQ(lines.size(), 4U);
  EXPECT_NE(lines[0].find("\"p2p abc\""), std::string::npos) << lines[0];
  EXPECT_NE(lines[0].find("org.example.client"), std::string::npos) << lines[0];
  EXPECT_NE(lines[2].find("options=on"), std::string::npos) << lines[2];
  EXPECT_NE(lines[3].find("reload"), std::string::npos) << lines[3];
}

TEST_F(SettingsTest, RowsComeFromTheWriter) {
  start(0);
  EXPECT_EQ(settings_->rows_between(3, 7), 4U);
}

}  // namespace
}  // namespace tapstat::tests
