#include "flowstats/layer7/quic_handshake.h"

#include <algorithm>

#include "flowstats/layer7/quic_header.h"

namespace tapstat::flowstats::layer7 {
namespace {

constexpr int64_t kCreditMaxUs = 1'000'000;
constexpr int64_t kDerivationUs = kCreditMaxUs / QuicHandshakes::kDerivationsPerSecond;

constexpr size_t kTstatStreamBytes = 15'000;

enum class Frame : uint64_t { ping = 1, ack = 2, ack_ecn = 3, crypto = 6 };

/// PADDING frames are single zeros, most of a typical Initial.
size_t behind_padding(ByteRange frames, size_t offset) {
  const uint8_t* const begin = frames.data();
  return static_cast<size_t>(
      std::find_if(begin + offset, begin + frames.size(), [](uint8_t byte) { return byte != 0; }) -
      begin);
}

/// Leaves `offset` behind an ACK frame (RFC 9000 section 19.3), whose type has been read.
bool skip_ack(ByteRange frames, size_t& offset, bool with_ecn) {
  const auto skip = [&](uint64_t integers) {
    for (; integers > 0; --integers)
      if (!read_quic_integer(frames, offset)) return false;
    return true;
  };
  if (!skip(2)) return false;  // largest, delay
  const auto ranges = read_quic_integer(frames, offset);
  if (!ranges || *ranges > frames.size()) return false;
  return skip(1 + 2 * *ranges + (with_ecn ? 3 : 0));
}

}  // namespace

bool QuicHandshakes::Handshake::is_keyed_by(const QuicLongHeader& header) const {
  return version == header.version && header.destination_id.size() == id_bytes &&
         std::equal(id.begin(), id.begin() + id_bytes, header.destination_id.data());
}

QuicHandshakes::QuicHandshakes(Mode rules, bool fingerprint, uint32_t flows_max,
                               uint32_t streams_max)
    : rules_(rules),
      fingerprint_(fingerprint),
      handshakes_(flows_max),
      streams_(streams_max),
      first_(std::make_unique<QuicCryptoStream>()) {}

size_t QuicHandshakes::bytes() const {
  return handshakes_.bytes() + streams_.bytes() + opener_.bytes() + sizeof(QuicCryptoStream);
}

void QuicHandshakes::touch() {
  handshakes_.touch();
  streams_.touch();
}

bool QuicHandshakes::on_datagram(QuicProgress& progress, const UdpDatagramView& datagram,
                                 uint32_t& version) {
  if (progress.is_over) return false;
  bool opened = false, tried = false;
  for_each_quic_packet(datagram.payload, rules_,
                       [&](const QuicLongHeader& header, ByteRange packet) {
                         if (header.type == QuicPacketType::initial && header.fixed_bit &&
                             header.destination_id.size() <= kQuicIdBytesMax && !progress.is_over) {
                           tried = true;
                           if (on_initial(progress, header, packet, datagram.time)) {
                             opened = true;
                             version = header.version;
                           }
                         }
                         return rules_ == Mode::corrected;
                       });
  if (!tried) return false;
  ++progress.datagrams;
  if (!opened && progress.entry == kNoEntry) ++progress.failures;
  const bool hopeless = rules_ == Mode::corrected && progress.failures >= kFailuresMax;
  if ((hopeless || progress.datagrams >= kDatagramsMax) && !progress.is_over) {
    progress.is_over = true;
    if (progress.entry != kNoEntry) drop_stream(handshakes_[progress.entry]);
  }
  return opened;
}

bool QuicHandshakes::on_initial(QuicProgress& progress, const QuicLongHeader& header,
                                ByteRange packet, Timestamp time) {
  const bool is_known = progress.entry != kNoEntry;
  // Tstat's keys are those of the packet's own destination even after the first Initial.
  const bool try_known =
      is_known && (rules_ == Mode::corrected || handshakes_[progress.entry].is_keyed_by(header));
  if (try_known) {
    const auto verification =
        rules_ == Mode::tstat ? QuicVerification::when_captured : QuicVerification::required;
    const Handshake& handshake = handshakes_[progress.entry];
    if (const auto frames = opener_.open(handshake.keys, header, packet, verification)) {
      on_frames(progress, *frames);
      return true;
    }
    if (handshake.is_keyed_by(header)) return false;
  }
  QuicInitialKeys keys;
  const auto frames = open_anew(header, packet, time, keys);
  if (!frames) return false;
  if (!begin(progress, header, keys)) return true;
  on_frames(progress, *frames);
  return true;
}

/// With keys from the packet's own destination; `keys` are then those that fit.
std::optional<ByteRange> QuicHandshakes::open_anew(const QuicLongHeader& header, ByteRange packet,
                                                   Timestamp time, QuicInitialKeys& keys) {
  const bool as_tstat = rules_ == Mode::tstat;
  const std::span<const QuicSalt> salts =
      as_tstat ? std::span<const QuicSalt>{&quic_salt_v1(), 1} : quic_salts(header.version);
  for (const QuicSalt& salt : salts) {
    if (!may_derive(time)) return {};
    keys = client_initial_keys(salt, header.destination_id);
    const auto verification =
        as_tstat ? QuicVerification::when_captured : QuicVerification::required;
    if (const auto frames = opener_.open(keys, header, packet, verification)) return frames;
  }
  return {};
}

bool QuicHandshakes::may_derive(Timestamp time) {
  if (latest_ == kNever) {
    credit_us_ = kCreditMaxUs;
    latest_ = time;
  } else if (time > latest_) {
    credit_us_ = (time - latest_).us >= kCreditMaxUs
                     ? kCreditMaxUs
                     : std::min(kCreditMaxUs, credit_us_ + (time - latest_).us);
    latest_ = time;
  }
  if (credit_us_ < kDerivationUs) {
    ++derivations_refused_;
    return false;
  }
  credit_us_ -= kDerivationUs;
  return true;
}

/// A handshake of the flow begins, or begins again with another destination or version.
bool QuicHandshakes::begin(QuicProgress& progress, const QuicLongHeader& header,
                           const QuicInitialKeys& keys) {
  if (progress.entry == kNoEntry) {
    progress.entry = handshakes_.take();
    if (progress.entry == kNoEntry) {
      ++flows_refused_;
      progress.is_over = true;
      return false;
    }
    handshakes_[progress.entry] = {};
  }
  Handshake& handshake = handshakes_[progress.entry];
  // Tstat goes on filling the same buffer.
  if (rules_ == Mode::corrected) drop_stream(handshake);
  handshake.version = header.version;
  handshake.id_bytes = static_cast<uint8_t>(header.destination_id.size());
  std::copy_n(header.destination_id.data(), handshake.id_bytes, handshake.id.begin());
  handshake.keys = keys;
  return true;
}

void QuicHandshakes::read_frames(ByteRange frames, QuicCryptoStream& stream) const {
  const bool as_tstat = rules_ == Mode::tstat;
  const size_t limit = as_tstat ? kTstatStreamBytes : QuicCryptoStream::kBytesMax;
  for (size_t offset = 0; (offset = behind_padding(frames, offset)) < frames.size();) {
    const auto type = read_quic_integer(frames, offset);
    if (!type) return;
    switch (static_cast<Frame>(*type)) {
      case Frame::ping: break;
      case Frame::ack:
      case Frame::ack_ecn:
        if (as_tstat || !skip_ack(frames, offset, *type == 3)) return;
        break;
      case Frame::crypto: {
        const auto at = read_quic_integer(frames, offset);
        const auto size = at ? read_quic_integer(frames, offset) : at;
        if (!size) return;
        const ByteRange data = frames.from(offset).first(static_cast<size_t>(*size));
        static_cast<void>(stream.insert(*at, data, limit));
        if (data.size() != *size) return;
        offset += data.size();
        break;
      }
      default: return;
    }
  }
}

void QuicHandshakes::on_frames(QuicProgress& progress, ByteRange frames) {
  Handshake& handshake = handshakes_[progress.entry];
  const bool is_first = handshake.stream == kNoEntry;
  QuicCryptoStream& stream = is_first ? *first_ : streams_[handshake.stream];
  if (is_first) stream.clear();
  read_frames(frames, stream);
  const ByteRange message = rules_ == Mode::tstat ? stream.bytes() : stream.contiguous();
  if (read_quic_hello(message, fingerprint_, handshake.hello)) {
    // Holes read as zeros: only a message without any is at its end.
    if (stream.contiguous().size() >= message.size()) {
      drop_stream(handshake);
      progress.is_over = true;
    }
    if (progress.is_over) return;
  }
  if (!is_first || stream.bytes().empty()) return;
  handshake.stream = streams_.take();
  if (handshake.stream == kNoEntry) {
    ++streams_refused_;
    progress.is_over = true;
    return;
  }
  streams_[handshake.stream].assign(stream);
}

void QuicHandshakes::drop_stream(Handshake& handshake) {
  if (handshake.stream == kNoEntry) return;
  streams_.give_back(handshake.stream);
  handshake.stream = kNoEntry;
}

void QuicHandshakes::end(QuicProgress& progress) {
  if (progress.entry == kNoEntry) return;
  drop_stream(handshakes_[progress.entry]);
  handshakes_.give_back(progress.entry);
  progress = {};
}

}  // namespace tapstat::flowstats::layer7
