#include "flowstats/layer7/tcp_words.h"

#include <algorithm>

namespace tapstat::flowstats::layer7 {

bool has_word_any_case(ByteRange payload, std::string_view word, size_t offset) {
  if (!payload.has(offset, word.size())) return false;
  const uint8_t* bytes = payload.data() + offset;
  return std::equal(word.begin(), word.end(), bytes, [](char expected, uint8_t byte) {
    return expected == static_cast<char>(byte >= 'a' && byte <= 'z' ? byte - 0x20 : byte);
  });
}

bool has_command(ByteRange payload, std::string_view word, size_t offset) {
  if (!has_word_any_case(payload, word, offset)) return false;
  const ByteRange rest = payload.from(offset + word.size());
  return rest.empty() || rest.u8(0) == ' ' || rest.u8(0) == '\r' || rest.u8(0) == '\n';
}

bool first_line_has(ByteRange payload, std::string_view word) {
  constexpr size_t kSearched = 1024;  // bytes
  const ByteRange start = payload.first(kSearched);
  const std::string_view text(reinterpret_cast<const char*>(start.data()), start.size());
  return text.substr(0, text.find('\n')).find(word) != std::string_view::npos;
}

HttpMethod tstat_http_method(ByteRange payload) {
  if (has_word(payload, "GET ")) return HttpMethod::get;
  if (has_word(payload, "POST")) return HttpMethod::post;
  const bool other = has_one_of(payload, "HEAD", "PUT ", "PATCH ", "DELETE ", "OPTIONS ");
  return other ? HttpMethod::other : HttpMethod::none;
}

HttpMethod http_method(ByteRange payload) {
  if (has_word(payload, "GET ")) return HttpMethod::get;
  if (has_word(payload, "POST ")) return HttpMethod::post;
  if (has_word(payload, "CONNECT ")) return HttpMethod::connect;
  const bool other =
      has_one_of(payload, "HEAD ", "PUT ", "PATCH ", "DELETE ", "OPTIONS ", "TRACE ");
  return other ? HttpMethod::other : HttpMethod::none;
}

bool is_ssh_version(ByteRange payload) {
  if (!payload.has(0, 8) || !has_word(payload, "SSH-")) return false;
  const bool major = payload.u8(4) == '1' || payload.u8(4) == '2';
  return major && payload.u8(5) == '.' && is_digit(payload.u8(6));
}

size_t imap_tag_size(ByteRange payload) {
  if (!payload.has(0, 7) || payload.u8(0) == ' ') return 0;
  for (size_t at = 1; at <= 5; ++at) {
    if (payload.u8(at) != ' ') continue;
    const uint8_t before = payload.u8(at - 1);
    return is_letter(before) || is_digit(before) ? at : 0;
  }
  return 0;
}

bool is_imap_answer(ByteRange payload) {
  if (!payload.has(0, 7)) return false;
  return has_one_of(payload, "* ", "+ ") || imap_tag_size(payload) != 0;
}

bool are_tls_records(ByteRange payload) {
  constexpr uint8_t kChangeCipherSpec = 20, kApplicationData = 23;
  constexpr size_t kHeaderBytes = 5, kRecordsMax = 4;
  constexpr uint16_t kLengthMax = (1 << 14) + 2048;  // RFC 5246 section 6.2.3
  if (!payload.has(0, kHeaderBytes)) return false;
  for (size_t record = 0; record < kRecordsMax && payload.has(0, kHeaderBytes); ++record) {
    const bool type = payload.u8(0) >= kChangeCipherSpec && payload.u8(0) <= kApplicationData;
    const uint16_t length = payload.u16(3);
    if (!type || payload.u8(1) != 3 || payload.u8(2) > 3) return false;
    if (length == 0 || length > kLengthMax) return false;
    payload = payload.from(kHeaderBytes + length);
  }
  return true;
}

bool is_text(ByteRange payload) {
  return std::all_of(payload.data(), payload.data() + payload.size(), [](uint8_t byte) {
    return (byte >= ' ' && byte < 0x7f) || byte == '\t' || byte == '\r' || byte == '\n';
  });
}

bool is_http2_preface(ByteRange payload) { return has_word(payload, "PRI * HTTP/2.0\r\n\r\n"); }

bool is_http2_settings(ByteRange payload) {
  constexpr uint8_t kSettings = 4;
  constexpr size_t kSettingBytes = 6, kHeaderBytes = 9;
  if (!payload.has(0, kHeaderBytes) || payload.u8(0) != 0 || payload.u8(3) != kSettings)
    return false;
  const uint16_t length = payload.u16(1);
  const bool ack_is_empty = (payload.u8(4) & 1) == 0 || length == 0;
  return length % kSettingBytes == 0 && ack_is_empty && payload.u8(4) <= 1 && payload.u32(5) == 0;
}

}  // namespace tapstat::flowstats::layer7
