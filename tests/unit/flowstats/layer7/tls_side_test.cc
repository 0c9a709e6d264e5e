#include "flowstats/layer7/tls_side.h"

#include <algorithm>
#include <numeric>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "flowstats/groups/layer7.h"
#include "tests/support/tcp_view.h"
#include "tests/support/tls_messages.h"

namespace tapstat::flowstats::layer7 {
namespace {

namespace extension = tests::hello_extension;
using tests::join_bytes, tests::tls_record, tests::TlsBytes;

/// ServerHello and a part of the Certificate in one record, the rest in a second; then what follows
/// in TLS 1.2.
TlsBytes server_stream() {
  const TlsBytes messages =
      join_bytes({tests::handshake_message(
                      2, tests::server_hello_body({.extensions = {extension::alpn({"h2"})}})),
                  tests::handshake_message(
                      11, tests::certificate_body(
                              {tests::certificate_der({.common_names = {"www.cert.example"}}),
                               tests::certificate_der({.common_names = {"issuer.cert.example"}})})),
                  tests::handshake_message(14, {})});
  const auto middle = messages.begin() + 200;
  return join_bytes({tls_record(22, {messages.begin(), middle}),
                     tls_record(22, {middle, messages.end()}), tls_record(20, {1}),
                     tls_record(22, TlsBytes(40, 0x0b)), tests::application_record(30)});
}

class TlsSideTest : public ::testing::Test {
 protected:
  struct Segment {
    size_t from, size;
  };
  void begin(uint32_t offset = 0) {
    side_.end(buffers_);
    side_ = {};
    findings_ = {};
    side_.begin(offset, buffers_);
  }
  void give(const TlsBytes& stream, Segment segment, size_t side = kServer) {
    const TlsBytes bytes(stream.begin() + static_cast<std::ptrdiff_t>(segment.from),
                         stream.begin() + static_cast<std::ptrdiff_t>(segment.from + segment.size));
    side_.on_segment(tests::tcp_view({side, static_cast<uint32_t>(segment.from), ++at_ms_}, bytes),
                     true, findings_, buffers_);
  }
  void expect_all_of_server(const TlsBytes& stream, const std::string& how) {
    EXPECT_TRUE(side_.hello_seen()) << how;
    EXPECT_EQ(findings_.common_name.view(), "www.cert.example") << how;
    EXPECT_EQ(findings_.protocols[kServer], 128) << how;
    EXPECT_EQ(findings_.server_version, 0x0303) << how;
    EXPECT_TRUE(side_.finished() && side_.application_data().seen) << how;
    EXPECT_EQ(side_.application_data().offset, stream.size() - 35) << how;
    EXPECT_EQ(buffers_.in_use(), 0U) << how;
  }

