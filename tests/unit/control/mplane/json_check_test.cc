#include "control/mplane/json_check.h"

#include <string>
#include <string_view>

#include <gtest/gtest.h>

namespace tapstat::control::mplane {
namespace {

std::string fault(std::string_view json, const MessageLimits& limits = {}) {
  return check_json(json, limits).fault;
}
std::string token(std::string_view json, const MessageLimits& limits = {}) {
  return check_json(json, limits).token;
}
std::string repeated(std::string_view text, size_t count) {
  std::string all;
  for (size_t i = 0; i < count; ++i) all += text;
  return all;
}

TEST(JsonCheck, ObjectsPass) {
  EXPECT_EQ(fault("{}"), "");
  EXPECT_EQ(fault(" \t\r\n{ \"a\" : [1, -2.5e3, true, false, null, \"x\", {}] }\n"), "");
  EXPECT_EQ(fault("{\"a\":\"\u00e4\U0001F600\\u00e4\\ud83d\\ude00\"}"), "");
}

TEST(JsonCheck, NamesThePlaceOfAMistake) {
  EXPECT_EQ(fault(""), "empty body");
  EXPECT_EQ(fault("{\"a\" 1}"), "not valid JSON at byte 6");
  EXPECT_EQ(fault("{} {}"), "not valid JSON at byte 4");
}

TEST(JsonCheck, RefusesWhatIsNotJson) {
  using namespace std::string_view_literals;
  for (const std::string_view text : {" "sv,
                                      "{"sv,
                                      "}"sv,
                                      "{\"a\":1,}"sv,
                                      "{a:1}"sv,
                                      "{'a':1}"sv,
                                      "{} x"sv,
                                      "{}//"sv,
                                      "/* */{}"sv,
                                      "{\"a\":/* */1}"sv,
                                      "{\"a\":NaN}"sv,
                                      "{\"a\":Infinity}"sv,
                                      "{\"a\":-inf}"sv,
                                      "{\"a\":1e999}"sv,
                                      "{\"a\":01}"sv,
                                      "{\"a\":+1}"sv,
                                      "{\"a\":.5}"sv,
                                      "{\"a\":0x1}"sv,
                                      "{\"a\":\"\n\"}"sv,
                                      "{\"a\":\"\\x\"}"sv,
                                      "{\"a\":\"\\ud83d\"}"sv,
                                      "{}\0"sv,
                                      "{\0}"sv,
                                      "\0"sv,
                                      "{\"a\":\"\0\"}"sv,
                                      "\xef\xbb\xbf{}"sv,
                                      "{\"a\":tru}"sv,
                                      "{\"a\":\"x}"sv})
    EXPECT_TRUE(fault(text).starts_with("not valid JSON at byte ")) << text;
}

TEST(JsonCheck, RefusesBytesThatAreNotUtf8) {
  for (const std::string_view bytes :
       {"\xff", "\xc0\xaf", "\xe2\x28\xa1", "\xed\xa0\x80", "\xf5\x80\x80\x80", "\xe2\x82"}) {
    EXPECT_NE(fault("{\"a\":\"" + std::string{bytes} + "\"}"), "");
    EXPECT_NE(fault("{\"" + std::string{bytes} + "\":1}"), "");
  }
  EXPECT_NE(fault("\xff\xfe{}"), "");
}

TEST(JsonCheck, RefusesEscapesThatGiveNoText) {
  EXPECT_EQ(fault("{\"a\":\"x\\u0000y\"}"), "NUL in a string");
  EXPECT_EQ(fault("{\"\\u0000\":1}"), "NUL in a string");
  EXPECT_EQ(fault("{\"a\":\"\\udc00\"}"), "half a surrogate pair");
  EXPECT_EQ(fault("{\"a\":\"\\ud7ff\\ue000\"}"), "");
}

TEST(JsonCheck, RefusesOtherThanAnObject) {
  for (const char* text : {"[]", "[{}]", "1", "\"a\"", "null", "true"})
    EXPECT_EQ(fault(text), "not an object") << text;
}

TEST(JsonCheck, RefusesAMemberTwiceInAnyObject) {
  EXPECT_EQ(fault("{\"a\":1,\"a\":1}"), "duplicate member");
  EXPECT_EQ(fault("{\"a\":1,\"\\u0061\":1}"), "duplicate member");
  EXPECT_EQ(fault("{\"x\":[{\"y\":{\"a\":1,\"b\":2,\"a\":3}}]}"), "duplicate member");
  EXPECT_EQ(fault("{\"a\":{\"a\":1},\"b\":[{\"a\":1},{\"a\":1}]}"), "");
}

TEST(JsonCheck, BoundsTheDepth) {
  const auto nested = [](size_t depth) {
    return "{\"a\":" + repeated("[", depth - 1) + repeated("]", depth - 1) + "}";
  };
  EXPECT_EQ(fault(nested(16)), "");
  EXPECT_EQ(fault(nested(17)), "nested deeper than 16 levels");
  EXPECT_EQ(fault(nested(50'000)), "nested deeper than 16 levels");
  const auto objects = [](size_t depth) {
    return repeated("{\"a\":", depth - 1) + "{}" + repeated("}", depth - 1);
  };
  EXPECT_EQ(fault(objects(16)), "");
  EXPECT_EQ(fault(objects(17)), "nested deeper than 16 levels");
}

TEST(JsonCheck, BoundsTheNumberOfValues) {
  const auto list = [](size_t values) {  // with the list and the object
    return "{\"a\":[" + repeated("0,", values - 3) + "0]}";
  };
  EXPECT_EQ(fault(list(10'000)), "");
  EXPECT_EQ(fault(list(10'001)), "more than 10000 values");
  EXPECT_EQ(fault("{\"a\":[" + repeated("{},", 10'000) + "0]}"), "more than 10000 values");
}

TEST(JsonCheck, BoundsStringsAndNames) {
  const std::string longest(4'096, 'x');
  EXPECT_EQ(fault("{\"a\":\"" + longest + "\"}"), "");
  EXPECT_EQ(fault("{\"a\":\"" + longest + "x\"}"), "a string of more than 4096 bytes");
  EXPECT_EQ(fault("{\"" + longest + "x\":1}"), "a string of more than 4096 bytes");
  EXPECT_EQ(fault("{\"a\":[\"" + repeated("\u00e4", 2'049) + "\"]}"),
            "a string of more than 4096 bytes");
}

TEST(JsonCheck, FindsTheTokenBesideAnyFaultButSyntax) {
  EXPECT_EQ(token("{\"token\":\"t\"}"), "t");
  EXPECT_EQ(token("{\"exception\":\"e\"}"), "e");
  EXPECT_EQ(token("{\"exception\":\"e\",\"token\":\"t\"}"), "t");
  EXPECT_EQ(token("{\"exception\":\"e\",\"token\":7}"), "e");
  EXPECT_EQ(token("{\"a\":1,\"a\":2,\"token\":\"t\"}"), "t");
  const std::string deep = repeated("[", 30) + repeated("]", 30);
  EXPECT_EQ(token("{\"a\":" + deep + ",\"token\":\"t\"}"), "t");
  EXPECT_EQ(token("{\"token\":\"t\""), "");
  EXPECT_EQ(token("{\"token\":\"t\"} x"), "");
}

TEST(JsonCheck, TakesOnlyAWholeTokenOfTheOutermostObject) {
  for (const char* text :
       {"{}", "{\"token\":null}", "{\"token\":[\"t\"]}", "{\"token\":{\"token\":\"t\"}}",
        "{\"a\":{\"token\":\"t\"}}", "{\"token\":\"\"}", "{\"token\":\"t\\n\"}",
        "{\"token\":\"\u00e4\"}", "{\"token\":\"t\",\"token\":\"u\"}", "[\"token\",\"t\"]",
        "{\"token\":1,\"a\":\"t\"}", "[{\"token\":\"t\"}]"})
    EXPECT_EQ(token(text), "") << text;
  EXPECT_EQ(token("{\"token\":\"" + std::string(128, 'x') + "\"}"), std::string(128, 'x'));
  EXPECT_EQ(token("{\"token\":\"" + std::string(129, 'x') + "\"}"), "");
}

}  // namespace
}  // namespace tapstat::control::mplane
