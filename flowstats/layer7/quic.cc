#include "flowstats/layer7/quic.h"

namespace tapstat::flowstats::layer7 {
namespace {

constexpr size_t kPayloadBytesMin = 19;

uint32_t hash_of(ByteRange id) {
  uint32_t hash = 2166136261U;  // FNV-1a
  for (size_t i = 0; i < id.size(); ++i) hash = (hash ^ id.u8(i)) * 16777619U;
  return hash;
}

bool is_initial(const QuicLongHeader& header, size_t payload_bytes) {
  return header.type == QuicPacketType::initial && payload_bytes >= kPayloadBytesMin &&
         header.destination_id.size() <= kQuicIdBytesMax &&
         header.source_id.size() <= kQuicIdBytesMax;
}

}  // namespace

bool Quic::on_header(const QuicLongHeader& header, size_t side, size_t payload_bytes, Mode mode) {
  if (!is_initial(header, payload_bytes)) return false;
  const bool answers = state != State::unseen && side != opener;
  if (mode == Mode::tstat && state == State::confirmed) return false;
  if (!header.fixed_bit) {
    // The answer to a known connection may hide that it is QUIC.
    const bool known =
        mode == Mode::corrected && answers && hash_of(header.destination_id) == source_id_hash;
    if (!known) return false;
  }
  if (answers) {
    if (state == State::confirmed) {  // by decryption
      if (version[side] == 0) version[side] = header.version;
      return false;
    }
    const bool names_itself = !header.source_id.empty() || mode == Mode::corrected;
    if (!names_itself || header.version != version[opener]) return false;
    version[side] = header.version;
    state = State::confirmed;
    return true;
  }
  if (header.destination_id.empty()) return false;
  if (state == State::confirmed) {
    // By decryption; without an answer so far, it begins again in the version that was negotiated.
    if (version[1 - side] != 0) return false;
  } else {
    opener = static_cast<uint8_t>(side);
    state = side == kClient ? State::opened_by_client : State::opened_by_server;
  }
  version[side] = header.version;
  source_id_hash = hash_of(header.source_id);
  return false;
}

bool Quic::on_authenticated(size_t side, uint32_t of_version) {
  if (state == State::confirmed) return false;
  opener = static_cast<uint8_t>(side);
  version[side] = of_version;
  state = State::confirmed;
  return true;
}

void Quic::count_zero_rtt(ByteRange datagram, size_t side, Mode mode) {
  const bool counts = is_open() || (state == State::confirmed && mode == Mode::corrected);
  if (!counts || side != opener) return;
  for_each_quic_packet(datagram, mode, [&](const QuicLongHeader& header, ByteRange) {
    if (header.fixed_bit && header.type == QuicPacketType::zero_rtt && zero_rtt < UINT16_MAX)
      ++zero_rtt;
    return header.fixed_bit;
  });
}

}  // namespace tapstat::flowstats::layer7
