#include "flowstats/layer7/tcp_evidence.h"

#include <algorithm>
#include <string_view>

#include "flowstats/layer7/http_type.h"
#include "flowstats/layer7/kind.h"
#include "flowstats/layer7/tcp_words.h"
#include "flowstats/layer7/tls_follower.h"

namespace tapstat::flowstats::layer7 {
namespace {

/// Sessions that can turn to TLS (RFC 3207, RFC 2595, RFC 6120 section 5).
constexpr uint32_t kMayTurn =
    connection::kSmtp | connection::kPop3 | connection::kImap | connection::kXmpp;

/// Guesses by sizes, which a name replaces, and what the words of a request to a tracker say, which
/// is HTTP as well.
constexpr uint32_t kNoName =
    connection::kObfuscatedEd2k | connection::kMse | connection::kRtmp | connection::kP2p;

template <class... Words>
bool has_one_command(ByteRange payload, Words... words) {
  return (has_command(payload, words) || ...);
}

/// A reply of SMTP: three digits and a blank, or a hyphen when more lines follow.
bool is_smtp_reply(ByteRange payload) {
  const bool code = has_one_of(payload, "220", "250");
  return code && payload.has(3, 1) && (payload.u8(3) == ' ' || payload.u8(3) == '-');
}

bool is_imap_command(ByteRange payload) {
  const size_t tag = imap_tag_size(payload);
  if (tag == 0) return false;
  constexpr std::string_view kCommands[] = {"CAPABILITY", "LOGIN",  "AUTHENTICATE", "STARTTLS",
                                            "NOOP",       "LOGOUT", "SELECT",       "EXAMINE",
                                            "ID",         "ENABLE", "NAMESPACE",    "LIST"};
  for (const std::string_view command : kCommands) {
    if (has_command(payload, command, tag + 1)) return true;
  }
  return false;
}

/// Where the line behind that of `from` begins; the size of the payload when none does.
size_t next_line(ByteRange payload, size_t from) {
  const ByteRange rest = payload.from(from);
  const auto* end = std::find(rest.data(), rest.data() + rest.size(), uint8_t{'\n'});
  const auto line = static_cast<size_t>(end - rest.data());
  return std::min(from + line + 1, payload.size());
}

bool is_imap_greeting(ByteRange payload) {
  return has_word_any_case(payload, "* OK") || has_word_any_case(payload, "* PREAUTH");
}

/// Words that are the same on both sides.
uint32_t words_of_either(ByteRange payload) {
  uint32_t spoken = 0;
  if (has_word(payload, "YMSG")) spoken |= connection::kYmsg;
  if (has_word(payload, "1QTV")) spoken |= connection::kFacebookZero;
  if (is_ssh_version(payload)) spoken |= connection::kSsh;
  if (has_word(payload, "<") && first_line_has(payload, "<stream:stream")) {
    spoken |= connection::kXmpp;
  }
  if (has_one_of(payload, "VER ", "USR ", "ANS ", "IRO ")) spoken |= connection::kMsn;
  return spoken;
}

/// `answered`: what the server has spoken.
uint32_t words_of_client(ByteRange payload, uint32_t answered) {
  uint32_t spoken = words_of_either(payload);
  if (first_line_has(payload, " RTSP/")) {
    spoken |= connection::kRtsp;
  } else if (http_method(payload) != HttpMethod::none) {
    spoken |= connection::kHttp | connection::kIcy;
  }
  if (is_http2_preface(payload)) spoken |= connection::kHttp2;
  if (has_one_command(payload, "HELO", "EHLO", "LHLO") ||
      has_word_any_case(payload, "MAIL FROM:") || has_word_any_case(payload, "RCPT TO:")) {
    spoken |= connection::kSmtp;
  }
  // QUIT and AUTH are words of many protocols: they count behind POP3's greeting only.
  const bool greeted = (answered & connection::kPop3) != 0;
  if (has_one_command(payload, "USER", "APOP", "CAPA", "STLS") ||
      (greeted && has_one_command(payload, "QUIT", "AUTH"))) {
    spoken |= connection::kPop3;
  }
  const bool imap_greeted = (answered & connection::kImap) != 0;
  if (is_imap_command(payload) || (imap_greeted && imap_tag_size(payload) != 0)) {
    spoken |= connection::kImap;
  }
  return spoken;
}

/// `asked`: what the client has spoken.
uint32_t words_of_server(ByteRange payload, uint32_t asked) {
  uint32_t spoken = words_of_either(payload);
  if (has_word(payload, "HTTP/")) spoken |= connection::kHttp;
  if (has_word(payload, "RTSP/")) spoken |= connection::kRtsp;
  if (has_word(payload, "ICY ")) spoken |= connection::kIcy;
  if (is_smtp_reply(payload)) spoken |= connection::kSmtp;
  if (has_one_command(payload, "+OK", "-ERR")) spoken |= connection::kPop3;
  const bool asked_imap = (asked & connection::kImap) != 0;
  if (is_imap_greeting(payload) || (asked_imap && is_imap_answer(payload))) {
    spoken |= connection::kImap;
  }
  return spoken;
}

bool switches_protocols(ByteRange payload) {
  return has_word(payload, "HTTP/1.1 101") && payload.has(12, 1) && !is_digit(payload.u8(12));
}

/// The field of the response names one protocol, the one that follows. A client that did not offer
/// it would not be sent it.
bool upgrades_to_http2(ByteRange response) {
  constexpr std::string_view kField = "UPGRADE:", kHttp2 = "H2C";
  for (size_t line = next_line(response, 0); line < response.size();
       line = next_line(response, line)) {
    if (response.u8(line) == '\r' || response.u8(line) == '\n') return false;
    if (!has_word_any_case(response, kField, line)) continue;
    size_t value = line + kField.size();
    while (response.has(value, 1) && (response.u8(value) == ' ' || response.u8(value) == '\t'))
      ++value;
    return has_command(response, kHttp2, value);
  }
  return false;
}

/// The first bytes of a ClientHello in a segment that is too short to tell.
bool is_start_of_client_hello(ByteRange payload) {
  constexpr uint8_t kHandshake = 22, kMajorVersion = 3, kLengthMax = 1 << 6, kClientHello = 1;
  constexpr size_t kTooShort = 7;  // bytes
  if (payload.empty() || payload.size() >= kTooShort || payload.u8(0) != kHandshake) return false;
  return (payload.size() <= 1 || payload.u8(1) == kMajorVersion) &&
         (payload.size() <= 2 || payload.u8(2) <= kMajorVersion) &&
         (payload.size() <= 3 || payload.u8(3) <= kLengthMax) &&
         (payload.size() <= 5 || payload.u8(5) == kClientHello);
}

bool is_tls(const TcpSegmentView& view) {
  const bool hello = view.side == kClient ? TlsFollower::starts_client_hello(view.payload)
                                          : TlsFollower::starts_server_hello(view.payload);
  return hello || are_tls_records(view.payload);
}

}  // namespace

uint32_t TcpEvidence::spoken_in(const TcpSegmentView& view) const {
  const ByteRange payload = view.payload;
  const bool from_client = view.side == kClient;
  if (begins_like_text(payload)) {
    return from_client ? words_of_client(payload, spoken_[kServer])
                       : words_of_server(payload, spoken_[kClient]);
  }
  uint32_t spoken = is_tls(view) ? connection::kTls : 0;
  if (!from_client && is_http2_settings(payload)) spoken |= connection::kHttp2;
  return spoken;
}

void TcpEvidence::note_http(const TcpSegmentView& view) {
  if (view.side == kServer) {
    if (http_status_.size == 0 && has_word(view.payload, "HTTP/"))
      http_status_.read(view.payload, Mode::corrected);
    if (http_type_ == http_type::kGet && starts_video(view.payload)) http_type_ = http_type::kVideo;
    if (switches_protocols(view.payload)) {
      switched_ = true;
      to_http2_ = upgrades_to_http2(view.payload);
    }
    return;
  }
  const HttpMethod method = http_method(view.payload);
  if (method == HttpMethod::none) return;
  tunnel_ = method == HttpMethod::connect;
  http_type_ = http_type_ == 0 ? http_type_of_request(method, view.payload)
                               : http_type_after(http_type_, method, view.payload);
}

/// What a protocol carries is no evidence of another: a mail may quote anything.
uint32_t TcpEvidence::may_become(uint32_t known) const {
  const uint32_t named = known & ~kNoName;
  if (named == 0) return ~uint32_t{0};
  if ((named & connection::kHttp) != 0 && !tunnel_) return connection::kHttp;
  return (named & kMayTurn) != 0 || tunnel_ ? connection::kTls : 0;
}

uint32_t TcpEvidence::on_segment(const TcpSegmentView& view, uint32_t known) {
  if (!is_settled_http(known)) spoken_[view.side] |= spoken_in(view);
  if ((known & kMayTurn) == 0) note_http(view);
  const uint32_t both = spoken_[kClient] & spoken_[kServer] & may_become(known);
  return to_http2_ && (both & connection::kHttp) != 0 ? both | connection::kHttp2 : both;
}

bool TcpEvidence::begins_tls(const TcpSegmentView& view, uint32_t known) const {
  if (view.side != kClient) return false;
  const bool hello = TlsFollower::starts_client_hello(view.payload);
  if (!hello && !is_start_of_client_hello(view.payload)) return false;
  return (may_become(known) & connection::kTls) != 0;
}

bool TcpEvidence::is_over(uint32_t known) const {
  constexpr uint32_t kFinal = connection::kSsh | connection::kRtsp | connection::kIcy |
                              connection::kMsn | connection::kYmsg | connection::kFacebookZero |
                              connection::kHttp2;
  if ((known & kFinal) != 0) return true;
  if ((known & connection::kHttp) == 0) return false;
  return switched_ || (!http_type_is_open(http_type_) && !tunnel_);
}

}  // namespace tapstat::flowstats::layer7
