#include "control/mplane/polling.h"

#include <gtest/gtest.h>

namespace tapstat::tests {
namespace {

using namespace std::chrono_literals;
using control::mplane::Client;
using control::mplane::Kind;
using control::mplane::Message;
using control::mplane::Reply;
using std::chrono::milliseconds;
namespace http = control::http;
namespace mplane = control::mplane;

constexpr const char* kBase = "http://127.0.0.1:8889";
constexpr const char* kForbidden = "User has no permission to request this capability";

Message specification(const std::string& token, const std::string& when = "now + 12s") {
  Message message;
  message.kind = Kind::specification;
  message.verb = "measure";
  message.version = mplane::kVersionSdk;
  message.label = "tstat-log_tcp_complete-end_to_end-0";
  message.token = token;
  message.when = when;
  message.results = {"rtt.samples"};
  return message;
}

Message callback(const std::string& when) {
  Message message = specification("cb", when);
  message.label = "callback";
  return message;
}

Message answer_to(const Message& asked, Kind kind) {
  Message message = asked;
  message.kind = kind;
  message.link.reset();
  return message;
}

Message envelope(std::vector<Message> contents) {
  Message message;
  message.kind = Kind::envelope;
  message.verb = "message";
  message.version = mplane::kVersionSdk;
  message.contents = std::move(contents);
  return message;
}

/// The other side and the clock: keeps each request until the test answers it.
struct World {
  struct Sent {
    std::string channel;
    http::ClientRequest request;
    mplane::PollingOutside::Answered answered;
  };

