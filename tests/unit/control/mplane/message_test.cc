#include "control/mplane/message.h"

#include <string>
#include <string_view>

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace tapstat::control::mplane {
namespace {

/// Text and token of the fault; "-" when the message is accepted.
std::string message_fault(std::string_view json, const MessageLimits& limits = {}) {
  const auto message = parse_message(json, limits);
  return message ? "-" : message.error().text;
}
std::string malformed(std::string_view reason) {
  return fmt::format("Malformed message: {}", reason);
}
std::string names(size_t count) {
  std::string list;
  for (size_t i = 0; i < count; ++i) list += fmt::format("{}\"n{}\"", i == 0 ? "" : ",", i);
  return list;
}
std::string texts_by_name(size_t count) {
  std::string list;
  for (size_t i = 0; i < count; ++i) list += fmt::format("{}\"n{}\":\"v\"", i == 0 ? "" : ",", i);
  return list;
}

TEST(Message, ReadsEveryMember) {
  const auto m = parse_message(R"({"specification":"measure","version":1,"registry":"r",
    "label":"l","link":"","export":"e","token":"t","when":"now + 1s","parameters":{"p":"1"},
    "metadata":{"m":"2"},"results":["b","a"],"resultvalues":[["1","*"]],"schedule":{},
    "unknown":{"x":[null,1.5]}})");
  ASSERT_TRUE(m) << m.error().text;
  EXPECT_EQ(m->kind, Kind::specification);
  EXPECT_EQ(m->verb, "measure");
  EXPECT_EQ(m->version, 1);
  EXPECT_EQ(m->registry, "r");
  EXPECT_EQ(m->label, "l");
  EXPECT_EQ(m->link, "");
  EXPECT_EQ(m->export_url, "e");
  EXPECT_EQ(m->token, "t");
  EXPECT_EQ(m->when, "now + 1s");
  EXPECT_EQ(m->parameters.at("p"), "1");
  EXPECT_EQ(m->metadata.at("m"), "2");
  EXPECT_EQ(m->results, (std::vector<std::string>{"b", "a"}));
  EXPECT_TRUE(m->has_schedule);
}

TEST(Message, AbsentMembersStayAbsent) {
  const auto m = parse_message(R"({"redemption":"measure","parameters":{},"results":[]})");
  ASSERT_TRUE(m);
  EXPECT_EQ(m->version, 0);
  EXPECT_FALSE(m->token || m->label || m->when || m->registry || m->link || m->export_url);
  EXPECT_FALSE(m->results);
  EXPECT_TRUE(m->parameters.empty());
  EXPECT_FALSE(m->has_schedule);
}

TEST(Message, KnowsEveryKind) {
  for (const Kind kind : {Kind::capability, Kind::withdrawal, Kind::specification, Kind::interrupt,
                          Kind::receipt, Kind::redemption, Kind::result, Kind::exception}) {
    const auto m = parse_message(fmt::format("{{\"{}\":\"measure\"}}", kind_name(kind)));
    ASSERT_TRUE(m) << kind_name(kind);
    EXPECT_EQ(m->kind, kind);
    EXPECT_EQ(m->verb, "measure");
  }
  EXPECT_EQ(parse_message(R"({"envelope":"message","contents":[]})")->kind, Kind::envelope);
}

TEST(Message, HasExactlyOneKind) {
  EXPECT_EQ(message_fault("{}"), malformed("no kind"));
  EXPECT_EQ(message_fault(R"({"version":0})"), malformed("no kind"));
  EXPECT_EQ(message_fault(R"({"receipt":"measure","specification":"measure"})"),
            malformed("two kinds: specification and receipt"));
  EXPECT_EQ(message_fault(R"({"exception":"t","envelope":"message"})"),
            malformed("two kinds: exception and envelope"));
}

TEST(Message, KnownMembersHaveTheirTypes) {
  const char* const kWrong[][2] = {
      {"version", "\"0\""},
      {"version", "-1"},
      {"version", "1.0"},
      {"version", "true"},
      {"version", "null"},
      {"registry", "1"},
      {"label", "null"},
      {"link", "[]"},
      {"export", "{}"},
      {"token", "7"},
      {"token", "\"\""},
      {"token", "\"a\\tb\""},
      {"token", "\"\u00e4\""},
      {"when", "0"},
      {"parameters", "[]"},
      {"parameters", "\"x\""},
      {"parameters", "{\"a\":1}"},
      {"metadata", "{\"a\":{}}"},
      {"metadata", "null"},
      {"results", "{}"},
      {"results", "[1]"},
      {"results", "[[\"a\"]]"},
      {"resultvalues", "{}"},
      {"resultvalues", "[\"a\"]"},
      {"resultvalues", "[[1]]"},
      {"schedule", "\"x\""},
  };
  for (const auto& [name, value] : kWrong)
    EXPECT_EQ(message_fault(fmt::format(R"({{"receipt":"measure","{}":{}}})", name, value)),
              malformed(name))
        << value;
  EXPECT_EQ(message_fault(R"({"specification":7})"), malformed("specification"));
  EXPECT_EQ(message_fault(R"({"exception":null,"message":"x"})"), malformed("exception"));
  EXPECT_EQ(message_fault(R"({"exception":"t","message":7})"), malformed("message"));
  EXPECT_EQ(message_fault(R"({"envelope":"message"})"), malformed("contents"));
  EXPECT_EQ(message_fault(R"({"envelope":"message","contents":{}})"), malformed("contents"));
  EXPECT_EQ(message_fault(R"({"envelope":"message","contents":["x"]})"), malformed("contents"));
}

TEST(Message, MembersOfOtherKindsAreUnknown) {
  EXPECT_EQ(message_fault(R"({"receipt":"measure","contents":7,"message":7})"), "-");
}

TEST(Message, VersionIsAtMostOne) {
  EXPECT_EQ(message_fault(R"({"receipt":"measure","version":1})"), "-");
  EXPECT_EQ(message_fault(R"({"receipt":"measure","version":2})"), "Version mismatch");
  EXPECT_EQ(message_fault(R"({"receipt":"measure","version":18446744073709551615})"),
            "Version mismatch");
  EXPECT_EQ(message_fault(R"({"receipt":"measure","version":2,"label":7})"), malformed("label"));
}

TEST(Message, LimitsAreKept) {
  const std::string name(256, 'n');
  const auto with = [](std::string_view member, std::string_view value) {
    return message_fault(fmt::format(R"({{"receipt":"measure","{}":{}}})", member, value));
  };
  EXPECT_EQ(with("label", "\"" + name + "\""), "-");
  EXPECT_EQ(with("label", "\"" + name + "n\""), malformed("label of more than 256 bytes"));
  EXPECT_EQ(with("results", "[\"" + name + "\"]"), "-");
  EXPECT_EQ(with("results", "[\"" + name + "n\"]"),
            malformed("a name of more than 256 bytes in results"));
  EXPECT_EQ(with("parameters", "{\"" + name + "n\":\"\"}"),
            malformed("a name of more than 256 bytes in parameters"));
  EXPECT_EQ(with("results", "[" + names(512) + "]"), "-");
  EXPECT_EQ(with("results", "[" + names(513) + "]"), malformed("more than 512 results"));
  EXPECT_EQ(with("resultvalues", "[[" + names(513) + "]]"),
            malformed("more than 512 values in a row"));
  EXPECT_EQ(with("parameters", "{" + texts_by_name(64) + "}"), "-");
  EXPECT_EQ(with("parameters", "{" + texts_by_name(65) + "}"),
            malformed("more than 64 parameters"));
  EXPECT_EQ(with("metadata", "{" + texts_by_name(65) + "}"), malformed("more than 64 metadata"));
  EXPECT_EQ(with("token", "\"" + name.substr(0, 128) + "\""), "-");
  EXPECT_EQ(with("token", "\"" + name.substr(0, 129) + "\""), malformed("token"));
}

std::string envelope(std::string_view contents) {
  return fmt::format(R"({{"envelope":"message","version":1,"contents":[{}]}})", contents);
}

TEST(Message, EnvelopesKeepTheOrderAndNest) {
  const auto m = parse_message(envelope(
      R"({"redemption":"measure","token":"a"},{"envelope":"message","contents":[
         {"interrupt":"measure","token":"b"}]},{"exception":"c","message":"x"})"));
  ASSERT_TRUE(m) << m.error().text;
  ASSERT_EQ(m->contents.size(), 3U);
  EXPECT_EQ(m->contents[0].token, "a");
  EXPECT_EQ(m->contents[1].contents.at(0).kind, Kind::interrupt);
  EXPECT_EQ(m->contents[1].version, 0);
  EXPECT_EQ(m->contents[2].text, "x");
}

