#include <string>

#include <gtest/gtest.h>

#include "control/mplane/message.h"

namespace tapstat::control::mplane {
namespace {

TEST(MessageText, MembersAreSortedAndIndentedByTwo) {
  Message m;
  m.kind = Kind::specification;
  m.verb = "measure";
  m.version = 1;
  m.registry = "http://registry.example/";
  m.label = "l";
  m.link = "";
  m.export_url = "x";
  m.token = "t";
  m.when = "now + 1s";
  m.parameters = {{"b", "2"}, {"B", "1"}};
  m.metadata = {{"m", "3"}};
  m.results = {"z", "a"};
  m.has_schedule = true;
  EXPECT_EQ(to_json(m), R"({
  "export": "x",
  "label": "l",
  "link": "",
  "metadata": {
    "m": "3"
  },
  "parameters": {
    "B": "1",
    "b": "2"
  },
  "registry": "http://registry.example/",
  "results": [
    "z",
    "a"
  ],
  "specification": "measure",
  "token": "t",
  "version": 1,
  "when": "now + 1s"
})");
}

TEST(MessageText, EmptySectionsAreLeftOut) {
  Message m;
  m.kind = Kind::receipt;
  m.verb = "measure";
  m.results.emplace();
  EXPECT_EQ(to_json(m), "{\n  \"receipt\": \"measure\",\n  \"version\": 0\n}");
}

TEST(MessageText, AnExceptionHasTwoMembers) {
  Message m = exception("t", "a \"b\"\n");
  m.label = "not written";
  EXPECT_EQ(to_json(m), "{\n  \"exception\": \"t\",\n  \"message\": \"a \\\"b\\\"\\n\"\n}");
}

TEST(MessageText, AnEnvelopeAlwaysHasContents) {
  Message m;
  m.kind = Kind::envelope;
  m.verb = "message";
  m.version = 1;
  EXPECT_EQ(to_json(m),
            "{\n  \"contents\": [],\n  \"envelope\": \"message\",\n  \"version\": 1\n}");
  m.contents = {exception("t", "x")};
  EXPECT_EQ(to_json(m), R"({
  "contents": [
    {
      "exception": "t",
      "message": "x"
    }
  ],
  "envelope": "message",
  "version": 1
})");
}

TEST(MessageText, WhatIsWrittenReadsAsTheSame) {
  Message m;
  m.kind = Kind::envelope;
  m.verb = "message";
  m.token = "t";
  m.when = "now";
  m.contents = {exception("e", "\u00e4\x01\\"), m};
  m.contents[1].label = "inner";
  const auto again = parse_message(to_json(m));
  ASSERT_TRUE(again) << again.error().text;
  EXPECT_EQ(*again, m);
}

}  // namespace
}  // namespace tapstat::control::mplane
