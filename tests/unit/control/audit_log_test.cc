#include "control/audit_log.h"

#include <sys/stat.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <sstream>
#include <utility>

#include <gtest/gtest.h>
#include <rapidjson/document.h>

#include "tests/support/temp_dir.h"

namespace tapstat::tests {
namespace {

using control::AuditEntry;
using control::AuditLog;

std::string text_of(const std::filesystem::path& path) {
  std::ostringstream out;
  out << std::ifstream(path).rdbuf();
  return out.str();
}

size_t lines_of(const std::filesystem::path& path) {
  const std::string text = text_of(path);
  return static_cast<size_t>(std::count(text.begin(), text.end(), '\n'));
}

AuditEntry entry(std::string who) {
  AuditEntry made;
  made.who = std::move(who);
  made.way = "rest";
  made.verb = "stop";
  return made;
}

/// Standard error of the messages, in a file.
class Capture {
 public:
  explicit Capture(int verbose)
      : file_(std::tmpfile()), messages({.verbose = verbose, .err = file_}) {}
  ~Capture() { std::fclose(file_); }
  [[nodiscard]] std::string text() const {
    std::string out;
    std::rewind(file_);
    for (int c = std::fgetc(file_); c != EOF; c = std::fgetc(file_)) out += static_cast<char>(c);
    return out;
  }

 private:
  std::FILE* file_;

 public:
  control::Messages messages;
};

TEST(AuditLog, OneJsonObjectALine) {
  const TempDir dir;
  Capture capture(0);
  const auto path = dir / "audit.jsonl";
  std::ofstream(path) << "{}\n";
  auto log = AuditLog::open(path, capture.messages);
  ASSERT_TRUE(log) << log.error().sentence;
  (*log)->write({"org\n\"x\"", "mplane", "specification", "token p2p", "off", "on", "ok"});
  (*log)->write({"local socket", "local", "stop", "probe", "", "", "ok"});
  ASSERT_EQ(lines_of(path), 3U);
  std::istringstream text(text_of(path));
  std::string line;
  std::getline(text, line);
  EXPECT_EQ(line, "{}");  // appended, not replaced
  std::getline(text, line);
  rapidjson::Document json;
  json.Parse(line.c_str());
  ASSERT_TRUE(json.IsObject());
  EXPECT_STREQ(json["who"].GetString(), "org\n\"x\"");
  EXPECT_STREQ(json["way"].GetString(), "mplane");
  EXPECT_STREQ(json["verb"].GetString(), "specification");
  EXPECT_STREQ(json["object"].GetString(), "token p2p");
  EXPECT_STREQ(json["from"].GetString(), "off");
  EXPECT_STREQ(json["to"].GetString(), "on");
  EXPECT_STREQ(json["result"].GetString(), "ok");
  EXPECT_EQ(std::string(json["time"].GetString()).size(), 27U);
  EXPECT_EQ((*log)->failures(), 0U);
  EXPECT_EQ(capture.text(), "");
}

TEST(AuditLog, ANewFileIsNotForEveryone) {
  const TempDir dir;
  Capture capture(0);
  const auto path = dir / "audit.jsonl";
  ASSERT_TRUE(AuditLog::open(path, capture.messages));
  struct stat facts {};
  ASSERT_EQ(stat(path.c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 0137, 0U);  // no bit besides 0640
}

TEST(AuditLog, WithVTheLinesAreOnStandardErrorToo) {
  Capture capture(1);
  auto log = AuditLog::open(std::nullopt, capture.messages);
  ASSERT_TRUE(log);
  (*log)->write({"127.0.0.1", "rest", "rotate", "out", "", "", "ok"});
  EXPECT_NE(capture.text().find("\"verb\":\"rotate\""), std::string::npos);
}

TEST(AuditLog, GoesOnInANewFileAfterTheOldOneWasMovedAway) {
  const TempDir dir;
  Capture capture(0);
  const auto path = dir / "audit.jsonl", moved = dir / "audit.jsonl.1";
  auto log = AuditLog::open(path, capture.messages);
  ASSERT_TRUE(log);
  (*log)->write(entry("a"));
  std::filesystem::rename(path, moved);
  (*log)->write(entry("b"));
  (*log)->reopen();
  (*log)->write(entry("c"));
  EXPECT_EQ(lines_of(moved), 2U);
  EXPECT_EQ(lines_of(path), 1U);
}

TEST(AuditLog, AnImpossibleNewFileKeepsTheOldOne) {
  const TempDir dir;
  Capture capture(0);
  const auto folder = dir / "log";
  std::filesystem::create_directory(folder);
  auto log = AuditLog::open(folder / "audit.jsonl", capture.messages);
  ASSERT_TRUE(log);
  std::filesystem::rename(folder, dir / "moved");
  (*log)->reopen();
  EXPECT_NE(capture.text().find("cannot be opened"), std::string::npos);
  (*log)->write(entry("a"));
  EXPECT_EQ(lines_of(dir / "moved" / "audit.jsonl"), 1U);
  EXPECT_EQ((*log)->failures(), 0U);
}

TEST(AuditLog, AFileThatCannotBeOpenedIsAnError) {
  const TempDir dir;
  Capture capture(0);
  const auto log = AuditLog::open(dir / "missing" / "audit.jsonl", capture.messages);
  ASSERT_FALSE(log);
  EXPECT_EQ(log.error().status, flowstats::ExitStatus::environment);
}

TEST(AuditLog, AFullDiskIsCountedAndSaidOnce) {
  if (!std::filesystem::exists("/dev/full")) GTEST_SKIP() << "no /dev/full here";
  Capture capture(0);
  auto log = AuditLog::open("/dev/full", capture.messages);
  ASSERT_TRUE(log) << log.error().sentence;
  (*log)->write(entry("a"));
  (*log)->write(entry("a"));
  EXPECT_EQ((*log)->failures(), 2U);
  const std::string text = capture.text();
  const size_t first = text.find("cannot be written");
  ASSERT_NE(first, std::string::npos);
  EXPECT_EQ(text.find("cannot be written", first + 1), std::string::npos);
}

}  // namespace
}  // namespace tapstat::tests
