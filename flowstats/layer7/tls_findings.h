/// What the hellos of a TLS connection tell: names, versions, protocols and the kind of session.
///
/// Both modes of inspection fill it, each with the pieces of a hello that it has; a longer piece
/// read again adds to what a shorter one gave and never takes back. Trivially copyable; owned by
/// the flow's inspection. Bounds: names 79 bytes, versions 15, ALPN text 64 bytes.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "flowstats/base/text.h"
#include "flowstats/layer7/ja4.h"
#include "flowstats/layer7/server_hello.h"
#include "flowstats/layer7/server_name.h"
#include "flowstats/measurement.h"

namespace tapstat::flowstats::layer7 {

inline constexpr size_t kTlsVersionsMax = 15;
inline constexpr size_t kTlsVersionTextMax = 5 * kTlsVersionsMax;  // "0304,"
inline constexpr size_t kAlpnTextMax = 64;

/// Versions as they came, GREASE included.
struct TlsVersions {
  uint8_t count = 0;
  std::array<uint16_t, kTlsVersionsMax> versions{};

  void add(uint16_t version) {
    if (count < kTlsVersionsMax) versions[count++] = version;
  }
  void set(uint16_t version) {
    count = 0;
    add(version);
  }
  /// "0304,0303" in `buffer`; empty without versions.
  [[nodiscard]] std::string_view text(std::span<char, kTlsVersionTextMax> buffer) const;
};

/// Of the ClientHello, for the fingerprint group.
struct TlsFingerprint {
  std::array<char, kJa4Size> ja4{};
  Text<kAlpnTextMax> alpn;  // comma separated
  uint16_t highest_version = 0;
  uint16_t ech_payload = 0;  // bytes
  uint8_t ech_config = 0;
  bool has_ech = false;
  bool has_ja4 = false;  // the hello was complete
  bool hello_seen = false;
};

struct TlsFindings {
  Text<kServerNameMax> server_name;  // as it came
  Text<kServerNameMax> common_name;
  TlsVersions client_versions;
  std::optional<uint16_t> server_version;
  std::array<uint8_t, 2> protocols{};  // negotiated bits of layer7::Half
  uint8_t session = 0;                 // tls_session bits
  TlsFingerprint fingerprint;
};

/// How a ClientHello is to be read.
struct ClientHelloReading {
  /// tstat: supported_versions is not read when it is the last extension, and the session
  /// identifier is the follower's affair.
  Mode mode = Mode::tstat;
  bool fingerprints = false;
  bool is_whole = true;  // the message ends with the bytes at hand
};

/// `body` begins behind the handshake header; it may be cut.
void read_client_hello_into(TlsFindings& findings, ByteRange body, ClientHelloReading reading);
void read_server_hello_into(TlsFindings& findings, const ServerHello& hello);

}  // namespace tapstat::flowstats::layer7
