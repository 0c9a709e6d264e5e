#include <map>
#include <string>

#include <gtest/gtest.h>
#include <rapidjson/document.h>

#include "control/mplane/capabilities.h"

namespace tapstat::control::mplane {
namespace {

class ElementRegistry : public ::testing::Test {
 protected:
  void SetUp() override {
    document_.Parse(registry_json("http://registry.example/r.json").c_str());
    ASSERT_FALSE(document_.HasParseError());
    for (const auto& element : document_["elements"].GetArray()) {
      const std::string name = element["name"].GetString();
      EXPECT_TRUE(primitives_.emplace(name, element["prim"].GetString()).second) << name;
      EXPECT_NE(element["desc"].GetStringLength(), 0U) << name;
    }
  }

  rapidjson::Document document_;
  std::map<std::string, std::string> primitives_;
};

TEST_F(ElementRegistry, SaysWhatItIs) {
  EXPECT_STREQ(document_["registry-format"].GetString(), "mplane-0");
  EXPECT_TRUE(document_["registry-revision"].IsUint());
  EXPECT_STREQ(document_["registry-uri"].GetString(), "http://registry.example/r.json");
  ASSERT_EQ(document_["includes"].Size(), 1U);
  EXPECT_STREQ(document_["includes"][0].GetString(), "http://ict-mplane.eu/registry/core");
}

TEST_F(ElementRegistry, HasEveryNameOfEveryCapability) {
  CapabilityOptions options;
  options.unified = true;
  const Capabilities capabilities{options};
  for (const Generation g : {Generation::proxy_2014, Generation::sdk})
    for (const Capability& c : capabilities.of(g)) {
      for (const std::string& name : *c.message.results) EXPECT_TRUE(primitives_.contains(name));
      for (const auto& [name, value] : c.message.parameters)
        EXPECT_TRUE(primitives_.contains(name)) << name;
      for (const auto& [name, value] : c.message.metadata)
        EXPECT_TRUE(primitives_.contains(name)) << name;
    }
}

TEST_F(ElementRegistry, GivesPrimitives) {
  EXPECT_EQ(primitives_.at("source.ip4"), "address");
  EXPECT_EQ(primitives_.at("bytes.forward"), "natural");
  EXPECT_EQ(primitives_.at("duration.ms"), "natural");
  EXPECT_EQ(primitives_.at("rtt.average.ms"), "time");
  EXPECT_EQ(primitives_.at("rtt.stddev"), "real");
  EXPECT_EQ(primitives_.at("destination.SACK_set"), "boolean");
  EXPECT_EQ(primitives_.at("tstat.flow.class.p2p"), "string");
  EXPECT_EQ(primitives_.at("System_ID"), "string");
}

}  // namespace
}  // namespace tapstat::control::mplane
