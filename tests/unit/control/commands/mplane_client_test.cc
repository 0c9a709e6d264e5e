#include "control/commands/mplane_client.h"

#include <gtest/gtest.h>

#include "control/mplane/token.h"
#include "tests/unit/control/commands/fake_component.h"

namespace tapstat::tests {
namespace {

using control::MplaneClient;
using control::mplane::Generation;
using control::mplane::Kind;
using control::mplane::Message;
using flowstats::ExitStatus;

TEST(MplaneClient, FindsTheLinksOfAPage) {
  EXPECT_EQ(control::links_of(R"(<a href='/capability/a'>a</a><br/><a class="x" href="/b">b</a>
                                 <a href='//evil.example/c'>c</a><a href='http://x/d'>d</a>
                                 <a href=/e>e</a><a href=')"),
            (std::vector<std::string>{"/capability/a", "/b"}));
  std::string many;
  for (int i = 0; i < 100; ++i) many += "<a href='/x'>";
  EXPECT_EQ(control::links_of(many).size(), control::kLinksMax);
  EXPECT_TRUE(control::links_of("href=").empty());
}

TEST(MplaneClient, ListsTheCapabilitiesOfAGeneration) {
  FakeComponent component;
  const MplaneClient client(*control::http::parse_url("http://h:1"), component.send());
  const auto of_2014 = client.capabilities(Generation::proxy_2014);
  ASSERT_TRUE(of_2014.has_value()) << of_2014.error().sentence;
  ASSERT_EQ(of_2014->size(), 2U);
  EXPECT_EQ((*of_2014)[1].token, "end_to_end-2014");
  EXPECT_EQ(client.capabilities(Generation::sdk)->at(0).token, "core-sdk");
}

TEST(MplaneClient, WhatIsNoComponentIsSaid) {
  const auto page = [](unsigned status, const std::string& body) {
    control::http::ClientResponse response;
    response.status = status;
    response.body = body;
    const MplaneClient client(*control::http::parse_url("http://h:1"),
                              [response](const control::http::ClientRequest&) {
                                return flowstats::Result<control::http::ClientResponse>(response);
                              });
    const auto list = client.capabilities(Generation::sdk);
    EXPECT_FALSE(list.has_value());
    EXPECT_FALSE(
        client.post(control::question(Kind::redemption, Generation::sdk, "t")).has_value());
    return list ? flowstats::Error{} : list.error();
  };
  const flowstats::Error missing = page(404, "Not found");
  EXPECT_EQ(missing.status, ExitStatus::environment);
  EXPECT_EQ(missing.sentence,
            "http://h:1/v1/capability answered 404. Is this the address of an mPlane component?");
  EXPECT_NE(page(200, "<a href='/x'>").sentence.find("which is no capability"), std::string::npos);
}

TEST(MplaneClient, SpecificationsFollowFromCapabilities) {
  const Message capability = FakeComponent::capability(true, "core");
  const auto made = control::specification_of(capability, "now + 10s");
  ASSERT_TRUE(made.has_value()) << made.error().sentence;
  EXPECT_EQ(made->kind, Kind::specification);
  EXPECT_EQ(made->when, "now + 10s");
  EXPECT_EQ(made->label, capability.label);
  EXPECT_EQ(made->results, capability.results);
  EXPECT_EQ(made->parameters.at("System_ID"), "01");
  EXPECT_FALSE(made->link.has_value());
  Message without_token = *made;
  without_token.token.reset();
  EXPECT_EQ(made->token, control::mplane::computed_token(without_token));
}

TEST(MplaneClient, ScopesAndOpenParametersAreRefused) {
  Message capability = FakeComponent::capability(true, "core");
  const auto bad = control::specification_of(capability, "soon");
  ASSERT_FALSE(bad.has_value());
  EXPECT_EQ(bad.error().status, ExitStatus::usage);
  EXPECT_NE(bad.error().sentence.find("--when \"soon\": no scope."), std::string::npos);
  for (const char* constraint : {"*", "1 ... 5", "a,b"}) {
    capability.parameters["System_ID"] = constraint;
    EXPECT_FALSE(control::specification_of(capability, "now").has_value()) << constraint;
  }
}

TEST(MplaneClient, AnswersCarryEpochsAndRows) {
  FakeComponent component;
  component.headers = {{"Tapstat-Epochs", "3-4"}, {"Tapstat-Rows", "12"}};
  const MplaneClient client(*control::http::parse_url("http://h:1"), component.send());
  const auto answer = client.post(control::question(Kind::interrupt, Generation::sdk, "t"));
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(answer->message.kind, Kind::exception);
  EXPECT_EQ(answer->epochs, "3-4");
  EXPECT_EQ(answer->rows, "12");
  ASSERT_EQ(component.posted.size(), 1U);
  EXPECT_EQ(component.posted[0].kind, Kind::interrupt);
  EXPECT_EQ(component.posted[0].version, 1);
  EXPECT_EQ(component.posted[0].token, "t");
}

}  // namespace
}  // namespace tapstat::tests
