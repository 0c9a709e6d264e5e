#include "control/rest/groups_document.h"

#include "control/rest/schemas.h"
#include "tests/unit/control/rest/support.h"

namespace tapstat::tests {
namespace {

using namespace control::rest;
using flowstats::Group;

const std::vector<control::GroupView>& groups() {
  static const std::vector<control::GroupView> kGroups = three_groups();
  return kGroups;
}

std::string refusal(std::string_view body) {
  const auto words = parse_group_words(body, groups());
  if (words) return "accepted";
  EXPECT_EQ(words.error().status, 400U);
  return words.error().detail;
}

TEST(GroupsDocument, ShowsWhoHoldsAndWhoWasOverridden) {
  auto views = three_groups();
  views[2].holders.push_back(
      {"specification", "org.client", "0123", 1'400'111'054'000'000, 1'400'111'064'000'000});
  views[2].overridden.push_back({"file", "runtime.conf", "", std::nullopt, std::nullopt});
  const std::string text = groups_json(views, {5, 4});
  EXPECT_EQ(misfit(text, schema::kGroups), "");
  const auto json = parsed(text);
  EXPECT_EQ(json["epoch"].GetUint(), 5U);
  EXPECT_EQ(json["written_epoch"].GetUint(), 4U);
  EXPECT_STREQ(json["groups"][0]["name"].GetString(), "core");
  EXPECT_EQ(json["groups"][0]["columns"].GetUint(), 42U);
  const auto& holder = json["groups"][2]["holders"][0];
  EXPECT_STREQ(holder["token"].GetString(), "0123");
  EXPECT_STREQ(holder["since"].GetString(), "2014-05-14T23:44:14.000000Z");
  const auto& before = json["groups"][2]["overridden"][0];
  EXPECT_STREQ(before["who"].GetString(), "runtime.conf");
  EXPECT_TRUE(before["until"].IsNull());
}

TEST(GroupWords, TrueFalseAndNull) {
  const auto words = parse_group_words(
      "\t{\"p2p\": false,\n \"end_to_end\": null, \"co\\u0072e\": true} ", groups());
  ASSERT_TRUE(words) << words.error().detail;
  EXPECT_EQ(
      *words,
      (GroupWords{{Group::p2p, false}, {Group::end_to_end, std::nullopt}, {Group::core, true}}));
  EXPECT_TRUE(parse_group_words("{}", groups())->empty());
}

TEST(GroupWords, AMisspeltNameNamesTheNearest) {
  EXPECT_EQ(refusal(R"({"p2p": true, "endtoend": true})"),
            "unknown group \"endtoend\". Did you mean \"end_to_end\"?");
  EXPECT_EQ(refusal(R"({"P2P": true})"), "unknown group \"P2P\". Did you mean \"p2p\"?");
}

TEST(GroupWords, EveryOtherTypeIsRefused) {
  for (const char* value : {"1", "0", "1.5", "-3", "\"on\"", "[]", "[true]", "{}", "{\"p2p\":true}",
                            "12345678901234567890", "-12345678901"})
    EXPECT_EQ(refusal(std::string("{\"p2p\": ") + value + "}"),
              "\"p2p\" must be true, false or null.")
        << value;
  for (const char* body : {"true", "null", "[]", "[{\"p2p\":true}]", "\"p2p\"", "7"})
    EXPECT_EQ(refusal(body), "The body must be one JSON object.") << body;
}

TEST(GroupWords, TwiceIsRefused) {
  EXPECT_EQ(refusal(R"({"p2p": true, "p2p": true})"), "\"p2p\" stands twice.");
  EXPECT_EQ(refusal(R"({"p2p": null, "\u00702p": false})"), "\"p2p\" stands twice.");
}

TEST(GroupWords, BrokenJsonNamesThePlace) {
  for (const std::string_view body :
       {"", "{", "{\"p2p\"", "{\"p2p\":", "{\"p2p\":true", "{\"p2p\":true,}", "{'p2p':true}",
        "{\"p2p\":true}}", "{\"p2p\":true} {}", "{p2p:true}", "{\"p2p\":TRUE}", "{\"p2\xff\":true}",
        "// x\n{}"})
    EXPECT_TRUE(refusal(body).starts_with("The body is no JSON at byte ")) << body;
  EXPECT_EQ(refusal(std::string_view("{\"p2p\":true}\0{", 14)), "The body holds a zero byte.");
}

TEST(GroupWords, DepthCostsNothing) {
  std::string deep = "{\"p2p\":";
  for (int i = 0; i < 60'000; ++i) deep += '[';
  EXPECT_EQ(refusal(deep), "\"p2p\" must be true, false or null.");
  EXPECT_EQ(refusal(std::string(60'000, '[')), "The body must be one JSON object.");
}

}  // namespace
}  // namespace tapstat::tests
