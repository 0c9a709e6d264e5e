#include "flowstats/layer7/tls_records.h"

#include <algorithm>

namespace tapstat::flowstats::layer7 {

namespace {

constexpr size_t kHelloStartMin = 7;  // bytes
constexpr uint8_t kLengthHighByteMax = 0x39;
constexpr uint16_t kRecordLengthMax = (1U << 14) + 2048;  // RFC 5246 section 6.2.3

bool is_version_3(ByteRange bytes, size_t offset) {
  return bytes.u8(offset) == 3 && bytes.u8(offset + 1) <= 3;
}

bool starts_hello(ByteRange payload, uint8_t message) {
  return payload.size() >= kHelloStartMin && payload.u8(0) == tls_content::kHandshake &&
         is_version_3(payload, 1) && payload.u8(3) <= kLengthHighByteMax &&
         payload.u8(kTlsRecordHeader) == message;
}

}  // namespace

bool starts_tls_client_hello(ByteRange payload) {
  return starts_hello(payload, tls_handshake::kClientHello);
}

bool starts_tls_server_hello(ByteRange payload) {
  return starts_hello(payload, tls_handshake::kServerHello);
}

bool starts_sslv2_client_hello(ByteRange payload) {
  return payload.size() >= kHelloStartMin && (payload.u8(0) & 0x80U) != 0 &&
         payload.u8(2) == tls_handshake::kClientHello && is_version_3(payload, 3) &&
         (payload.u16(0) & 0x7fffU) + size_t{2} == payload.size();
}

bool starts_tls_application_data(ByteRange payload) {
  return payload.has(0, 3) && payload.u8(0) == tls_content::kApplicationData &&
         is_version_3(payload, 1);
}

TlsRecordReader::Result TlsRecordReader::next(ByteRange& input, TlsFragment& fragment) {
  const bool begins = remaining_ == 0;
  if (begins) {
    if (header_size_ == 0) record_offset_ = offset_;
    const size_t taken = std::min(input.size(), kTlsRecordHeader - header_size_);
    std::copy_n(input.data(), taken, header_.begin() + header_size_);
    header_size_ = static_cast<uint8_t>(header_size_ + taken);
    offset_ += static_cast<uint32_t>(taken);
    input = input.from(taken);
    if (header_size_ < kTlsRecordHeader) return Result::more;
    const ByteRange header(header_.data(), header_.size());
    type_ = header.u8(0);
    remaining_ = header.u16(3);
    header_size_ = 0;
    if (type_ < tls_content::kChangeCipherSpec || type_ > tls_content::kHeartbeat ||
        header.u8(1) != 3 || remaining_ > kRecordLengthMax) {
      return Result::not_tls;
    }
  } else if (input.empty()) {
    return Result::more;
  }
  const ByteRange bytes = input.first(remaining_);
  fragment = {type_, record_offset_, bytes};
  remaining_ = static_cast<uint16_t>(remaining_ - bytes.size());
  offset_ += static_cast<uint32_t>(bytes.size());
  input = input.from(bytes.size());
  return Result::fragment;
}

}  // namespace tapstat::flowstats::layer7
