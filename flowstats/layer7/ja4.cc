#include "flowstats/layer7/ja4.h"

#include <algorithm>
#include <span>
#include <string_view>

#include "flowstats/crypto/sha256.h"

namespace tapstat::flowstats::layer7 {

namespace {

constexpr std::string_view kHexDigits = "0123456789abcdef";
constexpr size_t kHashDigits = 12;

/// 16-bit numbers of a hello without GREASE.
class NumberList {
 public:
  void add(uint16_t number) {
    if (size_ < numbers_.size() && !is_grease(number)) numbers_[size_++] = number;
  }
  void add_all(ByteRange bytes) {
    for (size_t offset = 0; bytes.has(offset, 2); offset += 2) add(bytes.u16(offset));
  }
  void sort() { std::sort(numbers_.begin(), numbers_.begin() + size_); }
  [[nodiscard]] std::span<const uint16_t> numbers() const { return {numbers_.data(), size_}; }

 private:
  std::array<uint16_t, kJa4ListMax> numbers_;
  uint16_t size_ = 0;
};

/// What is hashed: "002f,0035" and, behind an underscore, a second list.
class HashText {
 public:
  void add(char separator, std::span<const uint16_t> numbers) {
    for (const uint16_t number : numbers) {
      if (size_ > 0) text_[size_++] = static_cast<uint8_t>(separator);
      separator = ',';
      for (int shift = 12; shift >= 0; shift -= 4) {
        text_[size_++] = static_cast<uint8_t>(kHexDigits[number >> shift & 0xf]);
      }
    }
  }
  void write_hash(char* out) const {
    std::fill_n(out, kHashDigits, '0');
    if (size_ == 0) return;
    const auto digest = crypto::sha256({text_.data(), size_});
    for (size_t i = 0; i < kHashDigits; ++i) {
      out[i] = kHexDigits[digest[i / 2] >> (i % 2 == 0 ? 4 : 0) & 0xf];
    }
  }

 private:
  std::array<uint8_t, 2 * kJa4ListMax * 5> text_;
  size_t size_ = 0;
};

struct Offer {
  NumberList extensions;            // all but server name and ALPN
  NumberList signature_algorithms;  // in the order of the client
  size_t extension_count = 0;
  bool has_server_name = false;
  ByteRange first_protocol;
};

/// The first name of an ALPN extension that is not GREASE.
ByteRange first_protocol(ByteRange data) {
  size_t offset = 0;
  ByteRange list, name;
  static_cast<void>(read_vector(data, 2, offset, list));
  for (offset = 0; read_vector(list, 1, offset, name) && !name.empty();) {
    if (name.size() != 2 || !is_grease(name.u16(0))) return name;
  }
  return {};
}

void read_offer(const ClientHello& hello, Offer& offer) {
  for_each_extension(hello.extensions, [&](uint16_t type, ByteRange data, bool) {
    if (is_grease(type)) return;
    ++offer.extension_count;
    if (type == tls_extension::kServerName) {
      offer.has_server_name = true;
    } else if (type == tls_extension::kAlpn) {
      offer.first_protocol = first_protocol(data);
    } else {
      offer.extensions.add(type);
    }
    if (type == tls_extension::kSignatureAlgorithms) {
      size_t offset = 0;
      ByteRange list;
      static_cast<void>(read_vector(data, 2, offset, list));
      offer.signature_algorithms.add_all(list);
    }
  });
  offer.extensions.sort();
}

std::string_view version_code(uint16_t version) {
  switch (version) {
    case 0x0304: return "13";
    case 0x0303: return "12";
    case 0x0302: return "11";
    case 0x0301: return "10";
    case 0x0300: return "s3";
    case 0x0002: return "s2";
    case 0xfeff: return "d1";
    case 0xfefd: return "d2";
    case 0xfefc: return "d3";
    default: return "00";
  }
}

bool is_letter_or_digit(uint8_t c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/// First and last character of the name, or of its hexadecimal form.
void write_protocol(ByteRange name, char* out) {
  if (name.empty()) {
    std::fill_n(out, 2, '0');
    return;
  }
  const uint8_t first = name.u8(0), last = name.u8(name.size() - 1);
  const bool is_text = is_letter_or_digit(first) && is_letter_or_digit(last);
  out[0] = is_text ? static_cast<char>(first) : kHexDigits[first >> 4];
  out[1] = is_text ? static_cast<char>(last) : kHexDigits[last & 0xf];
}

void write_count(size_t count, char* out) {
  count = std::min<size_t>(count, 99);
  out[0] = static_cast<char>('0' + count / 10);
  out[1] = static_cast<char>('0' + count % 10);
}

}  // namespace

uint16_t highest_version(const ClientHello& hello) {
  // DTLS counts down from feff; turned around, its numbers rise with those of one protocol.
  const auto age = [](uint16_t version) {
    return version >= 0xfe00 ? static_cast<uint16_t>(0xffff - version) : version;
  };
  uint16_t highest = 0;
  for_each_extension(hello.extensions, [&](uint16_t type, ByteRange data, bool) {
    if (type != tls_extension::kSupportedVersions) return;
    size_t offset = 0;
    ByteRange list;
    static_cast<void>(read_vector(data, 1, offset, list));
    for (offset = 0; list.has(offset, 2); offset += 2) {
      const uint16_t version = list.u16(offset);
      if (!is_grease(version) && age(version) > age(highest)) highest = version;
    }
  });
  return highest != 0 ? highest : hello.legacy_version;
}

std::array<char, kJa4Size> ja4(char transport, const ClientHello& hello) {
  Offer offer;
  read_offer(hello, offer);
  NumberList ciphers;
  ciphers.add_all(hello.cipher_suites);
  ciphers.sort();

  std::array<char, kJa4Size> text{};
  text[0] = transport;
  std::ranges::copy(version_code(highest_version(hello)), text.begin() + 1);
  text[3] = offer.has_server_name ? 'd' : 'i';
  write_count(ciphers.numbers().size(), text.data() + 4);
  write_count(offer.extension_count, text.data() + 6);
  write_protocol(offer.first_protocol, text.data() + 8);
  text[10] = '_';
  HashText cipher_text;
  cipher_text.add(',', ciphers.numbers());
  cipher_text.write_hash(text.data() + 11);
  text[23] = '_';
  HashText extension_text;
  extension_text.add(',', offer.extensions.numbers());
  extension_text.add('_', offer.signature_algorithms.numbers());
  extension_text.write_hash(text.data() + 24);
  return text;
}

}  // namespace tapstat::flowstats::layer7
