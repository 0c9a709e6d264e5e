/// One direction of a TLS connection in corrected mode: its segments in any order, read as a stream
/// of records and messages until its first application data.
///
/// Findings do not depend on how the bytes were split into segments. When bytes are missing for
/// good (cut by the capture, or more out of order than the buffers hold), only segments that begin
/// with a record are understood from then on. One owner thread.
#pragma once

#include <cstdint>

#include "flowstats/base/units.h"
#include "flowstats/layer7/inspection.h"
#include "flowstats/layer7/tls_findings.h"
#include "flowstats/layer7/tls_message_reader.h"
#include "flowstats/layer7/tls_records.h"
#include "flowstats/layer7/tls_stream.h"

namespace tapstat::flowstats::layer7 {

/// When and where a side began to send application data.
struct TlsApplicationData {
  bool seen = false;
  uint32_t offset = 0;  // of the record's first byte
  Duration since_start;
};

class TlsSide {
 public:
  /// Keeps a segment that came before the one that begins the handshake.
  void hold(const TcpSegmentView& view, TlsBuffers& buffers);
  /// `offset` of the first byte of the handshake.
  void begin(uint32_t offset, TlsBuffers& buffers);
  void on_segment(const TcpSegmentView& view, bool fingerprints, TlsFindings& findings,
                  TlsBuffers& buffers);
  void end(TlsBuffers& buffers);
  /// Until begin(): what hold() keeps.
  [[nodiscard]] TlsStream& stream() { return stream_; }

  /// A ClientHello or ServerHello has begun, as the side sends them.
  [[nodiscard]] bool hello_seen() const { return hello_seen_; }
  /// Certain, unless bytes before it are still missing and may come.
  [[nodiscard]] const TlsApplicationData& application_data() const { return application_data_; }
  /// Nothing that comes can change a finding.
  [[nodiscard]] bool finished() const {
    return state_ == State::closed || (state_ == State::loose && application_data_.seen);
  }

 private:
  enum class State : uint8_t {
    ordered,  // the records are read in order
    loose,    // bytes are missing: only starts of segments are looked at
    closed,   // application data found, or no TLS
  };
  struct Context {
    size_t side;
    bool fingerprints;
    TlsFindings& findings;
    TlsBuffers& buffers;
  };
  void read(ByteRange input, const TcpSegmentView& view, const Context& context);
  void read_handshake(ByteRange input, const Context& context);
  void read_client_message(const TlsMessage& message, const Context& context);
  void read_server_message(const TlsMessage& message, const Context& context);
  void note_record_start(const TcpSegmentView& view);
  void leave_order(State state, TlsBuffers& buffers);

  TlsStream stream_;
  TlsRecordReader records_;
  TlsMessageReader messages_;
  TlsApplicationData application_data_;
  State state_ = State::ordered;
  bool reads_messages_ = true;  // they are clear and may tell more
  bool hello_seen_ = false;
  bool is_retry_ = false;  // the latest ServerHello was a HelloRetryRequest
};

}  // namespace tapstat::flowstats::layer7
