#include <algorithm>
#include <array>
#include <string_view>

#include "tests/golden/cases.h"
#include "tests/support/conversation.h"
#include "tests/support/tls_messages.h"

namespace tapstat::tests {
namespace {

struct Message {
  bool of_client;
  FrameBytes bytes;
};
using Dialogue = std::vector<Message>;

Message client(const FrameBytes& bytes) { return {true, bytes}; }
Message server(const FrameBytes& bytes) { return {false, bytes}; }
Message client(std::string_view text) { return client(text_bytes(text)); }
Message server(std::string_view text) { return server(text_bytes(text)); }

/// Bytes without order, the same on every machine.
FrameBytes noise(size_t size, uint32_t seed) {
  FrameBytes bytes(size);
  for (uint8_t& byte : bytes) {
    seed = seed * 1'664'525 + 1'013'904'223;
    byte = static_cast<uint8_t>(seed >> 24);
  }
  return bytes;
}

/// `first` and then noise.
FrameBytes behind(const FrameBytes& first, size_t size, uint32_t seed) {
  return join_bytes({first, noise(size - first.size(), seed)});
}

FrameBytes ed2k(uint8_t opcode, size_t size) {
  const auto length = static_cast<uint8_t>(size - 5);
  return behind({0xe3, length, 0, 0, 0, opcode}, size, opcode);
}

FrameBytes bittorrent_handshake(uint32_t seed) {
  return behind(text_bytes("\x13"
                           "BitTorrent protocol"),
                68, seed);
}

FrameBytes client_hello() {
  return client_hello_record({.session_id = noise(32, 1),
                              .extensions = {hello_extension::server_name("www.tls.example"),
                                             hello_extension::versions({0x0304, 0x0303}),
                                             hello_extension::alpn({"h2", "http/1.1"})}});
}

FrameBytes server_hello() {
  return server_hello_record(
      {.session_id = noise(32, 1), .extensions = {hello_extension::version(0x0304)}});
}

/// Client port 40001 + place in the list.
std::vector<Dialogue> dialogues() {
  return {
      {client("GET /index.html HTTP/1.1\r\nHost: www.one.example\r\n\r\n"),
       server("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")},
      {server("220 mail.example ESMTP ready\r\n"), client("EHLO client.example\r\n"),
       server("250 mail.example\r\n")},
      {server("+OK POP3 server ready\r\n"), client("USER someone\r\n"), server("+OK go on\r\n")},
      {server("* OK IMAP4rev1 ready\r\n"), client("a001 LOGIN someone secret\r\n"),
       server("a001 OK logged in\r\n")},
      {server("SSH-2.0-server_1.0\r\n"), client("SSH-2.0-client_1.0\r\n")},
      {client(client_hello()), server(server_hello()), client(application_record(100)),
       server(application_record(200))},
      {client(bittorrent_handshake(2)), server(bittorrent_handshake(3))},
      {client(ed2k(0x01, 60)), server(ed2k(0x4c, 70)), client(ed2k(0x46, 200)),
       server(ed2k(0x4e, 40))},
      {client(noise(200, 4)), server(noise(300, 5))},
      {client(behind({3}, 1537, 6)), server(behind({3}, 1537, 7)), client(noise(1536, 8)),
       server(noise(1536, 9))},
      {client(noise(11, 10)), server(noise(55, 11))},
      {client("GET /announce?info_hash=0123456789&port=6881 HTTP/1.0\r\nHost: t.example\r\n\r\n"),
       server("HTTP/1.0 200 OK\r\n\r\nd8:intervali1800ee")}};
}

/// How each message is sent.
struct Manner {
  size_t first_piece = 0;  // bytes in a segment of their own; 0: the message is not cut
  bool first_is_late = false;
  bool is_repeated = false;
};

void send(Conversation& talk, const Message& message, const Manner& manner,
          flowstats::Duration at) {
  Speaker& sender = message.of_client ? talk.client() : talk.server();
  Speaker& receiver = message.of_client ? talk.server() : talk.client();
  const size_t size = message.bytes.size();
  const size_t cut = manner.first_piece == 0 ? size : std::min(manner.first_piece, size);
  const auto middle = message.bytes.begin() + static_cast<std::ptrdiff_t>(cut);
  const auto later = [at](int64_t us) { return flowstats::Duration{at.us + us}; };
  const bool is_cut = cut < size;
  const int copies = manner.is_repeated ? 2 : 1;
  const uint32_t start = sender.offset();
  for (int copy = 0; copy < copies; ++copy) {
    Sentence& first = sender.repeats(start, cut).bytes({message.bytes.begin(), middle});
    first.at(later(copy * 5000 + (manner.first_is_late && is_cut ? 2000 : 0)));
    if (!is_cut) first.push();
    if (is_cut) {
      sender.repeats(start + static_cast<uint32_t>(cut), size - cut)
          .bytes({middle, message.bytes.end()})
          .at(later(copy * 5000 + 1000))
          .push();
    }
  }
  receiver.acks().at(later(20'000));
}

std::vector<TimedFrame> told(const Manner& manner, bool other_side_first = false) {
  std::vector<std::vector<TimedFrame>> captures;
  uint16_t port = 40001;
  for (Dialogue& dialogue : dialogues()) {
    if (other_side_first) std::swap(dialogue[0], dialogue[1]);
    Conversation talk({kStart.us + (port - 40001) * int64_t{2'000'000}});
    talk.client().port(port++);
    talk.handshake();
    flowstats::Duration at = 100_ms;
    for (const Message& message : dialogue) {
      send(talk, message, manner, at);
      at.us += 50'000;
    }
    talk.close(at);
    captures.push_back(talk.frames());
  }
  return merged(std::move(captures));
}

std::vector<TimedFrame> whole() { return told({}); }
std::vector<TimedFrame> other_side_first() { return told({}, true); }
std::vector<TimedFrame> split() { return told({.first_piece = 12}); }
std::vector<TimedFrame> cut_words() { return told({.first_piece = 3}); }
std::vector<TimedFrame> late() { return told({.first_piece = 12, .first_is_late = true}); }
std::vector<TimedFrame> repeated() { return told({.is_repeated = true}); }

}  // namespace

std::vector<GoldenCase> layer7_cases() {
  return {{"layer7_whole", whole}, {"layer7_other_first", other_side_first},
          {"layer7_split", split}, {"layer7_cut_words", cut_words},
          {"layer7_late", late},   {"layer7_repeated", repeated}};
}

}  // namespace tapstat::tests
