/// The client's side of QUIC handshakes: Initials are decrypted, their CRYPTO frames put together,
/// and the ClientHello is read.
///
/// Two sets of rules. Tstat's: the salt of version 1 for every version, keys from each packet's own
/// destination, the client's first ten datagrams, one packet a datagram, frames up to the first
/// that is not PADDING, PING or CRYPTO, and a tag only where it was captured. Corrected: every
/// version whose keys are known, keys from the client's first destination (a Retry or a new version
/// begins again), all packets of a datagram, and only what its tag vouches for.
///
/// Bounds: ten datagrams and four failures a flow, 16 KiB a handshake, and pools of handshakes and
/// of streams that need more than one datagram; a flood of forged Initials costs one worker at most
/// kDerivationsPerSecond key derivations in a second of capture time. What a bound refuses is
/// counted. One owner thread; memory is taken at construction.
#pragma once

#include <array>
#include <cstdint>
#include <memory>

#include "flowstats/base/entry_pool.h"
#include "flowstats/base/units.h"
#include "flowstats/layer7/inspection.h"
#include "flowstats/layer7/quic_crypto_stream.h"
#include "flowstats/layer7/quic_hello.h"
#include "flowstats/layer7/quic_initial.h"

namespace tapstat::flowstats::layer7 {

/// Part of every UDP flow, for each set of rules.
struct QuicProgress {
  uint32_t entry = kNoEntry;  // of the pool of handshakes, from the first Initial that opened
  uint8_t datagrams = 0;      // with Initials that were looked at
  uint8_t failures = 0;       // of these without an Initial that opened, before the first one
  bool is_over = false;       // the hello is complete, or a bound was reached
};

class QuicHandshakes {
 public:
  static constexpr uint32_t kDerivationsPerSecond = 20'000;
  static constexpr uint32_t kDatagramsMax = 10, kFailuresMax = 4;

  /// `rules`: see above. `fingerprint`: JA4 is wanted, too.
  QuicHandshakes(Mode rules, bool fingerprint, uint32_t flows_max, uint32_t streams_max);

  /// A datagram of the client that begins with a long header. True when it held an Initial that
  /// opened; `version` is then that Initial's.
  bool on_datagram(QuicProgress& progress, const UdpDatagramView& datagram, uint32_t& version);

  /// Nothing when no Initial of the flow opened; else valid until end().
  [[nodiscard]] const QuicHello* hello(const QuicProgress& progress) const {
    return progress.entry == kNoEntry ? nullptr : &handshakes_[progress.entry].hello;
  }
  [[nodiscard]] uint32_t version(const QuicProgress& progress) const {
    return progress.entry == kNoEntry ? 0 : handshakes_[progress.entry].version;
  }

  /// Takes the flow's entries back.
  void end(QuicProgress& progress);

  [[nodiscard]] size_t bytes() const;
  void touch();

  [[nodiscard]] uint64_t derivations_refused() const { return derivations_refused_; }
  [[nodiscard]] uint64_t flows_refused() const { return flows_refused_; }
  [[nodiscard]] uint64_t streams_refused() const { return streams_refused_; }
  [[nodiscard]] uint32_t flows_in_use() const { return handshakes_.in_use(); }
  [[nodiscard]] uint32_t streams_in_use() const { return streams_.in_use(); }

 private:
  struct Handshake {
    uint32_t stream = kNoEntry;  // entry of streams_ while the hello needs more datagrams
    uint32_t version = 0;
    uint8_t id_bytes = 0;
    std::array<uint8_t, kQuicIdBytesMax> id{};  // destination that the keys are made from
    QuicInitialKeys keys;
    QuicHello hello;

    [[nodiscard]] bool is_keyed_by(const QuicLongHeader& header) const;
  };

  [[nodiscard]] bool on_initial(QuicProgress& progress, const QuicLongHeader& header,
                                ByteRange packet, Timestamp time);
  [[nodiscard]] std::optional<ByteRange> open_anew(const QuicLongHeader& header, ByteRange packet,
                                                   Timestamp time, QuicInitialKeys& keys);
  [[nodiscard]] bool may_derive(Timestamp time);
  [[nodiscard]] bool begin(QuicProgress& progress, const QuicLongHeader& header,
                           const QuicInitialKeys& keys);
  void read_frames(ByteRange frames, QuicCryptoStream& stream) const;
  void on_frames(QuicProgress& progress, ByteRange frames);
  void drop_stream(Handshake& handshake);

  Mode rules_;
  bool fingerprint_;
  EntryPool<Handshake> handshakes_;
  EntryPool<QuicCryptoStream> streams_;
  QuicInitialOpener opener_;
  std::unique_ptr<QuicCryptoStream> first_;  // of the datagram in hand, before it needs an entry
  Timestamp latest_ = kNever;
  int64_t credit_us_ = 0;
  uint64_t derivations_refused_ = 0, flows_refused_ = 0, streams_refused_ = 0;
};

}  // namespace tapstat::flowstats::layer7
