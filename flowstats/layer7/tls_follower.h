/// Follows one TLS connection from its ClientHello to the application data of both sides.
///
/// tstat mode looks at single segments as Tstat does: a hello counts where a segment begins with
/// it; of the client's, pieces that follow in order are appended. corrected mode reads the first
/// part of each side's stream in sequence order and the certificate itself. The names and numbers
/// are those of the layer-7 and the fingerprint group. The inspector (layer7/tcp_inspector.h) owns
/// one for each inspected flow and decides when to give up. Trivially copyable; one owner thread.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "flowstats/groups/fingerprint.h"
#include "flowstats/groups/layer7.h"
#include "flowstats/layer7/inspection.h"
#include "flowstats/layer7/tls_buffers.h"
#include "flowstats/layer7/tls_findings.h"
#include "flowstats/layer7/tls_side.h"

namespace tapstat::flowstats::layer7 {

class TlsFollower {
 public:
  enum class Step : uint8_t {
    none,
    server_hello,  // the connection is TLS
    finished,      // both sides have come to application data: nothing more will be found
  };

  /// In the form of TLS or of SSL 2.
  [[nodiscard]] static bool starts_client_hello(ByteRange payload);
  [[nodiscard]] static bool starts_server_hello(ByteRange payload);

  /// corrected mode: a segment of a flow that is not known to be TLS yet, which leaves a hole
  /// before it. It is used if the flow turns out to be TLS from its first byte on.
  void hold(const TcpSegmentView& view, TlsBuffers& buffers);
  /// What waits of a side that speaks no TLS, for another protocol to put in order.
  [[nodiscard]] TlsStream& stream(size_t side) { return sides_[side].stream(); }
  /// `view` is the client's segment that begins with a ClientHello. `server_offset`: where the
  /// server's part begins, when both sides spoke before (corrected mode); unless given, 0 for a
  /// hello at offset 0, else where the server's next segment begins. What an earlier hello of the
  /// flow told stays until it is told anew.
  void begin(const TcpSegmentView& view, TlsBuffers& buffers, Mode mode, bool fingerprints,
             std::optional<uint32_t> server_offset = {});
  /// Every later segment of the flow: of at least 5 bytes in tstat mode, of any in corrected mode.
  Step on_segment(const TcpSegmentView& view, TlsBuffers& buffers, Mode mode);
  /// Gives the buffers back; findings stay.
  void end(TlsBuffers& buffers);

  [[nodiscard]] bool server_hello_seen() const { return server_hello_seen_; }

  /// All but the texts, which the caller places.
  void fill(Shared& shared, std::array<Half, 2>& halves, fingerprint::Shared& print) const;
  /// Empty unless it has the form of one (is_server_name).
  [[nodiscard]] std::string_view server_name() const;
  [[nodiscard]] std::string_view common_name() const { return findings_.common_name.view(); }
  [[nodiscard]] std::string_view versions(size_t side,
                                          std::span<char, kTlsVersionTextMax> buffer) const;
  /// Of the fingerprint group: empty unless fingerprints were asked for.
  [[nodiscard]] std::string_view ja4() const;
  [[nodiscard]] std::string_view alpn() const { return findings_.fingerprint.alpn.view(); }
  /// The server name as it came; the outer one with an encrypted ClientHello.
  [[nodiscard]] std::string_view outer_name() const;

 private:
  struct Times {
    Duration last_handshake, application_data;
    uint32_t application_data_offset = 0;  // of its first byte, first payload byte = 1; 0: none
  };
  void begin_segments(const TcpSegmentView& view, TlsBuffers& buffers);
  void begin_streams(const TcpSegmentView& view, TlsBuffers& buffers,
                     std::optional<uint32_t> server_offset);
  Step on_single_segment(const TcpSegmentView& view, TlsBuffers& buffers);
  Step on_stream_segment(const TcpSegmentView& view, TlsBuffers& buffers);
  void append_hello(ByteRange payload, TlsBuffers& buffers);
  void read_hello(ByteRange record);
  void read_server_segment(ByteRange segment);
  [[nodiscard]] bool has_application_data(size_t side) const {
    return times_[side].application_data_offset != 0;
  }

  TlsFindings findings_;
  std::array<Times, 2> times_{};
  std::array<TlsSide, 2> sides_;      // corrected mode
  uint32_t hello_buffer_ = kNoEntry;  // tstat mode: a ClientHello that is not complete
  uint16_t hello_size_ = 0;           // bytes of it
  uint16_t hello_length_ = 0;         // bytes of its record, header included
  bool server_hello_seen_ = false;
  bool has_server_offset_ = false;
  bool fingerprints_ = false;
};

}  // namespace tapstat::flowstats::layer7
