/// Keys and protection of QUIC Initial packets (RFC 9001 section 5, RFC 9369 section 3.3): every
/// observer can derive them from the connection identifier that the client chose.
///
/// Contexts and buffers are made at construction; opening a packet takes no memory. One owner
/// thread.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "flowstats/base/byte_range.h"
#include "flowstats/crypto/aes.h"
#include "flowstats/crypto/aes_gcm.h"
#include "flowstats/layer7/quic_header.h"

namespace tapstat::flowstats::layer7 {

/// What makes the Initial keys of a family of versions.
struct QuicSalt {
  std::array<uint8_t, 20> bytes;
  std::string_view label_prefix;
};

/// The salt of version 1, which Tstat uses for all.
[[nodiscard]] const QuicSalt& quic_salt_v1();

/// Salts to try for a version, the likeliest first; none for versions whose keys are not known.
/// Greased versions (?a?a?a?a) may use any.
[[nodiscard]] std::span<const QuicSalt> quic_salts(uint32_t version);

struct QuicInitialKeys {
  crypto::AesKey key{}, header_key{};
  crypto::GcmNonce iv{};
};

/// Of the packets that the client sends. `id`: destination of its first Initial.
[[nodiscard]] QuicInitialKeys client_initial_keys(const QuicSalt& salt, ByteRange id);

/// Whether a packet that was not captured to its end may be read without its tag.
enum class QuicVerification : uint8_t { required, when_captured };

class QuicInitialOpener {
 public:
  QuicInitialOpener();

  /// The frames of an Initial, valid until the next call; nothing when the keys do not fit.
  /// `packet` is the captured part that begins with `header`.
  [[nodiscard]] std::optional<ByteRange> open(const QuicInitialKeys& keys,
                                              const QuicLongHeader& header, ByteRange packet,
                                              QuicVerification verification);

  [[nodiscard]] size_t bytes() const { return sizeof(Scratch); }

 private:
  struct Scratch {
    std::array<uint8_t, 65536> header, frames;
  };
  crypto::Aes128 header_cipher_;
  crypto::Aes128Gcm cipher_;
  std::unique_ptr<Scratch> scratch_;
};

}  // namespace tapstat::flowstats::layer7
