#include "flowstats/layer7/udp_inspector.h"

#include <memory>
#include <random>
#include <string>

#include <gtest/gtest.h>

#include "tests/support/quic_packet.h"
#include "tests/support/udp_conversation.h"
#include "tests/unit/flowstats/crypto/hex.h"

namespace tapstat::flowstats::layer7 {
namespace {

using test::Octets;

Measurement measurement(Mode mode, bool fingerprints = false) {
  Measurement m;
  m.mode = mode;
  m.inspection.fingerprints = fingerprints;
  m.inspection.quic_flows_max = 4;
  m.inspection.hello_buffers_max = 4;
  m.inspection.rtp_streams_max = 8;
  return m;
}

/// One flow and what was found out about it.
class Flow {
 public:
  explicit Flow(const Measurement& m, uint16_t server_port = 9999, bool dns_log = false)
      : inspector_(std::make_unique<UdpInspector>(m)),
        conversation_(40001, server_port),
        dns_log_(dns_log) {}

  Flow& send(size_t side, Octets payload) {
    inspector_->on_datagram(flow_, conversation_.datagram(side, std::move(payload)), dns_log_);
    return *this;
  }
  Flow& send_length(size_t side, size_t udp_length) {
    inspector_->on_datagram(flow_, conversation_.of_length(side, udp_length), dns_log_);
    return *this;
  }
  [[nodiscard]] bool finished(size_t side) const {
    return inspector_->finished(flow_, side, dns_log_);
  }
  const UdpFindings& findings() {
    inspector_->fill(flow_, findings_);
    return findings_;
  }
  std::pair<UdpType, UdpType> types() {
    const UdpFindings& found = findings();
    return {found.type[kClient], found.type[kServer]};
  }
  UdpInspector& inspector() { return *inspector_; }
  UdpInspection& state() { return flow_; }

