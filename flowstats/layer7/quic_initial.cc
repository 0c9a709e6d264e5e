#include "flowstats/layer7/quic_initial.h"

#include <algorithm>

#include "flowstats/crypto/hkdf.h"

namespace tapstat::flowstats::layer7 {
namespace {

// RFC 9369 section 3.3.1; RFC 9001 section 5.2; the same section of its drafts 29 and 23.
constexpr std::array<uint8_t, 20> kSaltV2 = {0x0d, 0xed, 0xe3, 0xde, 0xf7, 0x00, 0xa6,
                                             0xdb, 0x81, 0x93, 0x81, 0xbe, 0x6e, 0x26,
                                             0x9d, 0xcb, 0xf9, 0xbd, 0x2e, 0xd9};
constexpr std::array<uint8_t, 20> kSaltV1 = {0x38, 0x76, 0x2c, 0xf7, 0xf5, 0x59, 0x34,
                                             0xb3, 0x4d, 0x17, 0x9a, 0xe6, 0xa4, 0xc8,
                                             0x0c, 0xad, 0xcc, 0xbb, 0x7f, 0x0a};
constexpr std::array<uint8_t, 20> kSaltDraft29 = {0xaf, 0xbf, 0xec, 0x28, 0x99, 0x93, 0xd2,
                                                  0x4c, 0x9e, 0x97, 0x86, 0xf1, 0x9c, 0x61,
                                                  0x11, 0xe0, 0x43, 0x90, 0xa8, 0x99};
constexpr std::array<uint8_t, 20> kSaltDraft23 = {0xc3, 0xee, 0xf7, 0x12, 0xc7, 0x2e, 0xbb,
                                                  0x5a, 0x11, 0xa7, 0xd2, 0x43, 0x2b, 0xb4,
                                                  0x63, 0x65, 0xbe, 0xf5, 0xf9, 0x02};

constexpr std::array kSalts = {
    QuicSalt{kSaltV2, "quicv2 "},
    QuicSalt{kSaltV1, "quic "},
    QuicSalt{kSaltDraft29, "quic "},
    QuicSalt{kSaltDraft23, "quic "},
};
constexpr std::span<const QuicSalt> kAllSalts{kSalts};

struct Versions {
  uint32_t first, last;
  std::span<const QuicSalt> salts;
};
constexpr std::array kVersions = {
    Versions{quic_version::k2, quic_version::k2, kAllSalts.subspan(0, 1)},
    Versions{quic_version::k1, quic_version::k1, kAllSalts.subspan(1, 1)},
    Versions{0xff000021, 0xff000022, kAllSalts.subspan(1, 1)},
    Versions{0xff00001d, 0xff000020, kAllSalts.subspan(2, 1)},
    Versions{0xff000017, 0xff00001c, kAllSalts.subspan(3, 1)},
    Versions{0xfaceb002, 0xfaceb002, kAllSalts.subspan(3, 1)},
    Versions{0xfaceb00e, 0xfaceb00e, kAllSalts.subspan(3, 1)},
};

bool is_greased(uint32_t version) { return (version & 0x0f0f0f0f) == 0x0a0a0a0a; }

void expand(const crypto::Secret& secret, std::string_view prefix, std::string_view name,
            std::span<uint8_t> out) {
  std::array<char, 16> label;
  auto end = std::copy(prefix.begin(), prefix.end(), label.begin());
  end = std::copy(name.begin(), name.end(), end);
  crypto::hkdf_expand_label(secret, {label.data(), static_cast<size_t>(end - label.begin())}, out);
}

/// The mask of the first byte and the packet number (RFC 9001 section 5.4.1).
crypto::AesBlock mask_of(crypto::Aes128& cipher, const crypto::AesKey& key, ByteRange sample) {
  crypto::AesBlock block;
  std::copy_n(sample.data(), block.size(), block.begin());
  cipher.set_key(key);
  return cipher.encrypt(block);
}

}  // namespace

const QuicSalt& quic_salt_v1() { return kSalts[1]; }

std::span<const QuicSalt> quic_salts(uint32_t version) {
  for (const Versions& versions : kVersions)
    if (version >= versions.first && version <= versions.last) return versions.salts;
  // The types of their packets are those of version 1.
  return is_greased(version) ? kAllSalts.subspan(1) : std::span<const QuicSalt>{};
}

QuicInitialKeys client_initial_keys(const QuicSalt& salt, ByteRange id) {
  const crypto::Secret initial = crypto::hkdf_extract({salt.bytes.data(), salt.bytes.size()}, id);
  crypto::Secret client;
  crypto::hkdf_expand_label(initial, "client in", client);
  QuicInitialKeys keys;
  expand(client, salt.label_prefix, "key", keys.key);
  expand(client, salt.label_prefix, "iv", keys.iv);
  expand(client, salt.label_prefix, "hp", keys.header_key);
  return keys;
}

QuicInitialOpener::QuicInitialOpener() : scratch_(std::make_unique<Scratch>()) {}

std::optional<ByteRange> QuicInitialOpener::open(const QuicInitialKeys& keys,
                                                 const QuicLongHeader& header, ByteRange packet,
                                                 QuicVerification verification) {
  constexpr size_t kSampleOffset = 4, kSampleBytes = 16;
  const size_t number = header.number_offset;
  if (number == 0 || !packet.has(number + kSampleOffset, kSampleBytes)) return {};
  const bool is_whole = packet.size() == header.packet_bytes;
  if (!is_whole && verification == QuicVerification::required) return {};
  const crypto::AesBlock mask =
      mask_of(header_cipher_, keys.header_key, packet.from(number + kSampleOffset));

  auto& clear = scratch_->header;
  const size_t clear_bytes = number + 4;
  if (clear_bytes > clear.size()) return {};
  std::copy_n(packet.data(), clear_bytes, clear.begin());
  clear[0] = static_cast<uint8_t>(clear[0] ^ (mask[0] & 0x0f));
  const size_t number_bytes = (clear[0] & 3U) + 1;
  crypto::GcmNonce nonce = keys.iv;
  for (size_t i = 0; i < number_bytes; ++i) {
    clear[number + i] = static_cast<uint8_t>(clear[number + i] ^ mask[1 + i]);
    uint8_t& byte = nonce[nonce.size() - number_bytes + i];
    byte = static_cast<uint8_t>(byte ^ clear[number + i]);
  }
  const ByteRange sealed = packet.from(number + number_bytes);
  if (sealed.size() > scratch_->frames.size()) return {};
  cipher_.set_key(keys.key);
  if (!is_whole) {
    cipher_.decrypt_unverified(nonce, sealed, scratch_->frames);
    return ByteRange{scratch_->frames.data(), sealed.size()};
  }
  if (!cipher_.open(nonce, {clear.data(), number + number_bytes}, sealed, scratch_->frames))
    return {};
  return ByteRange{scratch_->frames.data(), sealed.size() - crypto::kGcmTagBytes};
}

}  // namespace tapstat::flowstats::layer7
