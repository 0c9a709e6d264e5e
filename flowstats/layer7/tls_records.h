/// TLS records (RFC 8446 section 5.1): which payloads begin a handshake, and a reader that cuts an
/// ordered stream into records.
///
/// Any split of the same bytes gives the same records. One owner thread; nothing is copied but a
/// header that straddles two segments.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "flowstats/base/byte_range.h"

namespace tapstat::flowstats::layer7 {

namespace tls_content {
inline constexpr uint8_t kChangeCipherSpec = 20, kAlert = 21, kHandshake = 22,
                         kApplicationData = 23, kHeartbeat = 24;
}
namespace tls_handshake {
inline constexpr uint8_t kClientHello = 1, kServerHello = 2, kCertificate = 11,
                         kServerHelloDone = 14;
}

inline constexpr size_t kTlsRecordHeader = 5, kTlsHandshakeHeader = 4;  // bytes

/// Tests of the first bytes of a segment, as Tstat makes them: a handshake record of version 3.0 to
/// 3.3, shorter than 0x3a00 bytes, with the type of its first message; at least 7 bytes.
[[nodiscard]] bool starts_tls_client_hello(ByteRange payload);
[[nodiscard]] bool starts_tls_server_hello(ByteRange payload);
/// A ClientHello in the form of SSL 2 (RFC 5246 appendix E.2) that offers version 3.0 to 3.3 and
/// fills the segment.
[[nodiscard]] bool starts_sslv2_client_hello(ByteRange payload);
/// A record of application data, version 3.0 to 3.3.
[[nodiscard]] bool starts_tls_application_data(ByteRange payload);

/// Some bytes of the content of one record.
struct TlsFragment {
  uint8_t type = 0;            // tls_content
  uint32_t record_offset = 0;  // of the record's first byte in the stream
  ByteRange bytes;             // in order; may be empty when the record begins
};

class TlsRecordReader {
 public:
  enum class Result : uint8_t { fragment, more, not_tls };

  /// `offset` in the stream of the byte that comes first.
  void begin(uint32_t offset) {
    *this = {};
    offset_ = offset;
  }
  /// Takes bytes from the front of `input`, which follow those taken before. `more`: all are taken.
  /// `not_tls`: no record can begin so; the reader is of no further use.
  [[nodiscard]] Result next(ByteRange& input, TlsFragment& fragment);

 private:
  uint32_t offset_ = 0;         // of the next byte to be taken
  uint32_t record_offset_ = 0;  // of the record in hand
  uint16_t remaining_ = 0;      // bytes of its content
  uint8_t type_ = 0;
  uint8_t header_size_ = 0;
  std::array<uint8_t, kTlsRecordHeader> header_{};
};

}  // namespace tapstat::flowstats::layer7
