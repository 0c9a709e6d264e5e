#include "flowstats/layer7/tcp_states.h"

#include "flowstats/layer7/http_type.h"
#include "flowstats/layer7/kind.h"
#include "flowstats/layer7/tcp_words.h"
#include "flowstats/layer7/tls_follower.h"

namespace tapstat::flowstats::layer7 {
namespace {

constexpr uint32_t kAnswerPacketsMax = 20;

/// Which side must speak next, and until which packet.
struct Awaited {
  bool client = true, server = true;
  uint32_t packets_max = kStartPacketsMax;
};

Awaited awaited_in(TcpState state) {
  switch (state) {
    case TcpState::http_response: return {true, true, kHttpPacketsMax};
    case TcpState::http_command:
    case TcpState::rtsp_command:
    case TcpState::msn_command:
    case TcpState::imap_command:
    case TcpState::facebook_zero_open: return {false, true, kAnswerPacketsMax};
    case TcpState::smtp_open:
    case TcpState::pop3_open:
    case TcpState::imap_open:
    case TcpState::ssh_open: return {true, false, kAnswerPacketsMax};
    default: return {};
  }
}

bool is_msn(ByteRange payload) { return has_one_of(payload, "VER ", "USR ", "ANS ", "IRO "); }

bool is_facebook_zero(ByteRange payload) { return has_word(payload, "1QTV"); }

}  // namespace

uint32_t TcpStates::certain(uint32_t bit) {
  state_ = TcpState::stopped;
  return bit;
}

uint32_t TcpStates::on_segment(const TcpSegmentView& view) {
  if (view.payload.size() < kWordSegmentMin) return 0;
  const TcpState before = state_;
  uint32_t bit = 0;
  if (state_ == TcpState::start) {
    if (has_word(view.payload, "YMSG")) return certain(connection::kYmsg);
    if (has_word(view.payload, "<str")) return certain(connection::kXmpp);
    start(view);
  } else if (state_ == TcpState::http_response) {
    if (continues_http(view)) return 0;
  } else if (view.side == kClient) {
    bit = on_client(view.payload);
  } else {
    bit = on_server(view.payload);
  }
  if (state_ != before) return bit;
  const Awaited awaited = awaited_in(state_);
  const bool counts = view.side == kClient ? awaited.client : awaited.server;
  if (counts && view.packets > awaited.packets_max) state_ = TcpState::stopped;
  return bit;
}

void TcpStates::start(const TcpSegmentView& view) {
  if (view.side == kClient) {
    start_of_client(view.payload);
  } else {
    start_of_server(view.payload);
  }
}

void TcpStates::start_of_client(ByteRange payload) {
  const HttpMethod method = tstat_http_method(payload);
  if (method != HttpMethod::none) {
    http_type_ = http_type_of_request(method, payload);
    state_ = TcpState::http_command;
  } else if (has_word(payload, "DESCRIBE")) {
    state_ = TcpState::rtsp_command;
  } else if (TlsFollower::starts_client_hello(payload)) {
    state_ = TcpState::tls_handshake;
  } else if (is_msn(payload)) {
    state_ = TcpState::msn_command;
  } else if (is_facebook_zero(payload) && has_word(payload, "CHLO", 9)) {
    state_ = TcpState::facebook_zero_open;
  }
}

void TcpStates::start_of_server(ByteRange payload) {
  if (has_word(payload, "220 ")) {
    state_ = TcpState::smtp_open;
  } else if (has_one_of(payload, "+OK ", "-ERR")) {
    state_ = TcpState::pop3_open;
  } else if (has_word(payload, "* OK")) {
    state_ = TcpState::imap_open;
  } else if (is_ssh_version(payload)) {
    state_ = TcpState::ssh_open;
  }
}

uint32_t TcpStates::on_client(ByteRange payload) {
  switch (state_) {
    case TcpState::smtp_open:
      if (has_one_of(payload, "HELO", "EHLO", "helo", "ehlo")) return certain(connection::kSmtp);
      break;
    case TcpState::pop3_open:
      if (has_one_of(payload, "USER", "QUIT", "APOP")) return certain(connection::kPop3);
      break;
    case TcpState::imap_open:
      if (imap_tag_size(payload) != 0) state_ = TcpState::imap_command;
      break;
    case TcpState::ssh_open:
      if (is_ssh_version(payload)) return certain(connection::kSsh);
      break;
    default: break;
  }
  return 0;
}

uint32_t TcpStates::on_server(ByteRange payload) {
  switch (state_) {
    case TcpState::http_command:
      if (has_word(payload, "ICY ")) return certain(connection::kIcy);
      if (!has_word(payload, "HTTP")) break;
      http_status_.read(payload, Mode::tstat);
      state_ = TcpState::http_response;
      return connection::kHttp;
    case TcpState::rtsp_command:
      if (has_word(payload, "RTSP")) return certain(connection::kRtsp);
      break;
    case TcpState::msn_command:
      if (is_msn(payload)) return certain(connection::kMsn);
      break;
    case TcpState::imap_command:
      if (is_imap_answer(payload)) return certain(connection::kImap);
      break;
    case TcpState::facebook_zero_open:
      if (is_facebook_zero(payload)) return certain(connection::kFacebookZero);
      break;
    default: break;
  }
  return 0;
}

/// True when the segment tells more of the kind of request.
bool TcpStates::continues_http(const TcpSegmentView& view) {
  if (view.side == kServer) {
    if (http_type_ != http_type::kGet || !starts_video(view.payload)) return false;
    http_type_ = http_type::kVideo;
    return true;
  }
  const HttpMethod method = tstat_http_method(view.payload);
  if (method != HttpMethod::get && method != HttpMethod::post) return false;
  if (!http_type_is_open(http_type_)) return false;
  http_type_ = http_type_after(http_type_, method, view.payload);
  return true;
}

}  // namespace tapstat::flowstats::layer7
