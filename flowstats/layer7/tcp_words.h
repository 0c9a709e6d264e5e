/// Words by which application protocols are known at the start of a segment.
///
/// Pure tests of the captured bytes: every read is inside, nothing depends on the text's encoding.
/// Source: Tstat's published rules, as the crafted cases show them; corrected mode: the grammars of
/// RFC 9112, RFC 2326, RFC 5321, RFC 1939, RFC 9051 and RFC 4253.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "flowstats/base/byte_range.h"
#include "flowstats/layer7/first_bytes.h"

namespace tapstat::flowstats::layer7 {

/// Tstat's state machine does not see shorter segments.
inline constexpr size_t kWordSegmentMin = 5;

[[nodiscard]] inline bool has_word(ByteRange payload, std::string_view word, size_t offset = 0) {
  return payload.has(offset, word.size()) &&
         std::memcmp(payload.data() + offset, word.data(), word.size()) == 0;
}

template <class... Words>
[[nodiscard]] bool has_one_of(ByteRange payload, Words... words) {
  return (has_word(payload, words) || ...);
}

[[nodiscard]] constexpr bool is_digit(uint8_t byte) { return byte >= '0' && byte <= '9'; }
[[nodiscard]] constexpr bool is_letter(uint8_t byte) {
  return (byte | 0x20) >= 'a' && (byte | 0x20) <= 'z';
}
[[nodiscard]] constexpr bool is_hex_digit(uint8_t byte) {
  return is_digit(byte) || ((byte | 0x20) >= 'a' && (byte | 0x20) <= 'f');
}

/// `word` in capitals; the payload in either case.
[[nodiscard]] bool has_word_any_case(ByteRange payload, std::string_view word, size_t offset = 0);

/// The same, and behind the word a blank, an end of line, or the end of the segment.
[[nodiscard]] bool has_command(ByteRange payload, std::string_view word, size_t offset = 0);

/// `word` inside the first line, which is searched for 1024 bytes at most.
[[nodiscard]] bool first_line_has(ByteRange payload, std::string_view word);

enum class HttpMethod : uint8_t { none, get, post, connect, other };

/// The request that Tstat takes: some words by their first four bytes alone, so that `POSTX`
/// passes.
[[nodiscard]] HttpMethod tstat_http_method(ByteRange payload);

/// A method and a blank, CONNECT and TRACE among them (RFC 9110 section 9.1).
[[nodiscard]] HttpMethod http_method(ByteRange payload);

/// `SSH-`, 1 or 2, a dot, a digit; eight bytes at least.
[[nodiscard]] bool is_ssh_version(ByteRange payload);

/// How long an IMAP tag is, by Tstat's rule: the first blank is byte 1 to 5 and follows a letter or
/// a digit; seven bytes at least. 0: no tag.
[[nodiscard]] size_t imap_tag_size(ByteRange payload);

/// A tag, or one of the marks `* ` and `+ ` of what the server sends.
[[nodiscard]] bool is_imap_answer(ByteRange payload);

/// TLS records (RFC 8446 section 5.1) of any known content type: all that begin in the payload, up
/// to four, none of them empty, as programs that imitate TLS have it.
[[nodiscard]] bool are_tls_records(ByteRange payload);

/// Printable ASCII in the first three bytes, as all words here have it.
[[nodiscard]] inline bool begins_like_text(ByteRange payload) {
  const auto printable = [](uint8_t byte) { return byte >= ' ' && byte < 0x7f; };
  return payload.has(0, 3) && printable(payload.u8(0)) && printable(payload.u8(1)) &&
         printable(payload.u8(2));
}

/// False when the payload begins neither an HTTP message nor a signature of a peer-to-peer program,
/// by its first byte: what is looked for in flows whose protocol is settled.
[[nodiscard]] inline bool may_begin_word(ByteRange payload) {
  constexpr FirstBytes kFirst{'C', 'D', 'G', 'H', 'O', 'P', 'T', 0x13, 0xc5, 0xd4, 0xe3};
  return payload.size() >= kWordSegmentMin && kFirst.has(payload.data()[0]);
}

/// False when the payload begins no ClientHello, in a TLS record or in SSLv2's, which has its
/// length first.
[[nodiscard]] inline bool may_begin_client_hello(ByteRange payload) {
  return payload.has(0, 3) &&
         (payload.u8(0) == 0x16 || (payload.u8(0) >= 0x80 && payload.u8(2) == 1));
}

/// Characters of text only: printable ASCII, tabulators and line ends.
[[nodiscard]] bool is_text(ByteRange payload);

/// The 24 bytes that open an HTTP/2 connection (RFC 9113 section 3.4), as far as its first 18.
[[nodiscard]] bool is_http2_preface(ByteRange payload);

/// A SETTINGS frame of stream 0 (RFC 9113 section 6.5), which each side of HTTP/2 sends first.
[[nodiscard]] bool is_http2_settings(ByteRange payload);

}  // namespace tapstat::flowstats::layer7
