#include "flowstats/layer7/quic_header.h"

#include "flowstats/layer7/client_hello.h"

namespace tapstat::flowstats::layer7 {
namespace {

constexpr uint8_t kFixedBit = 0x40, kTypeBits = 0x30;

QuicPacketType packet_type(uint8_t first_byte, uint32_t version, Mode mode) {
  const auto bits = static_cast<unsigned>((first_byte & kTypeBits) >> 4);
  const bool counts_from_retry = version == quic_version::k2 && mode == Mode::corrected;
  return static_cast<QuicPacketType>(counts_from_retry ? (bits + 3) % 4 : bits);
}

/// What follows the identifiers of packets that say their length.
void read_extent(ByteRange bytes, size_t offset, QuicLongHeader& header) {
  if (header.type == QuicPacketType::initial) {
    const auto token_bytes = read_quic_integer(bytes, offset);
    if (!token_bytes || *token_bytes > bytes.size() - offset) return;
    offset += static_cast<size_t>(*token_bytes);
  }
  const auto length = read_quic_integer(bytes, offset);
  if (!length || *length > UINT16_MAX) return;
  header.number_offset = offset;
  header.packet_bytes = offset + static_cast<size_t>(*length);
}

}  // namespace

std::optional<uint64_t> read_quic_integer(ByteRange bytes, size_t& offset) {
  if (!bytes.has(offset, 1)) return {};
  const size_t width = size_t{1} << (bytes.u8(offset) >> 6);
  if (!bytes.has(offset, width)) return {};
  uint64_t value = bytes.u8(offset) & 0x3f;
  for (size_t i = 1; i < width; ++i) value = value << 8 | bytes.u8(offset + i);
  offset += width;
  return value;
}

std::optional<QuicLongHeader> read_quic_long_header(ByteRange bytes, Mode mode) {
  if (!bytes.has(0, 7) || !may_be_long_header(bytes.u8(0))) return {};
  QuicLongHeader header;
  header.fixed_bit = (bytes.u8(0) & kFixedBit) != 0;
  header.version = bytes.u32(1);
  header.type = packet_type(bytes.u8(0), header.version, mode);
  size_t offset = 5;
  if (!read_vector(bytes, 1, offset, header.destination_id)) return {};
  if (!read_vector(bytes, 1, offset, header.source_id)) return {};
  if (header.version != quic_version::kNegotiation && header.type != QuicPacketType::retry)
    read_extent(bytes, offset, header);
  return header;
}

}  // namespace tapstat::flowstats::layer7
