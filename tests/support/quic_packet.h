/// Makes QUIC client Initials and the ClientHello inside them, sealed as a client seals them.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include <openssl/evp.h>

#include "flowstats/base/check.h"
#include "flowstats/layer7/quic_initial.h"

namespace tapstat::test {

using Octets = std::vector<uint8_t>;

inline void append(Octets& out, const Octets& more) {
  out.insert(out.end(), more.begin(), more.end());
}
inline void append(Octets& out, std::string_view text) {
  out.insert(out.end(), text.begin(), text.end());
}
inline void append_u16(Octets& out, size_t value) {
  out.push_back(static_cast<uint8_t>(value >> 8));
  out.push_back(static_cast<uint8_t>(value));
}
[[nodiscard]] inline flowstats::ByteRange range(const Octets& octets) {
  return {octets.data(), octets.size()};
}

/// RFC 9000 section 16, in two bytes or, from 16384 on, four.
[[nodiscard]] inline Octets quic_integer(uint32_t value) {
  Octets out;
  if (value < 16384) {
    append_u16(out, 0x4000U | value);
  } else {
    append_u16(out, 0x8000U | value >> 16);
    append_u16(out, value & 0xffff);
  }
  return out;
}

[[nodiscard]] inline Octets tls_extension(uint16_t type, const Octets& data) {
  Octets out;
  append_u16(out, type);
  append_u16(out, data.size());
  append(out, data);
  return out;
}

[[nodiscard]] inline Octets server_name_extension(std::string_view name) {
  Octets data;
  append_u16(data, name.size() + 3);
  data.push_back(0);
  append_u16(data, name.size());
  append(data, name);
  return tls_extension(0, data);
}

/// A handshake message with the extensions given, one after another.
[[nodiscard]] inline Octets client_hello(const Octets& extensions) {
  Octets body = {3, 3};
  body.insert(body.end(), 32, 0x5a);                // random
  append(body, Octets{0, 0, 2, 0x13, 0x01, 1, 0});  // session, cipher suites, compression
  append_u16(body, extensions.size());
  append(body, extensions);
  Octets message = {1, 0};
  append_u16(message, body.size());
  append(message, body);
  return message;
}

[[nodiscard]] inline Octets crypto_frame(uint32_t offset, const Octets& data) {
  Octets out = {6};
  append(out, quic_integer(offset));
  append(out, quic_integer(static_cast<uint32_t>(data.size())));
  append(out, data);
  return out;
}

struct InitialOptions {
  uint32_t version = 1;
  Octets destination_id = {0x83, 0x94, 0xc8, 0xf0, 0x3e, 0x51, 0x57, 0x08};
  Octets source_id = {0x5a, 0x01};
  Octets key_id = {};  // the keys are made from; empty: destination_id
  Octets token = {};
  size_t salt = 0;  // of those of the version
  uint8_t number = 2;
};

[[nodiscard]] inline Octets aes_gcm_sealed(const flowstats::layer7::QuicInitialKeys& keys,
                                           uint8_t number, const Octets& header,
                                           const Octets& frames) {
  const std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)> context{
      EVP_CIPHER_CTX_new(), EVP_CIPHER_CTX_free};
  auto nonce = keys.iv;
  nonce.back() = static_cast<uint8_t>(nonce.back() ^ number);
  Octets sealed(frames.size() + 16);
  int size = 0;
  const bool done = EVP_EncryptInit_ex2(context.get(), EVP_aes_128_gcm(), keys.key.data(),
                                        nonce.data(), nullptr) == 1 &&
                    EVP_EncryptUpdate(context.get(), nullptr, &size, header.data(),
                                      static_cast<int>(header.size())) == 1 &&
                    EVP_EncryptUpdate(context.get(), sealed.data(), &size, frames.data(),
                                      static_cast<int>(frames.size())) == 1 &&
                    EVP_EncryptFinal_ex(context.get(), sealed.data() + size, &size) == 1 &&
                    EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_GET_TAG, 16,
                                        sealed.data() + frames.size()) == 1;
  TAPSTAT_ASSERT(done);
  return sealed;
}

/// A long header with its length field and a packet number of one byte, before protection.
[[nodiscard]] inline Octets initial_header(const InitialOptions& options, size_t sealed_bytes) {
  const bool is_v2 = options.version == flowstats::layer7::quic_version::k2;
  Octets header = {static_cast<uint8_t>(is_v2 ? 0xd0 : 0xc0)};
  append_u16(header, options.version >> 16);
  append_u16(header, options.version & 0xffff);
  header.push_back(static_cast<uint8_t>(options.destination_id.size()));
  append(header, options.destination_id);
  header.push_back(static_cast<uint8_t>(options.source_id.size()));
  append(header, options.source_id);
  append(header, quic_integer(static_cast<uint32_t>(options.token.size())));
  append(header, options.token);
  append(header, quic_integer(static_cast<uint32_t>(1 + sealed_bytes)));
  header.push_back(options.number);
  return header;
}

/// Frames are padded to at least `frame_bytes_min`.
[[nodiscard]] inline Octets client_initial(const InitialOptions& options, Octets frames,
                                           size_t frame_bytes_min = 1100) {
  using namespace flowstats::layer7;
  frames.resize(std::max({frames.size(), frame_bytes_min, size_t{4}}));
  const QuicInitialKeys keys =
      client_initial_keys(quic_salts(options.version)[options.salt],
                          range(options.key_id.empty() ? options.destination_id : options.key_id));
  Octets packet = initial_header(options, frames.size() + 16);
  const size_t number_offset = packet.size() - 1;
  append(packet, aes_gcm_sealed(keys, options.number, packet, frames));
  flowstats::crypto::Aes128 cipher;
  cipher.set_key(keys.header_key);
  flowstats::crypto::AesBlock sample;
  std::copy_n(packet.begin() + static_cast<std::ptrdiff_t>(number_offset) + 4, sample.size(),
              sample.begin());
  const auto mask = cipher.encrypt(sample);
  packet[0] = static_cast<uint8_t>(packet[0] ^ (mask[0] & 0x0f));
  packet[number_offset] = static_cast<uint8_t>(packet[number_offset] ^ mask[1]);
  return packet;
}

}  // namespace tapstat::test
