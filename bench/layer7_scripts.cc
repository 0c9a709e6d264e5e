#include "bench/layer7_scripts.h"

#include <algorithm>
#include <string>

#include "bench/random.h"
#include "tests/support/dns_builder.h"
#include "tests/support/quic_packet.h"
#include "tests/support/tls_messages.h"

namespace tapstat::bench {
namespace {

using Bytes = std::vector<uint8_t>;

constexpr size_t kSegment = 1400;
constexpr uint8_t kHandshake = 22, kChangeCipher = 20, kApplicationData = 23;
constexpr uint8_t kCertificate = 11, kKeyExchange = 12, kServerDone = 14, kClientKeyExchange = 16;
const std::string kName = "static.content.example.org";

/// As from a cipher; never the same twice in a script.
Bytes noise(size_t size, uint64_t seed) {
  Random random(seed);
  Bytes bytes(size);
  for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(random.below(256));
  return bytes;
}

enum class Kept : uint8_t { whole, start };

/// A message of `side` in full segments, PSH on the last; its peer acknowledges every other.
void say(std::vector<FlowScript::Line>& lines, uint8_t side, const Bytes& bytes, Kept kept) {
  size_t unacknowledged = 0;
  for (size_t at = 0; at < bytes.size(); at += kSegment) {
    const size_t length = std::min(kSegment, bytes.size() - at);
    const size_t captured =
        kept == Kept::whole ? length : std::min(length, Layer7Traffic::kBulkCaptured);
    const auto first = bytes.begin() + static_cast<std::ptrdiff_t>(at);
    const bool last = at + length == bytes.size();
    lines.push_back({side,
                     static_cast<uint8_t>(last ? kPsh | kAck : kAck),
                     static_cast<uint16_t>(length),
                     {first, first + static_cast<std::ptrdiff_t>(captured)}});
    if (++unacknowledged == 2) {
      lines.push_back({static_cast<uint8_t>(1 - side), kAck, 0, {}});
      unacknowledged = 0;
    }
  }
}

FlowScript tcp(uint16_t server_port) {
  FlowScript flow;
  flow.server_port = server_port;
  flow.opening = {{0, kSyn, 0, {}}, {1, kSyn | kAck, 0, {}}, {0, kAck, 0, {}}};
  return flow;
}

void add_datagram(std::vector<FlowScript::Line>& lines, uint8_t side, const Bytes& bytes,
                  Kept kept) {
  const size_t captured = kept == Kept::whole ? bytes.size() : Layer7Traffic::kBulkCaptured;
  lines.push_back({side,
                   0,
                   static_cast<uint16_t>(bytes.size()),
                   {bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(
                                                       std::min(captured, bytes.size()))}});
}

Bytes application_data(size_t size, uint64_t seed) {
  return tests::tls_record(kApplicationData, noise(size, seed));
}

/// A request and three full records.
void add_tls_round(FlowScript& flow) {
  constexpr size_t kRecordMax = 16'384;
  say(flow.round, 0, application_data(420, 1), Kept::start);
  for (uint64_t seed = 2; seed < 5; ++seed)
    say(flow.round, 1, application_data(kRecordMax, seed), Kept::start);
}

Bytes change_cipher() { return tests::tls_record(kChangeCipher, {1}); }

Bytes hello_of_server(bool is_tls13) {
  namespace extension = tests::hello_extension;
  tests::ServerHelloFields fields;
  fields.session_id = noise(32, 7);
  if (is_tls13) {
    fields.extensions = {extension::any(51, noise(36, 8)), extension::version(0x0304)};
  } else {
    fields.extensions = {extension::any(0xff01, {0}), extension::alpn({"h2"})};
  }
  return tests::server_hello_record(fields);
}

}  // namespace

namespace message {

std::vector<uint8_t> client_hello() {
  namespace extension = tests::hello_extension;
  tests::ClientHelloFields fields;
  fields.session_id = noise(32, 7);
  fields.cipher_suites = {0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9,
                          0xcca8, 0xc013, 0xc014, 0x009c, 0x009d, 0x002f, 0x0035};
  fields.extensions = {
      extension::server_name(kName),
      extension::any(23),
      extension::any(0xff01, {0}),
      extension::any(10, tests::with_length(2, tests::numbers_16({29, 23, 24}))),
      extension::any(11, {1, 0}),
      extension::alpn({"h2", "http/1.1"}),
      extension::signature_algorithms({0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0806}),
      extension::any(51, tests::with_length(2, noise(36, 9))),
      extension::any(45, {1, 1}),
      extension::versions({0x0304, 0x0303}),
      extension::padding(160)};
  return tests::client_hello_record(fields);
}

std::vector<uint8_t> http_request() {
  return tests::text_bytes(
      "GET /assets/images/2026/front_page_large.jpg?width=1280&quality=80 HTTP/1.1\r\n"
      "Host: static.content.example.org\r\n"
      "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0\r\n"
      "Accept: image/avif,image/webp,image/png,image/svg+xml,image/*;q=0.8,*/*;q=0.5\r\n"
      "Accept-Language: en-US,en;q=0.5\r\nAccept-Encoding: gzip, deflate\r\n"
      "Connection: keep-alive\r\nReferer: http://www.example.org/index.html\r\n\r\n");
}

std::vector<uint8_t> http_response_head() {
  return tests::text_bytes(
      "HTTP/1.1 200 OK\r\nServer: nginx\r\nContent-Type: image/jpeg\r\n"
      "Content-Length: 16384\r\nConnection: keep-alive\r\nCache-Control: max-age=86400\r\n\r\n");
}

std::vector<uint8_t> quic_initial() {
  return test::client_initial(
      {}, test::crypto_frame(0, test::client_hello(test::server_name_extension(kName))));
}

std::vector<uint8_t> dns_answer() {
  tests::DnsBuilder dns(1, tests::kDnsAnswer, {1, 3, 0, 0});
  dns.question(kName, 1)
      .record(kName, 5, tests::DnsBuilder::name_bytes("edge.example.net"))
      .record("edge.example.net", 1, {198, 51, 100, 1})
      .record("edge.example.net", 1, {198, 51, 100, 2});
  return dns.bytes();
}

}  // namespace message

namespace script {

FlowScript tls12() {
  FlowScript flow = tcp(443);
  say(flow.opening, 0, message::client_hello(), Kept::whole);
  const Bytes certificate = tests::certificate_der(
      {{"*.content.example.org"}, {"*.content.example.org", "content.example.org"}});
  using tests::handshake_message;
  say(flow.opening, 1,
      tests::join_bytes(
          {hello_of_server(false),
           tests::tls_record(
               kHandshake,
               handshake_message(kCertificate,
                                 tests::certificate_body({certificate, certificate, certificate}))),
           tests::tls_record(kHandshake, handshake_message(kKeyExchange, noise(330, 10))),
           tests::tls_record(kHandshake, handshake_message(kServerDone, {}))}),
      Kept::whole);
  say(flow.opening, 0,
      tests::join_bytes(
          {tests::tls_record(kHandshake, handshake_message(kClientKeyExchange, noise(66, 11))),
           change_cipher(), tests::tls_record(kHandshake, noise(40, 12))}),
      Kept::whole);
  say(flow.opening, 1,
      tests::join_bytes({change_cipher(), tests::tls_record(kHandshake, noise(40, 13))}),
      Kept::whole);
  add_tls_round(flow);
  return flow;
}

FlowScript tls13() {
  FlowScript flow = tcp(443);
  say(flow.opening, 0, message::client_hello(), Kept::whole);
  say(flow.opening, 1,
      tests::join_bytes({hello_of_server(true), change_cipher(), application_data(2'600, 14)}),
      Kept::whole);
  say(flow.opening, 0, tests::join_bytes({change_cipher(), application_data(53, 15)}), Kept::whole);
  add_tls_round(flow);
  return flow;
}

FlowScript http() {
  FlowScript flow = tcp(80);
  say(flow.round, 0, message::http_request(), Kept::whole);
  const Bytes head = message::http_response_head();
  const Bytes answer = tests::join_bytes({head, noise(16'384, 16)});
  say(flow.round, 1, answer, Kept::start);
  auto& first = *std::find_if(flow.round.begin(), flow.round.end(),
                              [](const FlowScript::Line& line) { return line.side == 1; });
  first.payload.assign(answer.begin(), answer.begin() + first.length);
  return flow;
}

FlowScript unknown_tcp() {
  FlowScript flow = tcp(9999);
  say(flow.round, 0, noise(300, 17), Kept::start);
  say(flow.round, 1, noise(16'000, 18), Kept::start);
  return flow;
}

FlowScript unknown_udp() {
  FlowScript flow;
  flow.udp = true;
  flow.server_port = 9999;
  for (uint64_t seed = 20; seed < 40; ++seed)
    add_datagram(flow.round, seed % 2, noise(200 + 10 * (seed % 7), seed), Kept::start);
  return flow;
}

FlowScript dns() {
  FlowScript flow;
  flow.udp = true;
  flow.server_port = 53;
  tests::DnsBuilder query(1, tests::kDnsQuery, {});
  query.question(kName, 1);
  add_datagram(flow.opening, 0, query.bytes(), Kept::whole);
  add_datagram(flow.opening, 1, message::dns_answer(), Kept::whole);
  return flow;
}

FlowScript quic() {
  constexpr uint8_t kShortHeader = 0x40;
  FlowScript flow;
  flow.udp = true;
  flow.server_port = 443;
  add_datagram(flow.opening, 0, message::quic_initial(), Kept::whole);
  for (int i = 0; i < 2; ++i)
    add_datagram(flow.opening, 1,
                 test::client_initial({.destination_id = {0x5a, 0x01}, .source_id = {9, 9, 9}}, {}),
                 Kept::whole);
  for (uint64_t seed = 40; seed < 60; ++seed) {
    Bytes packet = noise(seed % 4 == 0 ? 60 : 1200, seed);
    packet[0] = static_cast<uint8_t>(kShortHeader | (packet[0] & 0x3f));
    add_datagram(flow.round, seed % 4 != 0, packet, Kept::start);
  }
  return flow;
}

}  // namespace script
}  // namespace tapstat::bench
