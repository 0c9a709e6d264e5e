#include "control/mplane/token.h"

#include <string>

#include <gtest/gtest.h>

#include "control/mplane/capabilities.h"

namespace tapstat::control::mplane {
namespace {

TEST(Token, HashIsLowerCaseHexadecimal) {
  EXPECT_EQ(md5_hex("abc"), "900150983cd24fb0d6963f7d28e17f72");
}

struct Published {
  const char* label;
  const char* schema_2014;
  const char* token_2014;
  const char* schema_sdk;
  const char* token_sdk;
};

constexpr Published kPublished[] = {
    {"tstat-log_tcp_complete-core", "74a63d03760dc278cb7e43a63dd6dfe3",
     "341cdfb9d3ec020b6019a4772a7a889c", "ce1854a805f35cbf6075ca1c14cf84ee",
     "24214de08dae026a393ed3c8f50dab16"},
    {"tstat-log_tcp_complete-end_to_end", "3c68adb147b07f2ece172120f41e4eaf",
     "dc350c3385279c53ec35b3a011782dca", "6dd59ca5c8d1defb66f030536f9cb47f",
     "8d6d3a2a8acd432f6e0f67e0d07b089c"},
    {"tstat-log_tcp_complete-tcp_options", "5785fd2e23e0802a5e9c3c23c3d8763d",
     "8a4d81a729f9fc8395727855daf95931", "1b0d361a31500b741e55c2459e5fc867",
     "a7cef8d650d72fa71b587efcf56638d0"},
    {"tstat-log_tcp_complete-p2p_stats", "b48affa143d5818171e476c4affd4e8a",
     "0ff7e40aba66e1086c576b329799c572", "538cb5e045aab3b88a5bf04ff21ed28a",
     "b82a91af50cd108c71a36d4ba5ddbb88"},
    {"tstat-log_tcp_complete-layer7", "08bb2e081ee784c115909ddeeda7b95d",
     "571efbcc018bf7e8fb9d23f0fe0fd263", "b7ec978a8a4ec8744da290663635da87",
     "1f08ca606febcc8bf0ee921687a1ff16"},
};

TEST(Token, CapabilitiesHaveThePublishedTokensAndSchemas) {
  const Capabilities capabilities{CapabilityOptions{}};
  size_t i = 0;
  for (const Published& p : kPublished) {
    const Capability& early = capabilities.of(Generation::proxy_2014)[i];
    const Capability& later = capabilities.of(Generation::sdk)[i++];
    EXPECT_EQ(early.label(), p.label);
    EXPECT_EQ(early.token(), p.token_2014) << p.label;
    EXPECT_EQ(schema_hash(early.message), p.schema_2014) << p.label;
    EXPECT_EQ(later.label(), p.label);
    EXPECT_EQ(later.token(), p.token_sdk) << p.label;
    EXPECT_EQ(schema_hash(later.message), p.schema_sdk) << p.label;
  }
}

Message early_specification(const std::string& when) {
  Message message;
  message.kind = Kind::specification;
  message.verb = "measure";
  message.when = when;
  message.results = {"rtt.average.ms", "rtt.min.ms", "rtt.max.ms", "rtt.stddev",
                     "rtt.samples",    "ttl.min",    "ttl.max"};
  return message;
}

TEST(Token, SpecificationHasThePublishedToken) {
  EXPECT_EQ(computed_token(early_specification("now + 5m")), "81b1a75cba1060170a35ebdeb82b9e14");
}

TEST(Token, WhenIsHashedInItsCanonicalForm) {
  EXPECT_EQ(computed_token(early_specification("now + 300s")), "81b1a75cba1060170a35ebdeb82b9e14");
}

TEST(Token, OrderOfResultsAndLabelAndMetadataOfASpecificationDoNotCount) {
  Message message = early_specification("now + 5m");
  std::swap(message.results->front(), message.results->back());
  message.label = "any";
  message.metadata = {{"a", "b"}};
  EXPECT_EQ(computed_token(message), "81b1a75cba1060170a35ebdeb82b9e14");
}

TEST(Token, ParametersAndRegistryOfTheLaterGenerationCount) {
  Message message = early_specification("now + 5m");
  message.version = kVersionSdk;
  const std::string bare = computed_token(message);
  message.registry = "http://registry.example/";
  const std::string with_registry = computed_token(message);
  message.parameters = {{"System_ID", "01"}};
  EXPECT_NE(bare, with_registry);
  EXPECT_NE(with_registry, computed_token(message));
}

TEST(Token, AnEmptyValueKeepsItsPlace) {
  Message message = early_specification("now");
  message.parameters = {{"a", ""}, {"b", "x"}};
  const std::string first = computed_token(message);
  EXPECT_EQ(first, md5_hex("measure w now pk a b pv  x r rtt.average.ms rtt.max.ms rtt.min.ms "
                           "rtt.samples rtt.stddev ttl.max ttl.min"));
}

TEST(Token, ThereIsNoneWithoutAReadableScope) {
  EXPECT_EQ(computed_token(early_specification("tomorrow")), "");
  Message message = early_specification("");
  message.when.reset();
  EXPECT_EQ(computed_token(message), "");
}

}  // namespace
}  // namespace tapstat::control::mplane