TEST(Message, OneFaultInsideRefusesTheEnvelope) {
  const std::string good = R"({"redemption":"measure","token":"a"})";
  EXPECT_EQ(message_fault(envelope(good + ",{}")), malformed("no kind"));
  EXPECT_EQ(message_fault(envelope(good + R"(,{"receipt":"measure","token":7})")),
            malformed("token"));
  EXPECT_EQ(message_fault(envelope(good + R"(,{"receipt":"measure","version":2})")),
            "Version mismatch");
  EXPECT_EQ(message_fault(envelope(R"({"receipt":"measure","version":2},{})")),
            malformed("no kind"));
}

TEST(Message, EnvelopesAreBounded) {
  const std::string content = R"({"redemption":"measure"})";
  std::string many = content;
  for (int i = 1; i < 64; ++i) many += "," + content;
  EXPECT_EQ(message_fault(envelope(many)), "-");
  EXPECT_EQ(message_fault(envelope(many + "," + content)), malformed("more than 64 contents"));
  EXPECT_EQ(message_fault(envelope(envelope(envelope(envelope(content))))), "-");
  EXPECT_EQ(message_fault(envelope(envelope(envelope(envelope(envelope("")))))),
            malformed("more than 4 envelopes in each other"));
}

TEST(Message, AFaultCarriesTheTokenOfTheBody) {
  const auto token = [](std::string_view json) { return parse_message(json).error().token; };
  EXPECT_EQ(token(R"({"specification":7,"token":"t"})"), "t");
  EXPECT_EQ(token(R"({"receipt":"measure","token":"t","version":2})"), "t");
  EXPECT_EQ(token(R"({"exception":"e","message":7})"), "e");
  EXPECT_EQ(token(R"({"token":"t","a":1,"a":1})"), "t");
  EXPECT_EQ(token(R"({"receipt":"measure","token":7})"), kNoToken);
  EXPECT_EQ(token(R"({"receipt":"measure","token":"t")"), kNoToken);
  EXPECT_EQ(token(R"(["token"])"), kNoToken);
  EXPECT_EQ(token(""), kNoToken);
  EXPECT_EQ(token(envelope(R"({"receipt":7,"token":"inner"})")), kNoToken);
}