  TlsBuffers buffers_{8};
  TlsSide side_;
  TlsFindings findings_;
  int64_t at_ms_ = 0;
};

TEST_F(TlsSideTest, AnySizeOfSegments) {
  const TlsBytes stream = server_stream();
  for (size_t size = 1; size <= stream.size(); size += size < 20 ? 1 : 97) {
    begin();
    for (size_t at = 0; at < stream.size(); at += size) {
      give(stream, {at, std::min(size, stream.size() - at)});
    }
    expect_all_of_server(stream, "segments of " + std::to_string(size));
  }
}

TEST_F(TlsSideTest, AnyOrderAndRepeatedSegments) {
  const TlsBytes stream = server_stream();
  const size_t third = stream.size() / 3;
  const std::vector<Segment> segments = {
      {0, third}, {third, third}, {third / 2, third}, {2 * third, stream.size() - 2 * third}};
  std::vector<size_t> order(segments.size());
  std::iota(order.begin(), order.end(), size_t{0});
  do {
    begin();
    for (const size_t i : order) give(stream, segments[i]);
    expect_all_of_server(stream, "in another order");
  } while (std::next_permutation(order.begin(), order.end()));
}

TEST_F(TlsSideTest, EncryptedMessagesAreNotRead) {
  // What follows a ServerHello of TLS 1.3 cannot be a Certificate that we can read.
  const TlsBytes stream =
      join_bytes({tests::server_hello_record({.extensions = {extension::version(0x0304)}}),
                  tls_record(22, tests::handshake_message(
                                     11, tests::certificate_body({tests::certificate_der(
                                             {.common_names = {"www.cert.example"}})})))});
  begin();
  give(stream, {0, stream.size()});
  EXPECT_EQ(findings_.server_version, 0x0304);
  EXPECT_TRUE(findings_.common_name.empty());
}

TEST_F(TlsSideTest, HelloAfterARetryCounts) {
  const TlsBytes stream = join_bytes(
      {tests::server_hello_record({.is_retry = true, .extensions = {extension::version(0x0304)}}),
       tls_record(20, {1}),
       tests::server_hello_record(
           {.extensions = {extension::version(0x0304), extension::any(41, {0, 0})}})});
  begin();
  give(stream, {0, stream.size()});
  EXPECT_EQ(findings_.session, tls_session::kHelloRetry | tls_session::kServerPsk);
}

TEST_F(TlsSideTest, MissingBytesLeaveStartsOfSegments) {
  const TlsBytes hello = tests::server_hello_record({});
  const TlsBytes data = tests::application_record(10);
  const TlsBytes stream = join_bytes({hello, data});
  begin();
  TcpSegmentView cut = tests::tcp_view({kServer, 0, 1}, stream);
  cut.payload = cut.payload.first(20);
  cut.length = static_cast<int32_t>(hello.size());
  side_.on_segment(cut, true, findings_, buffers_);
  EXPECT_TRUE(side_.hello_seen());
  EXPECT_EQ(findings_.server_version, 0x0303);
  give(stream, {hello.size(), data.size()});
  EXPECT_TRUE(side_.finished());
  EXPECT_EQ(side_.application_data().offset, hello.size());
}

TEST_F(TlsSideTest, GuessAboutEarlySegmentIsTakenBack) {
  // The second segment looks like application data but lies in the middle of a record.
  const TlsBytes data = tests::application_record(10);
  const TlsBytes stream = join_bytes({tls_record(21, join_bytes({TlsBytes(10, 0), data})), data});
  begin();
  give(stream, {15, data.size()});
  EXPECT_EQ(side_.application_data().offset, 15U);
  EXPECT_FALSE(side_.finished()) << "the hole may be filled";
  give(stream, {0, 15});
  EXPECT_FALSE(side_.application_data().seen);
  give(stream, {15 + data.size(), data.size()});
  EXPECT_EQ(side_.application_data().offset, 15 + data.size());
}

TEST_F(TlsSideTest, TimeOfEarlyApplicationDataIsItsOwn) {
  const TlsBytes hello = tests::server_hello_record({});
  const TlsBytes stream = join_bytes({hello, tests::application_record(10)});
  begin();
  at_ms_ = 0;
  give(stream, {hello.size(), 15});
  give(stream, {0, hello.size()});
  EXPECT_TRUE(side_.finished());
  EXPECT_EQ(side_.application_data().since_start, milliseconds(1));
}

TEST_F(TlsSideTest, OtherBytesEndIt) {
  begin();
  give(TlsBytes(10, 'x'), {0, 10});
  EXPECT_TRUE(side_.finished());
  EXPECT_FALSE(side_.hello_seen() || side_.application_data().seen);
}

TEST_F(TlsSideTest, ServerHelloIsFoundAgainAfterAHole) {
  const TlsBytes hello = tests::server_hello_record({});
  begin();
  const TlsBytes far(TlsBuffers::kBytes + hello.size(), 0);
  give(far, {TlsBuffers::kBytes, 1});  // more than can wait
  give(join_bytes({TlsBytes(500, 0), hello}), {500, hello.size()});
  EXPECT_TRUE(side_.hello_seen());
  EXPECT_EQ(findings_.server_version, 0x0303);
}

TEST_F(TlsSideTest, ClientStopsReadingMessagesAfterItsHello) {
  const TlsBytes first =
      tests::client_hello_record({.extensions = {extension::server_name("a.bc")}});
  const TlsBytes second =
      tests::client_hello_record({.extensions = {extension::server_name("d.ef")}});
  begin();
  give(join_bytes({first, second}), {0, first.size() + second.size()}, kClient);
  EXPECT_EQ(findings_.server_name.view(), "a.bc");
  EXPECT_TRUE(findings_.fingerprint.has_ja4);
}

}  // namespace
}  // namespace tapstat::flowstats::layer7
