#include "dataplane/tcp_payload.h"

#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "flowstats/layer7/kind.h"
#include "tests/support/flow_records.h"
#include "tests/support/tcp_talk.h"
#include "tests/support/tls_messages.h"

namespace tapstat::dataplane {
namespace {

using flowstats::Counter;
using flowstats::FlowEnd;
using flowstats::HttpRecord;
using flowstats::kNoEntry;
using flowstats::Log;
using flowstats::Measurement;
using flowstats::Mode;
using flowstats::RecordKind;
using flowstats::Segment;
using flowstats::TcpFlow;
using flowstats::TcpRecord;
using tests::Drained;
using tests::TcpTalk;
namespace connection = flowstats::layer7::connection;
namespace tcp_flag = flowstats::tcp_flag;

constexpr uint8_t kPushed = tcp_flag::kAck | tcp_flag::kPsh;
constexpr std::string_view kGet = "GET / HTTP/1.1\r\nHost: www.example.org\r\n\r\n",
                           kOk = "HTTP/1.1 200 OK\r\n\r\n", kSsh = "SSH-2.0-OpenSSH_9.2\r\n",
                           kBulk = "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx";

std::string text_of_bytes(const tests::TlsBytes& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// What a record says, with its texts.
struct Told {
  bool inspected = false;
  uint32_t connection_type = 0, requests = 0, responses = 0;
  std::string host, server_name, status;
};

/// Flows of two entries in front of a payload inspection with one place, unless a test gives more.
class TcpPayloadTest : public testing::TestWithParam<Mode> {
 protected:
  static constexpr uint32_t kFlows = 2;

  void SetUp() override {
    measurement_.mode = GetParam();
    measurement_.limits.segment_records_max = 100;
    measurement_.limits.segment_trains_max = 100;
    measurement_.inspection.tcp_flows_max = 1;
    measurement_.inspection.hello_buffers_max = 1;
  }
  void start() {
    context_ = std::make_unique<flowstats::TrackerContext>(measurement_.limits, GetParam());
    payload_ = std::make_unique<TcpPayload>(measurement_, kFlows, outlet_);
  }

  /// The flow of an entry begins, up to the end of its handshake.
  void open(uint32_t entry, TcpTalk& talk) {
    if (!payload_) start();
    const auto segments = talk.handshake(0);
    flows_[entry].open(segments[0], networks_);
    payload_->begin(flows_[entry]);
    for (const Segment& segment : segments) show(entry, segment);
  }
  /// Returns whether the inspector saw it.
  bool show(uint32_t entry, const Segment& segment) {
    TcpFlow& flow = flows_[entry];
    static_cast<void>(flow.update(segment, *context_));
    if (!TcpPayload::wants(flow, segment)) return false;
    payload_->inspect(entry, flow, segment);
    return true;
  }
  void close(uint32_t entry) {
    payload_->hand_out(entry, flows_[entry], FlowEnd::complete);
    payload_->end(entry);
    flows_[entry].clear(*context_);
  }
  /// Of the records handed out since the last call.
  std::vector<Told> told() {
    ring_.publish({1});
    const Drained drained(ring_);
    std::vector<Told> all;
    for (const TcpRecord* r : drained.of<TcpRecord>(RecordKind::tcp_flow)) {
      const auto& found = r->layer7;
      all.push_back({r->inspected, found.connection_type, found.http_requests, found.http_responses,
                     std::string(text_of(*r, found.http_host)),
                     std::string(text_of(*r, found.server_name)),
                     std::string(found.http_status.data(), found.http_status_size)});
    }
    return all;
  }
  [[nodiscard]] uint64_t refused() const { return counters_.get(Counter::inspections_refused); }

  Measurement measurement_;
  flowstats::NetworkList networks_;
  RecordRing ring_{64, RecordRing::WhenFull::drop};
  flowstats::CounterBlock counters_;
  RecordOutlet outlet_{ring_, counters_};
  std::unique_ptr<flowstats::TrackerContext> context_;
  std::unique_ptr<TcpPayload> payload_;
  std::array<TcpFlow, kFlows> flows_;
};

TEST_P(TcpPayloadTest, ARecordCarriesWhatWasFound) {
  TcpTalk talk;
  open(0, talk);
  EXPECT_TRUE(show(0, talk.client(100, kGet, kPushed)));
  EXPECT_TRUE(show(0, talk.server(200, kOk, kPushed)));
  close(0);
  const auto all = told();
  ASSERT_EQ(all.size(), 1U);
  EXPECT_TRUE(all[0].inspected);
  EXPECT_EQ(all[0].connection_type, connection::kHttp);
  EXPECT_EQ(all[0].requests, 1U);
  EXPECT_EQ(all[0].responses, 1U);
  EXPECT_EQ(all[0].host, "www.example.org");
  EXPECT_EQ(all[0].status, "200");
  EXPECT_EQ(counters_.get(Counter::flows_exported), 1U);
}

TEST_P(TcpPayloadTest, TextsBehindTheRecordAreThoseOfTheHandshake) {
  const std::string hello = text_of_bytes(tests::client_hello_record(
      {.extensions = {tests::hello_extension::server_name("secret.example.org")}}));
  const std::string answer = text_of_bytes(tests::server_hello_record({}));
  TcpTalk talk;
  open(0, talk);
  show(0, talk.client(100, hello, kPushed));
  show(0, talk.server(200, answer, kPushed));
  close(0);
  const auto all = told();
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].connection_type, connection::kTls);
  EXPECT_EQ(all[0].server_name, "secret.example.org");
}

TEST_P(TcpPayloadTest, APlaceIsTakenWithTheFirstPayloadAndGivenBackAtTheEnd) {
  TcpTalk silent, speaking(40'001), next(40'002);
  open(0, silent);
  show(0, silent.client(50, {}, tcp_flag::kFin | tcp_flag::kAck));  // and takes none
  open(1, speaking);
  EXPECT_TRUE(show(1, speaking.client(100, kGet, kPushed)));
  close(1);
  open(1, next);
  EXPECT_TRUE(show(1, next.server(100, kSsh, kPushed)));
  EXPECT_TRUE(show(1, next.client(200, kSsh, kPushed)));
  close(1);
  close(0);
  EXPECT_EQ(refused(), 0U);
  const auto all = told();
  ASSERT_EQ(all.size(), 3U);
  EXPECT_EQ(all[0].requests, 1U);
  EXPECT_EQ(all[1].connection_type, connection::kSsh) << "nothing of the flow before";
  EXPECT_EQ(all[1].requests, 0U);
  EXPECT_FALSE(all[2].inspected) << "there was nothing to inspect";
}

TEST_P(TcpPayloadTest, WithoutAPlaceAFlowIsCountedOnceAndLeftAlone) {
  TcpTalk first, second(40'001);
  open(0, first);
  open(1, second);
  EXPECT_TRUE(show(0, first.client(100, kGet, kPushed)));
  EXPECT_TRUE(show(1, second.client(110, kGet, kPushed)));
  EXPECT_EQ(refused(), 1U);
  EXPECT_FALSE(show(1, second.client(120, kGet, kPushed)));
  EXPECT_FALSE(show(1, second.server(130, kOk, kPushed)));
  EXPECT_EQ(refused(), 1U);
  show(0, first.server(140, kOk, kPushed));
  close(1);
  close(0);
  const auto all = told();
  ASSERT_EQ(all.size(), 2U);
  EXPECT_FALSE(all[0].inspected);
  EXPECT_EQ(all[0].requests, 0U);
  EXPECT_EQ(all[1].requests, 1U);
  EXPECT_EQ(all[1].responses, 1U);
}

TEST_P(TcpPayloadTest, AttentionEndsWithTheClass) {
  TcpTalk talk;
  open(0, talk);
  EXPECT_TRUE(show(0, talk.server(100, kSsh, kPushed)));
  EXPECT_TRUE(show(0, talk.client(200, kSsh, kPushed)));
  for (int i = 0; i < 60; ++i)
    EXPECT_FALSE(show(0, talk.client(300 + i, kBulk, kPushed))) << "an SSH connection stays one";
  show(0, talk.server(600, kOk, kPushed));  // in tstat mode the last look for words of others
  EXPECT_FALSE(show(0, talk.server(610, kOk, kPushed)));
  EXPECT_FALSE(show(0, talk.client(620, kGet, kPushed)));
}

TEST_P(TcpPayloadTest, AttentionIsOfEachDirection) {
  TcpTalk talk;
  open(0, talk);
  show(0, talk.client(100, kGet, kPushed));
  show(0, talk.server(200, kOk, kPushed));
  show(0, talk.client(210, kBulk, kPushed));  // in tstat mode the rest of any request
  for (int i = 0; i < 100; ++i) show(0, talk.server(300 + i, kBulk, kPushed));
  EXPECT_FALSE(show(0, talk.client(500, kBulk, kPushed)));
  EXPECT_FALSE(show(0, talk.server(510, kBulk, kPushed)));
  // Only words are of interest now; a request without its end makes the client's rest so, too.
  EXPECT_TRUE(show(0, talk.client(520, "GET /second HTTP/1.1\r\nHost: www.exa", kPushed)));
  EXPECT_FALSE(show(0, talk.server(530, kBulk, kPushed)));
  EXPECT_TRUE(show(0, talk.client(540, kBulk, kPushed)));
  EXPECT_TRUE(show(0, talk.server(550, kOk, kPushed)));
  close(0);
  const auto all = told();
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].requests, 2U);
  EXPECT_EQ(all[0].responses, 2U);
}