TEST(Message, FaultsOfTheTextComeFirst) {
  EXPECT_EQ(message_fault(""), malformed("empty body"));
  EXPECT_EQ(message_fault("[1,2]"), malformed("not an object"));
  EXPECT_EQ(message_fault(R"({"receipt":"measure","version":2,"a":1,"a":2})"),
            malformed("duplicate member"));
}

TEST(Message, AnExceptionIsTokenAndTextOnly) {
  const auto m =
      parse_message(R"({"exception":"e","message":"what","token":"t","version":1,"label":"l"})");
  ASSERT_TRUE(m);
  EXPECT_EQ(m->token, "e");
  EXPECT_EQ(m->text, "what");
  EXPECT_EQ(m->version, 0);
  EXPECT_FALSE(m->label);
  EXPECT_EQ(*m, exception("e", "what"));
}

TEST(Message, TokensArePrintableAscii) {
  EXPECT_TRUE(is_token("comp-cb0.3118313788650695"));
  EXPECT_TRUE(is_token(" ~"));
  EXPECT_FALSE(is_token(""));
  EXPECT_FALSE(is_token("a\x7f"));
  EXPECT_FALSE(is_token("\x1f"));
  EXPECT_FALSE(is_token("\u00e4"));
  EXPECT_TRUE(is_token("abc", 3));
  EXPECT_FALSE(is_token("abcd", 3));
}

}  // namespace
}  // namespace tapstat::control::mplane
