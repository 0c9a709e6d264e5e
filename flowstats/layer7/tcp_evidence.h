/// What each side of a TCP connection has said that belongs to a protocol, in any order and from
/// any point of the stream: corrected mode's way to know what it is.
///
/// A protocol is certain when both sides have spoken it. State of one flow, trivially copyable,
/// owned by its worker. Sources: RFC 9110, RFC 9112, RFC 9113 and, for the upgrade to h2c, RFC 7540
/// section 3.2 (HTTP), RFC 2326 (RTSP), RFC 5321 (SMTP), RFC 1939 (POP3), RFC 9051 (IMAP), RFC 4253
/// (SSH), RFC 8446 (TLS), RFC 6120 (XMPP).
#pragma once

#include <array>
#include <cstdint>

#include "flowstats/layer7/http_status.h"
#include "flowstats/layer7/inspection.h"
#include "flowstats/layer7/kind.h"
#include "flowstats/layer7/tcp_words.h"

namespace tapstat::flowstats::layer7 {

class TcpEvidence {
 public:
  /// A segment with payload of a connection that is `known`; returns the connection bits that both
  /// sides have spoken, of those that it may be beside what it is.
  uint32_t on_segment(const TcpSegmentView& view, uint32_t known);

  /// The client's segment begins a TLS handshake, if only with its first bytes, and this connection
  /// is one that may: nothing else is known of it, or a mail or XMPP session that can turn to TLS,
  /// or a tunnel of HTTP CONNECT.
  [[nodiscard]] bool begins_tls(const TcpSegmentView& view, uint32_t known) const;

  /// No further segment can tell more of a connection that is `known`.
  [[nodiscard]] bool is_over(uint32_t known) const;

  /// on_segment() would find nothing in a payload that begins like this, nor begins_tls(), of a
  /// connection that is `known`.
  [[nodiscard]] bool passes_over(ByteRange payload, uint32_t known) const {
    // Videos, frames of HTTP/2, records of TLS.
    constexpr FirstBytes kVideo{'F', 0, 0x12}, kFirst{0, 0x12, 0x14, 0x15, 0x16, 0x17};
    const uint8_t first = payload.u8(0);
    if (may_begin_word(payload)) return false;
    if (is_settled_http(known)) return !kVideo.has(first);
    return !begins_like_text(payload) && !kFirst.has(first) && !may_begin_client_hello(payload);
  }

  /// The server has answered 101: what follows is another protocol (RFC 9110 section 15.2.2).
  [[nodiscard]] bool http_has_ended() const { return switched_; }
  [[nodiscard]] uint8_t http_type() const { return http_type_; }
  [[nodiscard]] const HttpStatus& http_status() const { return http_status_; }

 private:
  /// HTTP and nothing beside it, as long as no tunnel is asked for.
  [[nodiscard]] bool is_settled_http(uint32_t known) const {
    return known == connection::kHttp && !tunnel_;
  }
  [[nodiscard]] uint32_t spoken_in(const TcpSegmentView& view) const;
  void note_http(const TcpSegmentView& view);
  [[nodiscard]] uint32_t may_become(uint32_t known) const;

  std::array<uint32_t, 2> spoken_{};  // connection bits of each side
  uint8_t http_type_ = 0;
  HttpStatus http_status_;
  bool tunnel_ = false;    // the latest request was CONNECT
  bool switched_ = false;  // a response was 101
  bool to_http2_ = false;  // and it named h2c
};

}  // namespace tapstat::flowstats::layer7