TEST_P(TcpPayloadTest, AFlowOfOnePacketHasARecordWithoutAnEntry) {
  start();
  TcpTalk talk;
  const Segment syn = talk.syn(5);
  TcpFlow flow;
  flow.open(syn, networks_);
  static_cast<void>(flow.update(syn, *context_));
  payload_->hand_out(kNoEntry, flow, FlowEnd::not_complete);
  const auto all = told();
  ASSERT_EQ(all.size(), 1U);
  EXPECT_FALSE(all[0].inspected);
}

TEST_P(TcpPayloadTest, HttpMessagesGoToTheirLogWhenItIsWritten) {
  TcpTalk talk;
  open(0, talk);
  show(0, talk.client(100, kGet, kPushed));
  outlet_.logs.set(Log::http_complete, true);
  show(0, talk.server(200, kOk, kPushed));
  ring_.publish({1});
  const Drained drained(ring_);
  const auto messages = drained.of<HttpRecord>(RecordKind::http_message);
  ASSERT_EQ(messages.size(), 1U);
  EXPECT_EQ(messages[0]->part, flowstats::layer7::HttpPart::response);
  EXPECT_EQ(messages[0]->time.us, 200);
  EXPECT_EQ(messages[0]->flow_first.us, 0);
  EXPECT_EQ(messages[0]->ends.port[0], 40'000);
  EXPECT_EQ(text_of(*messages[0], messages[0]->segment), kOk);
}

TEST_P(TcpPayloadTest, NothingIsLookedAtWhenInspectionIsOff) {
  measurement_.inspection.enabled = false;
  TcpTalk talk;
  open(0, talk);
  EXPECT_FALSE(show(0, talk.client(100, kGet, kPushed)));
  close(0);
  const auto all = told();
  ASSERT_EQ(all.size(), 1U);
  EXPECT_FALSE(all[0].inspected);
  EXPECT_EQ(refused(), 0U);
}

TEST_P(TcpPayloadTest, HandshakesThatFoundNoBufferAreCounted) {
  measurement_.inspection.tcp_flows_max = 2;
  measurement_.inspection.hello_buffers_max = 1;
  const std::string hello = text_of_bytes(tests::client_hello_record(
      {.extensions = {tests::hello_extension::server_name("secret.example.org")}}));
  TcpTalk talks[] = {TcpTalk(40'000), TcpTalk(40'001)};
  for (uint32_t entry = 0; entry < 2; ++entry) {
    open(entry, talks[entry]);
    show(entry, talks[entry].client(100, std::string_view(hello).substr(0, 60)));
  }
  payload_->count_events();
  payload_->count_events();
  EXPECT_EQ(counters_.get(Counter::hello_buffers_refused), 1U);
}

INSTANTIATE_TEST_SUITE_P(Modes, TcpPayloadTest, testing::Values(Mode::tstat, Mode::corrected),
                         [](const auto& mode) {
                           return mode.param == Mode::tstat ? "tstat" : "corrected";
                         });

}  // namespace
}  // namespace tapstat::dataplane