  explicit World(const std::function<void(mplane::PollerOptions&)>& change = {}) {
    options.url = kBase;
    if (change) change(options);
    mplane::PollingOutside outside;
    outside.send = [this](const std::string& channel, http::ClientRequest request,
                          mplane::PollingOutside::Answered answered) {
      sent.push_back({channel, std::move(request), std::move(answered)});
    };
    outside.carry_out = [this](const Client& client, const Message& message,
                               std::function<void(const Reply&)> call) {
      clients.push_back(client);
      carried_out.push_back(message);
      if (call) ended = std::move(call);
      return reply ? reply(message) : Reply{answer_to(message, Kind::receipt), 7, false};
    };
    outside.delivered = [this](uint64_t job) { delivered.push_back(job); };
    outside.now = [this] { return now; };
    outside.utc = [] { return int64_t{1'400'000'000'000'000}; };
    outside.jitter = [] { return 0.0; };
    outside.wake = [this] { ++wakes; };
    polling.emplace(options, *http::parse_url(options.url), envelope({callback("now ... future")}),
                    std::move(outside));
    polling->advance();
  }

  /// Answers the oldest request of the channel and lets the machine go on.
  Sent answer(unsigned status, const std::string& body = "", const std::string& channel = "poll") {
    http::ClientResponse response;
    response.status = status;
    response.body = body;
    response.connection = connection;
    response.server_identity = "org.mplane.Client";
    return give(response, channel);
  }
  Sent fail(const std::string& channel = "poll") {
    return give(flowstats::fail(flowstats::ExitStatus::environment, "refused."), channel);
  }
  Sent give(const flowstats::Result<http::ClientResponse>& response, const std::string& channel) {
    const auto at =
        std::find_if(sent.begin(), sent.end(), [&](const Sent& s) { return s.channel == channel; });
    if (at == sent.end()) {
      ADD_FAILURE() << "nothing was sent over " << channel;
      return {};
    }
    Sent taken = std::move(*at);
    sent.erase(at);
    taken.answered(response);
    polling->advance();
    return taken;
  }
  void register_now() { EXPECT_EQ(answer(200, "{}").request.url.path, "/register/capability"); }
  void poll(std::vector<Message> contents = {}) {
    EXPECT_EQ(answer(200, to_json(envelope(std::move(contents)))).request.url.path,
              "/show/specification");
  }
  void pass(milliseconds time) {
    now += time;
    polling->advance();
  }
  [[nodiscard]] std::string asking() const {
    for (const Sent& s : sent)
      if (s.channel == "poll") return s.request.method + " " + s.request.url.path;
    return "";
  }
  /// Answers the next delivery with `status` and gives what it was.
  Message deliver(unsigned status = 200) {
    const Sent taken = answer(status, "", kToClient);
    EXPECT_EQ(taken.request.url.path, "/register/result");
    EXPECT_EQ(taken.request.content_type, mplane::kContentType);
    const auto message = mplane::parse_message(taken.request.body);
    return message ? *message : Message{};
  }
  [[nodiscard]] bool delivering(const std::string& channel = kToClient) const {
    return std::any_of(sent.begin(), sent.end(),
                       [&](const Sent& s) { return s.channel == channel; });
  }

  static constexpr const char* kToClient = "deliver to http://127.0.0.1:8889";
  mplane::PollerOptions options;
  milliseconds now{1'000'000};
  uint64_t connection = 1;
  std::vector<Sent> sent;
  std::vector<Message> carried_out;
  std::vector<Client> clients;
  std::vector<uint64_t> delivered;
  std::function<Reply(const Message&)> reply;
  std::function<void(const Reply&)> ended;
  int wakes = 0;
  std::optional<mplane::Polling> polling;
};

TEST(Polling, RegistersPollsAtOnceAndThenInItsInterval) {
  World w;
  EXPECT_EQ(w.asking(), "POST /register/capability");
  EXPECT_EQ(w.sent[0].request.content_type, "application/x-mplane+json");
  w.register_now();
  EXPECT_EQ(w.asking(), "GET /show/specification");
  EXPECT_EQ(w.polling->next_due(), std::nullopt) << "waits for the answer only";
  w.poll();
  EXPECT_EQ(w.asking(), "");
  EXPECT_EQ(w.polling->next_due(), w.now + 5s);
  w.pass(4999ms);
  EXPECT_EQ(w.asking(), "");
  w.pass(1ms);
  EXPECT_EQ(w.asking(), "GET /show/specification");
  EXPECT_EQ(w.polling->counters().registrations, 1U);
  EXPECT_EQ(w.polling->counters().polls, 1U);
  EXPECT_GT(w.wakes, 0);
}

TEST(Polling, NotesLabelsThatWereNotRegisteredAndGoesOn) {
  World w;
  w.answer(200, R"({"a":{"registered":"ok"},"b":{"registered":"no","reason":"Withdrawn"}})");
  EXPECT_EQ(w.polling->counters().last_error,
            "http://127.0.0.1:8889 did not register \"b\": Withdrawn.");
  EXPECT_EQ(w.asking(), "GET /show/specification");
}

TEST(Polling, BacksOffUntilTheClientIsThere) {
  World w;
  for (const milliseconds pause : {1s, 2s, 4s, 8s, 16s, 30s, 30s}) {
    w.fail();
    EXPECT_EQ(w.polling->next_due(), w.now + pause);
    w.pass(pause);
    EXPECT_EQ(w.asking(), "POST /register/capability");
  }
  w.answer(400, "Invalid format");
  w.pass(30s);
  w.answer(200, "<html>not a client</html>");
  w.pass(30s);
  EXPECT_EQ(w.polling->counters().failures, 9U);
  EXPECT_NE(w.polling->counters().last_error.find("answered no JSON object"), std::string::npos);
  w.register_now();
  w.poll();
  EXPECT_EQ(w.polling->next_due(), w.now + 5s) << "a good poll ends the back-off";
}

TEST(Polling, PausesDoubleUpToThirtySecondsWithUpToAQuarterOfJitter) {
  EXPECT_EQ(mplane::pause_after(1, 0), 1s);
  EXPECT_EQ(mplane::pause_after(1, 0.5), 1125ms);
  EXPECT_EQ(mplane::pause_after(5, 0), 16s);
  EXPECT_EQ(mplane::pause_after(6, 0), 30s);
  EXPECT_LT(mplane::pause_after(4'000'000'000U, 0.999), 37500ms);
}

TEST(Polling, RegistersAgainWhenTheClientSaysItDoesNotKnowUs) {
  World w;
  w.register_now();
  w.poll();
  w.pass(5s);
  w.answer(428, "not registered");
  EXPECT_EQ(w.asking(), "POST /register/capability");
  w.register_now();
  w.answer(428, "not registered");
  EXPECT_EQ(w.asking(), "") << "a client that always says so is not asked in a tight loop";
  w.pass(1s);
  EXPECT_EQ(w.asking(), "POST /register/capability");
}

TEST(Polling, RegistersAgainAfterAGapAReconnectAndAFailure) {
  {
    World w;
    w.register_now();
    w.poll();
    w.pass(9001ms);
    EXPECT_EQ(w.asking(), "POST /register/capability") << "nobody polled for more than 9 s";
  }
  {
    World w;
    w.register_now();
    w.poll();
    w.pass(5s);
    w.now += 4001ms;  // the answer took so long
    w.poll();
    EXPECT_EQ(w.asking(), "POST /register/capability");
  }
  {
    World w;
    w.register_now();
    w.poll();
    w.pass(5s);
    w.connection = 2;
    w.poll({specification("t")});
    EXPECT_EQ(w.carried_out.size(), 1U) << "what the new connection brought counts";
    EXPECT_EQ(w.asking(), "POST /register/capability");
    w.register_now();
    w.poll();
    EXPECT_EQ(w.asking(), "");
  }
  {
    World w;
    w.register_now();
    w.fail();
    w.pass(1s);
    EXPECT_EQ(w.asking(), "POST /register/capability");
  }
}

TEST(Polling, RegistersEveryMinuteWhereReconnectsAreNotTold) {
  World w;
  w.connection = 0;
  w.register_now();
  for (int polls = 0; polls < 12; ++polls) {
    w.poll();
    EXPECT_EQ(w.asking(), "");
    w.pass(5s);
  }
  w.poll();
  EXPECT_EQ(w.asking(), "POST /register/capability");
}

TEST(Polling, ABodyThatIsNoMessageIsAFailure) {
  World w;
  w.register_now();
  w.answer(200, "[]");
  EXPECT_EQ(w.polling->counters().failures, 1U);
  EXPECT_NE(w.polling->counters().last_error.find("Malformed message"), std::string::npos);
  EXPECT_EQ(w.polling->counters().polls, 0U);
}

TEST(Polling, DeliversTheReceiptAtOnceAndTheResultWhenTheJobEnds) {
  World w;
  w.register_now();
  const Message asked = specification("t1");
  w.poll({asked});
  EXPECT_EQ(w.deliver().kind, Kind::receipt);
  EXPECT_TRUE(w.delivered.empty()) << "a receipt is no delivered result";
  EXPECT_FALSE(w.delivering());
  w.ended({answer_to(asked, Kind::result), 7, true});
  w.polling->advance();
  const Message result = w.deliver();
  EXPECT_EQ(result.kind, Kind::result);
  EXPECT_EQ(result.token, "t1");
  EXPECT_EQ(w.delivered, std::vector<uint64_t>{7});
  EXPECT_EQ(w.polling->counters().delivered, 2U);
}

TEST(Polling, ARefusedSpecificationYieldsOnlyTheException) {
  World w;
  w.register_now();
  w.reply = [](const Message& message) {
    return Reply{mplane::exception(*message.token, "Invalid temporal scope"), 0, false};
  };
  w.poll({specification("t")});
  const Message refusal = w.deliver();
  EXPECT_EQ(refusal.kind, Kind::exception);
  EXPECT_EQ(refusal.text, "Invalid temporal scope");
  EXPECT_FALSE(w.delivering());
}

TEST(Polling, AnInterruptDeliversTheResultOnce) {
  World w;
  w.register_now();
  const Message asked = specification("t1");
  w.poll({asked});
  w.deliver();
  Message interrupt = asked;
  interrupt.kind = Kind::interrupt;
  w.reply = [&](const Message& message) {
    const Reply result{answer_to(message, Kind::result), 7, true};
    if (w.ended) w.ended(result);  // the end of the job, told while it is interrupted
    return result;
  };
  w.pass(5s);
  w.poll({interrupt});
  EXPECT_EQ(w.deliver().kind, Kind::result);
  EXPECT_FALSE(w.delivering());
  w.pass(5s);
  w.ended = {};
  w.poll({interrupt});
  EXPECT_EQ(w.deliver().kind, Kind::result) << "but each interrupt has its answer";
}

TEST(Polling, DescendsIntoEnvelopesAndGoesOnBehindACallback) {
  World w;
  w.register_now();
  w.poll({callback("now + 2s"), envelope({envelope({specification("a")}), specification("b")})});
  ASSERT_EQ(w.carried_out.size(), 2U);
  EXPECT_EQ(w.carried_out[0].token, "a");
  EXPECT_EQ(w.carried_out[1].token, "b");
  EXPECT_EQ(w.polling->next_due(), w.now + 2s);
  w.deliver();
  w.deliver();
  w.pass(2s);
  w.poll();
  EXPECT_EQ(w.polling->next_due(), w.now + 5s) << "a callback sets one poll, not all";
}

TEST(Polling, CallbackScopesBecomeDelaysWithinTheLimits) {
  const control::UtcMicroseconds arrival = 1'400'000'000'000'000;  // 2014-05-13 16:53:20
  const struct {
    const char* when;
    std::optional<milliseconds> delay;
  } cases[] = {
      {"now", 1s},
      {"now + 3s", 3s},
      {"now + 1h", 8s},
      {"now ... future", 8s},
      {"now + inf", 8s},
      {"2014-05-13 16:53:24", 4s},
      {"now ... 2014-05-13 16:53:25", 5s},
      {"2014-05-13 16:53:21 + 2s", 3s},
      {"2013-01-01 00:00:00", 1s},
      {"past ... now", 1s},
      {"soon", std::nullopt},
      {"repeat now + 2s / 4s", std::nullopt},
  };
  for (const auto& c : cases) EXPECT_EQ(mplane::callback_delay(c.when, arrival), c.delay) << c.when;
}

TEST(Polling, LinksToThePolledClientGoToItsResultPath) {
  World w;
  w.register_now();
  Message asked = specification("t");
  asked.link = "http://127.0.0.1:8889/elsewhere";
  w.poll({asked});
  EXPECT_EQ(w.deliver().kind, Kind::receipt);
}

TEST(Polling, ALinkElsewhereIsRefusedAndNothingIsCarriedOut) {
  World w;
  w.register_now();
  Message asked = specification("t");
  asked.link = "http://192.0.2.1:80/metadata";
  w.poll({asked});
  EXPECT_TRUE(w.carried_out.empty());
  const Message refusal = w.deliver();
  EXPECT_EQ(refusal.kind, Kind::exception);
  EXPECT_EQ(refusal.token, "t");
  EXPECT_EQ(refusal.text, kForbidden);
  EXPECT_EQ(w.polling->counters().refused_links, 1U);
  EXPECT_EQ(w.sent.size(), 0U);
}

TEST(Polling, AListedHostGetsTheAnswersAtThePathOfTheLink) {
  World w([](mplane::PollerOptions& o) { o.result_hosts = {"192.0.2.1:8890"}; });
  w.register_now();
  Message asked = specification("t");
  asked.link = "http://192.0.2.1:8890/results";
  w.poll({asked});
  const auto sent = w.answer(200, "", "deliver to http://192.0.2.1:8890");
  EXPECT_EQ(sent.request.url.path, "/results");
  w.ended({answer_to(asked, Kind::result), 7, true});
  w.polling->advance();
  EXPECT_TRUE(w.delivering("deliver to http://192.0.2.1:8890"));
}

TEST(Polling, TheAnswerToAnInterruptGoesWhereTheSpecificationSaid) {
  World w([](mplane::PollerOptions& o) { o.result_hosts = {"192.0.2.1:8890"}; });
  w.register_now();
  Message asked = specification("t");
  asked.link = "http://192.0.2.1:8890/results";
  Message interrupt = specification("t");
  interrupt.kind = Kind::interrupt;
  w.poll({asked});
  w.answer(200, "", "deliver to http://192.0.2.1:8890");
  w.reply = [](const Message& message) { return Reply{answer_to(message, Kind::result), 7, true}; };
  w.pass(5s);
  w.poll({interrupt});
  EXPECT_EQ(w.answer(200, "", "deliver to http://192.0.2.1:8890").request.url.path, "/results");
  w.pass(5s);
  w.poll({interrupt});
  EXPECT_TRUE(w.delivering()) << "what is over is forgotten";
}

TEST(Polling, LinkRules) {
  const std::vector<std::string> hosts = {"192.0.2.1:8890", "[2001:db8::1]:8890"};
  const struct {
    const char *link, *polled;
    bool allowed;
  } cases[] = {
      {"https://c.example:8889/", "https://c.example:8889/", true},
      {"https://c.example:8888/", "https://c.example:8889/", false},
      {"http://c.example:8889/", "https://c.example:8889/", false},
      {"https://192.0.2.1:8890/", "https://c.example:8889/", true},
      {"http://192.0.2.1:8890/", "https://c.example:8889/", false},  // would leave TLS
      {"https://192.0.2.1:8890/", "http://c.example:8889/", true},
      {"http://[2001:db8::1]:8890/r", "http://c.example:8889/", true},
      {"http://192.0.2.1:8891/", "http://c.example:8889/", false},
  };
  for (const auto& c : cases)
    EXPECT_EQ(mplane::may_deliver_to(*http::parse_url(c.link), *http::parse_url(c.polled), hosts),
              c.allowed)
        << c.link << " from " << c.polled;
}

TEST(Polling, OverTlsTheCertificateOfTheServerIsTheClient) {
  World plain;
  plain.register_now();
  plain.poll({specification("t")});
  EXPECT_FALSE(plain.clients.at(0).checked);
  World w([](mplane::PollerOptions& o) { o.url = "https://c.example:8889"; });
  w.register_now();
  w.poll({specification("t")});
  EXPECT_TRUE(w.clients.at(0).checked);
  EXPECT_EQ(w.clients.at(0).identity, "org.mplane.Client");
}

TEST(Polling, MessagesOfOtherKindsAreNoted) {
  World w;
  w.register_now();
  w.poll({answer_to(specification("t"), Kind::result)});
  EXPECT_TRUE(w.carried_out.empty());
  EXPECT_FALSE(w.delivering());
  EXPECT_NE(w.polling->counters().last_error.find("of kind result"), std::string::npos);
}

TEST(Polling, NothingIsCalledAfterItsEnd) {
  World w;
  w.register_now();
  w.poll({specification("t")});
  World::Sent left = std::move(w.sent.at(0));
  w.polling.reset();
  left.answered(http::ClientResponse{});
  w.ended({answer_to(specification("t"), Kind::result), 7, true});
  EXPECT_TRUE(w.delivered.empty());
}

}  // namespace
}  // namespace tapstat::tests
