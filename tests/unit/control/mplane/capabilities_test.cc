#include "control/mplane/capabilities.h"

#include <set>
#include <string>

#include <gtest/gtest.h>

namespace tapstat::control::mplane {
namespace {

using flowstats::Group;

CapabilityOptions options() {
  CapabilityOptions o;
  o.base_url = "https://probe.example:8888";
  return o;
}

/// The specification that a client makes of a capability.
Message specification_of(const Capability& capability) {
  Message m = capability.message;
  m.kind = Kind::specification;
  m.when = "now + 5m";
  m.token = "any";
  m.metadata.clear();
  return m;
}

TEST(Capabilities, ListsHaveTheirOrderAndSizes) {
  const Capabilities capabilities{options()};
  const char* const kSizes[] = {"42", "7", "46", "6", "4"};
  const Group kGroups[] = {Group::core, Group::end_to_end, Group::options, Group::p2p,
                           Group::layer7};
  for (const Generation g : {Generation::proxy_2014, Generation::sdk}) {
    ASSERT_EQ(capabilities.of(g).size(), 5U);
    const std::string sections = g == Generation::proxy_2014 ? "p/m/r 0/0/" : "p/m/r 1/3/";
    for (size_t i = 0; i < 5; ++i) {
      EXPECT_EQ(size_text(capabilities.of(g)[i].message), sections + kSizes[i]);
      EXPECT_EQ(capabilities.of(g)[i].group, kGroups[i]);
    }
  }
}

TEST(Capabilities, GenerationsDifferInMembersAndWords) {
  const Capabilities capabilities{options()};
  const Message& early = capabilities.of(Generation::proxy_2014)[0].message;
  EXPECT_EQ(early.version, 0);
  EXPECT_EQ(early.when, "now + 0s");
  EXPECT_FALSE(early.registry || early.link);
  EXPECT_EQ(early.results->front(), "initiator.ip4");
  const Message& later = capabilities.of(Generation::sdk)[0].message;
  EXPECT_EQ(later.version, 1);
  EXPECT_EQ(later.when, "now ... future");
  EXPECT_EQ(later.link, "https://probe.example:8888/");
  EXPECT_EQ(later.registry, options().registry_uri);
  EXPECT_EQ(later.parameters.at("System_ID"), "01");
  EXPECT_EQ(later.metadata.at("System_type"), "tStat");
  EXPECT_EQ(later.results->front(), "source.ip4");
}

TEST(Capabilities, UnifiedOnesCarryRegistryAndLinkUnderTheSameToken) {
  CapabilityOptions o = options();
  const std::string token = Capabilities{o}.of(Generation::proxy_2014)[1].token();
  o.unified = true;
  const Capabilities capabilities{o};
  const Message& early = capabilities.of(Generation::proxy_2014)[1].message;
  EXPECT_EQ(early.registry, o.registry_uri);
  EXPECT_EQ(early.link, "https://probe.example:8888/");
  EXPECT_EQ(early.version, 0);
  EXPECT_EQ(early.token, token);
}

TEST(Capabilities, TheLinkIsEmptyWithoutABaseUrl) {
  const Capabilities capabilities{CapabilityOptions{}};
  EXPECT_EQ(capabilities.of(Generation::sdk)[0].message.link, "");
}

TEST(Capabilities, AreFoundByTokenWithinTheirGeneration) {
  const Capabilities capabilities{options()};
  for (const Capability& c : capabilities.of(Generation::sdk)) {
    EXPECT_EQ(capabilities.find(Generation::sdk, c.token()), &c);
    EXPECT_EQ(capabilities.find(Generation::proxy_2014, c.token()), nullptr);
  }
  EXPECT_EQ(capabilities.find(Generation::sdk, ""), nullptr);
}

TEST(Capabilities, EachIsMatchedByItsOwnSpecificationWhateverTheLabelAndScope) {
  const Capabilities capabilities{options()};
  for (const Generation g : {Generation::proxy_2014, Generation::sdk})
    for (const Capability& c : capabilities.of(g)) {
      Message m = specification_of(c);
      EXPECT_EQ(capabilities.match(m), &c) << c.label();
      m.label = "wrong";
      m.when = "never";
      std::swap(m.results->front(), m.results->back());
      EXPECT_EQ(capabilities.match(m), &c) << c.label();
    }
}

TEST(Capabilities, ResultsMatchAsASet) {
  const Capabilities capabilities{options()};
  Message m = specification_of(capabilities.of(Generation::proxy_2014)[1]);
  m.results->push_back("rtt.min.ms");
  EXPECT_NE(capabilities.match(m), nullptr);
  m.results->push_back("no.such");
  EXPECT_EQ(capabilities.match(m), nullptr);
  m = specification_of(capabilities.of(Generation::proxy_2014)[1]);
  m.results->pop_back();
  EXPECT_EQ(capabilities.match(m), nullptr);
  m.results.reset();
  EXPECT_EQ(capabilities.match(m), nullptr);
}

TEST(Capabilities, VersionRegistryAndParametersHaveToMatch) {
  const Capabilities capabilities{options()};
  const Message good = specification_of(capabilities.of(Generation::sdk)[4]);
  const auto refused = [&](auto change) {
    Message m = good;
    change(m);
    return capabilities.match(m) == nullptr;
  };
  EXPECT_FALSE(refused([](Message&) {}));
  EXPECT_TRUE(refused([](Message& m) { m.version = 0; }));
  EXPECT_TRUE(refused([](Message& m) { m.registry.reset(); }));
  EXPECT_TRUE(refused([](Message& m) { m.registry = "http://registry.example/"; }));
  EXPECT_TRUE(refused([](Message& m) { m.parameters.clear(); }));
  EXPECT_TRUE(refused([](Message& m) { m.parameters["System_ID"] = "02"; }));
  EXPECT_TRUE(refused([](Message& m) { m.parameters["System_ID"] = "*"; }));
  EXPECT_TRUE(refused([](Message& m) { m.parameters["more"] = "1"; }));
  Message early = specification_of(capabilities.of(Generation::proxy_2014)[4]);
  early.version = 1;
  EXPECT_EQ(capabilities.match(early), nullptr);
  early.version = 0;
  early.parameters["System_ID"] = "01";
  EXPECT_EQ(capabilities.match(early), nullptr);
}

TEST(Capabilities, CallbackControlHasNoColumnsAndATokenOfItsOwn) {
  const Capabilities capabilities{options()};
  const Message callback = capabilities.callback();
  EXPECT_EQ(callback.kind, Kind::capability);
  EXPECT_EQ(callback.verb, "callback");
  EXPECT_EQ(callback.label, "callback");
  EXPECT_EQ(callback.when, "now ... future");
  EXPECT_EQ(callback.version, 1);
  EXPECT_EQ(callback.registry, options().registry_uri);
  EXPECT_EQ(size_text(callback), "p/m/r 0/0/0");
  EXPECT_EQ(capabilities.find(Generation::sdk, *callback.token), nullptr);
  CapabilityOptions other = options();
  other.system_id = "02";
  EXPECT_NE(Capabilities{other}.callback().token, callback.token);
  EXPECT_EQ(capabilities.callback().token, callback.token);
}

TEST(Constraints, EveryForm) {
  EXPECT_TRUE(satisfies("x", "*"));
  EXPECT_TRUE(satisfies("01", "01"));
  EXPECT_FALSE(satisfies("1", "01"));
  EXPECT_TRUE(satisfies("b", "a,b,c"));
  EXPECT_TRUE(satisfies("b", "a, b"));
  EXPECT_FALSE(satisfies("a,b", "a,b"));
  EXPECT_FALSE(satisfies("d", "a,b,c"));
  EXPECT_TRUE(satisfies("5", "1 ... 10"));
  EXPECT_TRUE(satisfies("1", "1 ... 10"));
  EXPECT_TRUE(satisfies("10", "1 ... 10"));
  EXPECT_FALSE(satisfies("11", "1 ... 10"));
  EXPECT_FALSE(satisfies("x", "1 ... 10"));
  EXPECT_TRUE(satisfies("0.5", "-1 ... 1"));
  EXPECT_TRUE(satisfies("banana", "apple ... cherry"));
  EXPECT_FALSE(satisfies("date", "apple ... cherry"));
  for (const char* constraint : {"*", "a", "a ... b", "a,*"}) {
    EXPECT_FALSE(satisfies("*", constraint)) << constraint;
    EXPECT_FALSE(satisfies("", constraint)) << constraint;
  }
}

}  // namespace
}  // namespace tapstat::control::mplane
