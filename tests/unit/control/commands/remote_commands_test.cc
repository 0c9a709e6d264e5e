#include "control/commands/remote_commands.h"

#include <gtest/gtest.h>

namespace tapstat::tests {
namespace {

using control::RemoteArguments;
using flowstats::ExitStatus;
using What = RemoteArguments::What;
namespace http = control::http;

/// A probe that gives one answer and keeps what it was asked.
struct Probe {
  http::ClientResponse answer;
  http::ClientRequest asked;

  flowstats::Result<std::string> ask(const RemoteArguments& arguments) {
    return control::ask_probe(arguments, "/run/x.sock", [this](const http::ClientRequest& request) {
      asked = request;
      return flowstats::Result<http::ClientResponse>(answer);
    });
  }
};

Probe answering(unsigned status, const std::string& body) {
  Probe probe;
  probe.answer.status = status;
  probe.answer.body = body;
  return probe;
}

RemoteArguments arguments(What what) {
  RemoteArguments a;
  a.what = what;
  return a;
}

TEST(RemoteCommands, EachCommandHasItsRequest) {
  const struct {
    What what;
    const char *method, *path;
  } cases[] = {{What::status, "GET", "/api/v1/status"},
               {What::groups, "GET", "/api/v1/groups"},
               {What::rotate, "POST", "/api/v1/rotate"},
               {What::reload, "POST", "/api/v1/reload"},
               {What::stop, "POST", "/api/v1/stop"}};
  for (const auto& c : cases) {
    Probe probe = answering(200, "{}");
    EXPECT_TRUE(probe.ask(arguments(c.what)).has_value()) << c.path;
    EXPECT_EQ(probe.asked.method, c.method);
    EXPECT_EQ(probe.asked.url.path, c.path);
    EXPECT_EQ(probe.asked.url.scheme, "unix");
    EXPECT_EQ(probe.asked.url.socket, "/run/x.sock");
    EXPECT_EQ(probe.asked.body, "");
  }
}

TEST(RemoteCommands, WordsOnGroupsArePatched) {
  Probe probe = answering(200, R"({"epoch":2,"groups":[{"name":"p2p","columns":6,"on":false}]})");
  RemoteArguments a = arguments(What::groups);
  a.groups = {{"p2p", false}, {"end_to_end", true}, {"options", std::nullopt}};
  const auto text = probe.ask(a);
  ASSERT_TRUE(text.has_value());
  EXPECT_EQ(probe.asked.method, "PATCH");
  EXPECT_EQ(probe.asked.content_type, "application/json");
  EXPECT_EQ(probe.asked.body,
            "{\n  \"p2p\": false,\n  \"end_to_end\": true,\n  \"options\": null\n}");
  EXPECT_NE(text->find("p2p          6  off"), std::string::npos) << *text;
  probe.answer.status = 202;
  EXPECT_TRUE(probe.ask(a)->starts_with("Accepted, not in force yet"));
}

TEST(RemoteCommands, ReloadAndRotateSayWhatHappened) {
  Probe probe = answering(200, R"({"changed":true,"epoch":7,"notes":["r.conf:3: ignored."]})");
  EXPECT_EQ(probe.ask(arguments(What::reload)),
            "runtime.conf is in force (epoch 7).\nr.conf:3: ignored.\n");
  probe.answer.body = R"({"changed":false,"epoch":7,"notes":[]})";
  EXPECT_EQ(probe.ask(arguments(What::reload)),
            "runtime.conf says what was in force already (epoch 7).\n");
  probe.answer.body = R"({"directory":"out/b.out"})";
  EXPECT_EQ(probe.ask(arguments(What::rotate)), "Rows go to out/b.out\n");
}

TEST(RemoteCommands, JsonIsTheAnswerItself) {
  RemoteArguments a = arguments(What::status);
  a.json = true;
  EXPECT_EQ(answering(200, R"({"state":"running"})").ask(a), "{\"state\":\"running\"}\n");
  EXPECT_EQ(answering(204, "").ask(a), "{}\n");
}

TEST(RemoteCommands, RefusalsBecomeSentencesAndStatuses) {
  const auto refused = [](unsigned status, const char* body) {
    const auto text = answering(status, body).ask(arguments(What::groups));
    EXPECT_FALSE(text.has_value());
    return text ? flowstats::Error{} : text.error();
  };
  const flowstats::Error wrong =
      refused(409, R"({"detail":"core cannot be switched off.","hint":"Switch others."})");
  EXPECT_EQ(wrong.sentence, "core cannot be switched off. Switch others.");
  EXPECT_EQ(wrong.status, ExitStatus::usage);
  EXPECT_EQ(refused(403, R"({"detail":"no."})").status, ExitStatus::environment);
  EXPECT_EQ(refused(503, "busy").sentence, "/run/x.sock answered 503.");
  EXPECT_EQ(refused(200, "<html>").status, ExitStatus::environment);
}

TEST(RemoteCommands, NobodyThereIsTheErrorOfTheConnection) {
  const auto text = control::ask_probe(
      arguments(What::status), "/run/x.sock",
      [](const http::ClientRequest&) -> flowstats::Result<http::ClientResponse> {
        return flowstats::fail(ExitStatus::environment, "unix:/run/x.sock: refused.");
      });
  ASSERT_FALSE(text.has_value());
  EXPECT_EQ(text.error().status, ExitStatus::environment);
  EXPECT_EQ(text.error().sentence, "unix:/run/x.sock: refused.");
}

}  // namespace
}  // namespace tapstat::tests
