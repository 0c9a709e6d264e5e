/// Recorded messages of the reference, read and written by us.
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "control/mplane/capabilities.h"
#include "control/mplane/message.h"
#include "control/text.h"
#include "tests/support/log_reader.h"

namespace tapstat::control::mplane {
namespace {

namespace fs = std::filesystem;

struct Body {
  std::string place;  // "2014/11 request"
  std::string text;
  bool is_reply = false;
};

/// The body behind a head that ends at the first empty line, as long as the head says.
std::string body_of(std::string_view part) {
  const size_t head_end = part.find("\n\n");
  if (head_end == std::string_view::npos) return {};
  const std::string head = lower_case(part.substr(0, head_end));
  constexpr std::string_view kLength = "content-length: ";
  const size_t at = head.find(kLength);
  if (at == std::string::npos || head.find("application/x-mplane+json") == std::string::npos)
    return {};
  const size_t digits = at + kLength.size();
  const auto length = number<size_t>(std::string_view{head}.substr(
      digits, std::min(head.find('\n', digits), head.size()) - digits));
  return std::string{part.substr(head_end + 2, length.value_or(0))};
}

class Transcripts : public ::testing::Test {
 protected:
  void SetUp() override {
    const char* given = std::getenv("TAPSTAT_SHARED");
    const fs::path shared = given != nullptr ? given : TAPSTAT_SOURCE_ROOT "/../shared";
    const fs::path folder = shared / "specs" / "mplane-transcripts";
    if (!fs::exists(folder)) GTEST_SKIP() << "no recorded messages; set TAPSTAT_SHARED";
    read_expected(folder / "expected.tsv");
    for (const char* generation : {"2014", "sdk"})
      for (const auto& entry : fs::directory_iterator(folder / generation))
        if (entry.path().extension() == ".http") read_file(entry.path(), generation);
    ASSERT_GT(bodies_.size(), 120U);
  }

  void read_file(const fs::path& path, const std::string& generation) {
    const std::string text = tests::read_text(path);
    const std::string name = generation + "/" + path.filename().string().substr(0, 2);
    const size_t reply = std::min(text.rfind("\nHTTP/1.1 "), text.size() - 1) + 1;
    const std::string_view all{text};
    bodies_.push_back({name, body_of(all.substr(0, reply)), false});
    bodies_.push_back({name, body_of(all.substr(reply)), true});
    std::erase_if(bodies_, [](const Body& body) { return body.text.empty(); });
  }

  /// The requests that ours refuses with status 400.
  void read_expected(const fs::path& path) {
    std::istringstream lines{tests::read_text(path)};
    for (std::string line; std::getline(lines, line);) {
      const auto cells = split(line, '\t');
      if (cells.size() == 4 && (cells[3].find("Malformed message") != std::string_view::npos ||
                                cells[3].find("Version mismatch") != std::string_view::npos))
        refused_.emplace(cells[0]);
    }
    ASSERT_GT(refused_.size(), 5U);
  }

  std::vector<Body> bodies_;
  std::set<std::string> refused_;
};

/// The reference answers without a token, and to a registration with no message.
bool is_no_message(const Body& body) {
  return body.is_reply && (body.text.find("\"exception\": null") != std::string::npos ||
                           body.text.find("\"registered\"") != std::string::npos);
}

TEST_F(Transcripts, WhatIsMalformedIsRefusedAndNothingElse) {
  for (const Body& body : bodies_) {
    const auto message = parse_message(body.text);
    const bool refused = is_no_message(body) || (!body.is_reply && refused_.contains(body.place));
    EXPECT_EQ(message.has_value(), !refused) << body.place << body.text;
  }
}

TEST_F(Transcripts, MessagesSurvivePrintingAndReading) {
  for (const Body& body : bodies_) {
    auto message = parse_message(body.text);
    if (!message) continue;
    message->has_schedule = false;
    const auto again = parse_message(to_json(*message));
    ASSERT_TRUE(again) << body.place;
    EXPECT_EQ(*again, *message) << body.place;
  }
}

TEST_F(Transcripts, MessagesPrintAsTheReferencePrintsThem) {
  std::map<Kind, size_t> seen;
  for (const Body& body : bodies_) {
    const auto message = parse_message(body.text);
    // The reference invents result values; requests of the driver have their own layout.
    if (!message || body.text.find("resultvalues") != std::string::npos) continue;
    const bool is_ours = body.is_reply || message->kind == Kind::receipt;
    if (!is_ours || message->kind == Kind::specification) continue;
    EXPECT_EQ(to_json(*message), body.text) << body.place;
    ++seen[message->kind];
  }
  EXPECT_GE(seen[Kind::capability], 10U);
  EXPECT_GE(seen[Kind::receipt], 10U);
  EXPECT_GE(seen[Kind::exception], 10U);
  EXPECT_GE(seen[Kind::result], 5U);
  EXPECT_GE(seen[Kind::envelope], 1U);
}

TEST_F(Transcripts, OurCapabilitiesAreTheRecordedOnes) {
  CapabilityOptions options;
  const Capabilities registered{options};
  options.base_url = "https://probe.example:8888";
  const Capabilities listed{options};
  size_t compared = 0;
  const auto compare = [&compared](const Capabilities& ours, const Message& theirs) {
    const auto generation = theirs.version == 0 ? Generation::proxy_2014 : Generation::sdk;
    const Capability* same = ours.find(generation, *theirs.token);
    if (same == nullptr) return;
    EXPECT_EQ(to_json(same->message), to_json(theirs));
    ++compared;
  };
  for (const Body& body : bodies_) {
    const auto message = parse_message(body.text);
    if (!message) continue;
    if (body.is_reply && message->kind == Kind::capability) compare(listed, *message);
    if (body.place == "sdk/61")
      for (const Message& content : message->contents) compare(registered, content);
  }
  EXPECT_EQ(compared, 16U);  // five in each list, five registered, one fetched without a role
}

}  // namespace
}  // namespace tapstat::control::mplane