 private:
  std::unique_ptr<UdpInspector> inspector_;
  test::UdpConversation conversation_;
  bool dns_log_;
  UdpInspection flow_;
  UdpFindings findings_;
};

Octets text(std::string_view words) { return {words.begin(), words.end()}; }
Octets sip() { return text("REGISTER sip:example.org SIP/2.0\r\n"); }
Octets bittorrent() { return text("d1:ad2:id20:abcdefghij0123456789e1:q4:ping1:t2:aa1:y1:qe"); }
Octets utp(uint8_t type, uint8_t id) {
  Octets header(20);
  header[0] = type;
  header[3] = id;
  return header;
}
Octets initial(const Octets& extensions, test::InitialOptions options = {}) {
  return test::client_initial(options, test::crypto_frame(0, test::client_hello(extensions)));
}
Octets server_initial(uint32_t version = 1) {
  return test::client_initial(
      {.version = version, .destination_id = {0x5a, 0x01}, .source_id = {9, 9, 9}}, {});
}

using Types = std::pair<UdpType, UdpType>;
constexpr UdpType kNone = UdpType::unknown;

TEST(UdpInspector, ADirectionKeepsItsFirstSignature) {
  Flow flow{measurement(Mode::tstat)};
  flow.send(kClient, sip()).send(kClient, bittorrent());
  EXPECT_EQ(flow.types(), (Types{UdpType::sip, kNone}));
}

TEST(UdpInspector, SignaturesAreTriedOnFortyDatagramsOfADirection) {
  for (const int before : {39, 40}) {
    Flow flow{measurement(Mode::tstat)};
    for (int i = 0; i < before; ++i) flow.send_length(kClient, 108);
    flow.send(kClient, sip()).send(kServer, sip());
    EXPECT_EQ(flow.types(), (Types{before == 39 ? UdpType::sip : kNone, UdpType::sip}));
  }
}

TEST(UdpInspector, UtpIsBothDirectionsAndMoreWithBitTorrent) {
  Flow flow{measurement(Mode::tstat)};
  flow.send(kClient, bittorrent()).send(kClient, utp(0x01, 5)).send(kServer, utp(0x21, 6));
  EXPECT_EQ(flow.types(), (Types{UdpType::utp_bittorrent, UdpType::utp}));
  flow.send(kServer, bittorrent());
  EXPECT_EQ(flow.types(), (Types{UdpType::utp_bittorrent, UdpType::utp_bittorrent}));
}

TEST(UdpInspector, ObfuscatedKadIsWhatNothingElseClassified) {
  Flow flow{measurement(Mode::tstat)};
  flow.send_length(kClient, 43).send_length(kServer, 77).send(kClient, sip());
  EXPECT_EQ(flow.types(), (Types{UdpType::sip, UdpType::obfuscated_kad}));
  EXPECT_EQ(flow.state().type[kServer], kNone) << "the flow's own types stay";
  Flow time{measurement(Mode::tstat), 123};
  time.send_length(kClient, 43).send_length(kServer, 77);
  EXPECT_EQ(time.types(), (Types{kNone, kNone}));
}

TEST(UdpInspector, TransportStreamsAreSevenPackets) {
  Octets stream(1316, 0x9c);
  for (size_t i = 0; i < stream.size(); i += 188) stream[i] = 0x47;
  Flow flow{measurement(Mode::corrected)};
  EXPECT_EQ(flow.send(kClient, stream).types(), (Types{UdpType::vod, kNone}));
  stream[188] = 0x48;
  EXPECT_EQ(flow.send(kServer, stream).types(), (Types{UdpType::vod, kNone}));
}

TEST(UdpInspector, AnyDnsMessageCountsWhileItsLogIsOn) {
  const Octets request = test::unhex(
      "000101000001000000000000"
      "055f736d6970"
      "076578616d706c65"
      "00"
      "00630001");
  for (const bool dns_log : {false, true}) {
    Flow flow{measurement(Mode::tstat), 53, dns_log};
    EXPECT_EQ(flow.send(kClient, request).types(), (Types{dns_log ? UdpType::dns : kNone, kNone}));
  }
}

TEST(UdpInspector, TstatNeedsAnAnswerToKnowQuic) {
  Flow flow{measurement(Mode::tstat), 443};
  flow.send(kClient, initial(test::server_name_extension("one.example.org")));
  EXPECT_EQ(flow.types(), (Types{kNone, kNone}));
  EXPECT_FALSE(flow.findings().is_quic);
  flow.send(kServer, server_initial());
  EXPECT_EQ(flow.types(), (Types{UdpType::quic, UdpType::quic}));
  EXPECT_EQ(flow.findings().quic_version[kServer], 1U);
  EXPECT_EQ(flow.findings().quic_server_name, "one.example.org");
}

TEST(UdpInspector, CorrectedModeKnowsQuicByOneInitial) {
  Flow flow{measurement(Mode::corrected), 443};
  flow.send(kClient,
            initial(test::server_name_extension("two.example.org"), {.version = quic_version::k2}));
  EXPECT_EQ(flow.types(), (Types{UdpType::quic, UdpType::quic}));
  EXPECT_EQ(flow.findings().quic_version[kClient], quic_version::k2);
  EXPECT_EQ(flow.findings().quic_version[kServer], 0U);
  EXPECT_EQ(flow.findings().quic_server_name, "two.example.org");
  flow.send(kServer, server_initial(quic_version::k2));
  EXPECT_EQ(flow.findings().quic_version[kServer], quic_version::k2);
}

TEST(UdpInspector, TextsAreAsTheLogWantsThem) {
  Octets parameters = {0x71, 0x29, 10};
  test::append(parameters, "UA 1.0/#\xc3\xa4");
  Octets extensions = test::server_name_extension("a b#c.example.org");
  test::append(extensions, test::tls_extension(0x39, parameters));
  test::append(extensions, test::tls_extension(0xfe0d, Octets(300)));
  Flow flow{measurement(Mode::tstat), 443};
  flow.send(kClient, initial(extensions));
  EXPECT_EQ(flow.findings().quic_server_name, "a%20b%23c.example.org");
  EXPECT_EQ(flow.findings().quic_user_agent, "UA+1.0%2F%23%C3%A4");
  EXPECT_EQ(flow.findings().quic_ech_length, 300 % 256);
}

TEST(UdpInspector, NamesThatAreNoneOrLongAreLeftOut) {
  const auto name_in_log = [](Mode mode, const std::string& name) {
    Flow flow{measurement(mode), 443};
    flow.send(kClient, initial(test::server_name_extension(name)));
    return std::string{flow.findings().quic_server_name};
  };
  const std::string long_name = std::string(70, 'a') + ".example.org";
  EXPECT_EQ(name_in_log(Mode::tstat, "localhost"), "");
  EXPECT_EQ(name_in_log(Mode::tstat, long_name), "");
  EXPECT_EQ(name_in_log(Mode::corrected, long_name), long_name);
}

TEST(UdpInspector, FingerprintsFollowTheCorrectedRulesInBothModes) {
  const test::InitialOptions v2 = {.version = quic_version::k2};
  for (const Mode mode : {Mode::tstat, Mode::corrected}) {
    Flow flow{measurement(mode, true), 443};
    Octets extensions = test::server_name_extension("localhost");
    test::append(extensions, test::tls_extension(16, {0, 3, 2, 'h', '3'}));
    flow.send(kClient, initial(extensions, v2));
    const UdpFindings& found = flow.findings();
    EXPECT_EQ(found.is_quic, mode == Mode::corrected);
    EXPECT_EQ(found.server_name, "localhost");
    EXPECT_EQ(found.alpn, "h3");
    EXPECT_EQ(found.ja4.size(), 36U);
    EXPECT_EQ(found.fingerprint.quic_version, quic_version::k2);
    EXPECT_TRUE(found.fingerprint.hello_seen);
    flow.inspector().end(flow.state());
    EXPECT_EQ(flow.inspector().quic_fingerprints().flows_in_use(), 0U);
  }
}

TEST(UdpInspector, FingerprintsAreNotMadeUnasked) {
  Flow flow{measurement(Mode::corrected), 443};
  flow.send(kClient, initial(test::server_name_extension("one.example.org")));
  EXPECT_TRUE(flow.findings().ja4.empty());
  EXPECT_TRUE(flow.findings().server_name.empty());
}

TEST(UdpInspector, ClassifiedFlowsAreFinishedAfterFiftyNineDatagrams) {
  Flow flow{measurement(Mode::tstat)};
  flow.send(kClient, sip());
  for (int i = 0; i < 57; ++i) flow.send(kClient, sip());
  EXPECT_FALSE(flow.finished(kClient));
  flow.send(kClient, sip());
  EXPECT_TRUE(flow.finished(kClient));
  EXPECT_FALSE(flow.finished(kServer)) << "still without a class";
}

TEST(UdpInspector, AnyCapturedPartOfADatagramIsTaken) {
  const std::vector<Octets> payloads = {sip(), bittorrent(), utp(0x41, 1), server_initial(),
                                        initial(test::server_name_extension("a.example.org"))};
  UdpInspector inspector{measurement(Mode::tstat)};
  for (const Octets& payload : payloads)
    for (size_t captured = 0; captured <= payload.size(); ++captured) {
      test::UdpConversation conversation{40001, 443};
      UdpInspection flow;
      const Octets cut{payload.begin(), payload.begin() + static_cast<std::ptrdiff_t>(captured)};
      inspector.on_datagram(flow, conversation.datagram(kClient, cut, payload.size()), true);
      EXPECT_NE(flow.type[kClient], UdpType::quic);
      inspector.end(flow);
    }
}

TEST(UdpInspector, DatagramsOfKnownQuicArePassedOver) {
  UdpInspection flow;
  flow.rtp.is_barred = 1;
  const auto passes = [&flow](uint32_t packets, uint8_t first) {
    UdpDatagramView view;
    view.packets = packets;
    view.payload = {&first, 1};
    return UdpInspector::passes_over(flow, view);
  };
  flow.type = {UdpType::quic, UdpType::quic};
  EXPECT_TRUE(passes(20, 0x40));
  EXPECT_FALSE(passes(20, 0xc0)) << "a long header";
  EXPECT_FALSE(passes(20, 0x21)) << "uTP begins so";
  EXPECT_FALSE(passes(ObfuscatedKad::kDatagramsMax, 0x40));
  EXPECT_FALSE(passes(kQuicDatagramsMax, 0x40)) << "the last that is looked at";
  flow.rtp.is_barred = 0;
  EXPECT_FALSE(passes(20, 0x40));
}

/// What random datagrams of a flow make of it, some of them beginning as those of known protocols.
struct WhatIsKnown {
  std::array<UdpType, 2> type;
  std::array<uint32_t, 2> ttl_sum;
  std::array<uint8_t, 2> ttl_max;
  std::array<bool, 2> finished;
  auto operator<=>(const WhatIsKnown&) const = default;
};

WhatIsKnown of_random_flow(uint64_t seed, Mode mode, bool asks_first, uint32_t& passed) {
  const std::vector<Octets> known = {sip(), bittorrent(), utp(0x41, 1), utp(0x21, 1),
                                     server_initial()};
  std::mt19937_64 random(seed);
  UdpInspector inspector{measurement(mode)};
  test::UdpConversation conversation{40001, static_cast<uint16_t>(random() % 2 ? 443 : 9999)};
  UdpInspection flow;
  for (int i = 0; i < 90; ++i) {
    Octets payload(random() % 80);
    for (uint8_t& byte : payload)
      byte = static_cast<uint8_t>(random() % 4 ? random() : random() % 5);
    if (random() % 20 == 0) payload = known[random() % known.size()];
    auto view = conversation.datagram(random() % 2, payload);
    view.ttl = static_cast<uint8_t>(random());
    if (asks_first && UdpInspector::passes_over(flow, view))
      ++passed;
    else
      inspector.on_datagram(flow, view, false);
  }
  const WhatIsKnown known_now{
      flow.type,
      flow.rtp.ttl_sum,
      flow.rtp.ttl_max,
      {inspector.finished(flow, kClient, false), inspector.finished(flow, kServer, false)}};
  inspector.end(flow);
  return known_now;
}

TEST(UdpInspector, WhatIsPassedOverWouldHaveChangedNothing) {
  uint32_t passed = 0;
  for (const Mode mode : {Mode::tstat, Mode::corrected})
    for (uint64_t seed = 0; seed < 400; ++seed)
      ASSERT_EQ(of_random_flow(seed, mode, true, passed), of_random_flow(seed, mode, false, passed))
          << "seed " << seed;
  EXPECT_GT(passed, 2'000U);
}

}  // namespace
}  // namespace tapstat::flowstats::layer7
