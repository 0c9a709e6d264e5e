/// Tstat's state machine of a TCP connection: which protocol it speaks, by a word of each side.
///
/// tstat mode only; corrected mode gathers evidence instead (tcp_evidence.h). State of one flow,
/// trivially copyable, owned by its worker. Limits are in packets of the flow, both directions, and
/// apply to segments that match nothing: one that matches is taken however late it comes (golden
/// cases limit_http_cmd_20, limit_global_50).
#pragma once

#include <cstdint>

#include "flowstats/layer7/http_status.h"
#include "flowstats/layer7/inspection.h"
#include "flowstats/layer7/tcp_words.h"

namespace tapstat::flowstats::layer7 {

/// The last packets of a flow that are searched for a first word and for the kind of requests; a
/// later one ends the search.
inline constexpr uint32_t kStartPacketsMax = 40, kHttpPacketsMax = 30;

enum class TcpState : uint8_t {
  start,
  http_command,   // the client has sent a request
  http_response,  // and the server has answered
  rtsp_command,
  msn_command,
  smtp_open,  // the server has greeted
  pop3_open,
  imap_open,
  imap_command,  // and the client has sent a tag
  ssh_open,
  facebook_zero_open,
  tls_handshake,  // the client has sent its hello; what follows is the TLS follower's
  tls_data,
  stopped,
};

class TcpStates {
 public:
  /// on_segment() would change nothing: no word begins like this payload, and no limit ends here.
  [[nodiscard]] bool passes_over(const TcpSegmentView& view) const {
    constexpr FirstBytes kStart{'*', '+', '-', '1', '2', '<', 'A', 'I', 'S', 'U', 'V', 'Y'};
    constexpr FirstBytes kVideo{'F', 0, 0x12};
    const uint8_t first = view.payload.u8(0);
    if (may_begin_word(view.payload)) return false;
    if (state_ == TcpState::http_response)
      return view.packets <= kHttpPacketsMax && !kVideo.has(first);
    return state_ == TcpState::start && view.packets <= kStartPacketsMax && !kStart.has(first) &&
           !may_begin_client_hello(view.payload);
  }

  [[nodiscard]] TcpState state() const { return state_; }
  void move_to(TcpState state) { state_ = state; }

  /// A segment with payload outside of TLS; returns the connection bit that it makes certain, or 0.
  /// Afterwards state() tells when the client has begun a TLS handshake with it.
  uint32_t on_segment(const TcpSegmentView& view);

  [[nodiscard]] uint8_t http_type() const { return http_type_; }
  [[nodiscard]] const HttpStatus& http_status() const { return http_status_; }

 private:
  void start(const TcpSegmentView& view);
  void start_of_client(ByteRange payload);
  void start_of_server(ByteRange payload);
  uint32_t on_client(ByteRange payload);
  uint32_t on_server(ByteRange payload);
  [[nodiscard]] bool continues_http(const TcpSegmentView& view);
  uint32_t certain(uint32_t bit);

  TcpState state_ = TcpState::start;
  uint8_t http_type_ = 0;
  HttpStatus http_status_;
};

}  // namespace tapstat::flowstats::layer7
