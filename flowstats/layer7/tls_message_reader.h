/// Cuts the handshake records of one direction into messages (RFC 8446 section 4), which may span
/// records and segments.
///
/// A message that lies whole in what is given is seen in place; one in several pieces is put
/// together in a buffer of the worker, up to TlsBuffers::kBytes of it. Any split of the same bytes
/// gives the same complete messages. One owner thread.
#pragma once

#include <array>
#include <cstdint>

#include "flowstats/base/byte_range.h"
#include "flowstats/layer7/tls_buffers.h"
#include "flowstats/layer7/tls_records.h"

namespace tapstat::flowstats::layer7 {

/// A message as far as it is known.
struct TlsMessage {
  uint8_t type = 0;  // tls_handshake
  ByteRange body;    // from its first byte on
  bool is_complete = false;
};

class TlsMessageReader {
 public:
  /// Takes bytes from the front of `input`. True with the message in hand, each time that it has
  /// grown; false when all of `input` is taken. Messages whose type has no bit in `wanted` are
  /// told without a body. The view holds until the next call.
  [[nodiscard]] bool next(ByteRange& input, uint32_t wanted, TlsBuffers& buffers,
                          TlsMessage& message);
  void close(TlsBuffers& buffers) { buffers.release(buffer_); }

 private:
  [[nodiscard]] ByteRange assemble(ByteRange piece, TlsBuffers& buffers);

  uint32_t buffer_ = kNoEntry;
  uint32_t length_ = 0;      // of the message in hand
  uint32_t taken_ = 0;       // bytes of it
  uint32_t assembled_ = 0;   // bytes of it in the buffer
  uint8_t header_size_ = 0;  // kTlsHandshakeHeader while a message is in hand
  std::array<uint8_t, kTlsHandshakeHeader> header_{};
};

}  // namespace tapstat::flowstats::layer7
