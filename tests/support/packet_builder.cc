#include "tests/support/packet_builder.h"

#include <arpa/inet.h>

#include <algorithm>
#include <cstring>
#include <stdexcept>

namespace tapstat::tests {
namespace {

constexpr uint16_t kEtherTypeIpv4 = 0x0800, kEtherTypeIpv6 = 0x86dd;
constexpr uint8_t kProtocolIpIp = 4, kProtocolTcp = 6, kProtocolUdp = 17, kProtocol6in4 = 41,
                  kProtocolGre = 47, kProtocolFragment = 44, kProtocolAh = 51, kProtocolIcmp = 1;
constexpr FrameBytes::value_type kFiller = 'x';

void put8(FrameBytes& out, unsigned value) { out.push_back(static_cast<uint8_t>(value)); }
void put16(FrameBytes& out, unsigned value) {
  put8(out, value >> 8);
  put8(out, value & 0xff);
}
void put32(FrameBytes& out, uint32_t value) {
  put16(out, value >> 16);
  put16(out, value & 0xffff);
}
void set16(FrameBytes& out, size_t at, size_t value) {
  out[at] = static_cast<uint8_t>(value >> 8);
  out[at + 1] = static_cast<uint8_t>(value);
}
void append(FrameBytes& out, const FrameBytes& more) {
  out.insert(out.end(), more.begin(), more.end());
}

void put_address(FrameBytes& out, int family, const std::string& text) {
  std::array<uint8_t, 16> raw{};
  if (inet_pton(family, text.c_str(), raw.data()) != 1)
    throw std::invalid_argument("not an address: " + text);
  out.insert(out.end(), raw.begin(), raw.begin() + (family == AF_INET ? 4 : 16));
}

FrameBytes padded(FrameBytes bytes, size_t multiple, uint8_t filler) {
  while (bytes.size() % multiple != 0) bytes.push_back(filler);
  return bytes;
}

/// One's complement sum over `bytes`, started with `sum` (RFC 1071).
uint32_t add_up(const FrameBytes& bytes, uint32_t sum) {
  for (size_t i = 0; i < bytes.size(); ++i) sum += i % 2 == 0 ? uint32_t{bytes[i]} << 8 : bytes[i];
  return sum;
}
uint16_t folded(uint32_t sum) {
  while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<uint16_t>(~sum);
}

}  // namespace

PacketBuilder& PacketBuilder::add(Layer layer) {
  layers_.push_back(std::move(layer));
  return *this;
}

PacketBuilder& PacketBuilder::ethernet(EthernetFields fields) {
  Layer layer;
  layer.header = {2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1};
  put16(layer.header, fields.ether_type.value_or(0));
  if (!fields.ether_type) layer.type_field = TypeField::ether_type;
  layer.type_at = 12;
  return add(std::move(layer));
}

PacketBuilder& PacketBuilder::vlan(uint16_t id, uint16_t tpid) {
  Layer layer;
  put16(layer.header, id);
  put16(layer.header, 0);
  layer.ether_type = tpid;
  layer.type_field = TypeField::ether_type;
  layer.type_at = 2;
  return add(std::move(layer));
}

PacketBuilder& PacketBuilder::mpls(uint32_t label) {
  constexpr uint16_t kMpls = 0x8847;
  constexpr uint32_t kBottom = 0x100;
  if (!layers_.empty() && layers_.back().ether_type == kMpls) layers_.back().header[2] &= 0xfe;
  Layer layer;
  put32(layer.header, (label << 12) | kBottom | 64);
  layer.ether_type = kMpls;
  return add(std::move(layer));
}

PacketBuilder& PacketBuilder::pppoe() {
  Layer layer;
  layer.header = {0x11, 0, 0, 1,
                  0,    0, 0, 0};  // version and type, code, session 1, length, PPP type
  layer.ether_type = 0x8864;
  layer.type_field = TypeField::ppp_type;
  layer.type_at = 6;
  layer.length_field = LengthField::pppoe;
  layer.length_at = 4;
  return add(std::move(layer));
}

PacketBuilder& PacketBuilder::linux_cooked_v1() {
  Layer layer;
  layer.header = {0, 0, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0, 0, 0};
  layer.type_field = TypeField::ether_type;
  layer.type_at = 14;
  return add(std::move(layer));
}

PacketBuilder& PacketBuilder::linux_cooked_v2() {
  Layer layer;
  layer.header = {0, 0, 0, 0, 0, 0, 0, 2, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0};
  layer.type_field = TypeField::ether_type;
  layer.type_at = 0;
  return add(std::move(layer));
}

PacketBuilder& PacketBuilder::null_loopback() { return bytes({2, 0, 0, 0}); }

PacketBuilder& PacketBuilder::ppp() {
  Layer layer;
  layer.header = {0xff, 0x03, 0, 0};
  layer.type_field = TypeField::ppp_type;
  layer.type_at = 2;
  return add(std::move(layer));
}

PacketBuilder& PacketBuilder::cisco_hdlc() {
  Layer layer;
  layer.header = {0x0f, 0, 0, 0};
  layer.type_field = TypeField::ether_type;
  layer.type_at = 2;
  return add(std::move(layer));
}

PacketBuilder& PacketBuilder::bytes(FrameBytes header) {
  Layer layer;
  layer.header = std::move(header);
  return add(std::move(layer));
}

PacketBuilder& PacketBuilder::ipv4(Ipv4Fields fields) {
  const FrameBytes options = padded(fields.options, 4, 0);
  const auto words = static_cast<unsigned>(5 + options.size() / 4);
  const unsigned flags =
      (fields.dont_fragment ? 0x4000U : 0U) | (fields.more_fragments ? 0x2000U : 0U);
  Layer layer;
  put8(layer.header, (unsigned{fields.version.value_or(4)} << 4) |
                         fields.header_words.value_or(static_cast<uint8_t>(words)));
  put8(layer.header, 0);
  put16(layer.header, fields.total_length.value_or(0));
  put16(layer.header, fields.id);
  put16(layer.header, flags | fields.fragment_offset);
  put8(layer.header, fields.ttl);
  put8(layer.header, fields.protocol.value_or(0));
  put16(layer.header, fields.checksum.value_or(0));
  put_address(layer.header, AF_INET, fields.source);
  put_address(layer.header, AF_INET, fields.destination);
  append(layer.header, options);
  layer.ether_type = kEtherTypeIpv4;
  layer.ip_protocol = kProtocolIpIp;
  if (!fields.protocol) layer.type_field = TypeField::ip_protocol;
  layer.type_at = 9;
  if (!fields.total_length) layer.length_field = LengthField::ipv4_total;
  layer.length_at = 2;
  if (!fields.checksum) layer.checksum = Checksum::ipv4_header;
  layer.checksum_at = 10;
  return add(std::move(layer));
}

PacketBuilder& PacketBuilder::ipv6(Ipv6Fields fields) {
  Layer layer;
  layer.header = {0x60, 0, 0, 0};
  put16(layer.header, fields.payload_length.value_or(0));
  put8(layer.header, fields.next_header.value_or(59));
  put8(layer.header, fields.hop_limit);
  put_address(layer.header, AF_INET6, fields.source);
  put_address(layer.header, AF_INET6, fields.destination);
  layer.ether_type = kEtherTypeIpv6;
  layer.ip_protocol = kProtocol6in4;
  if (!fields.next_header) layer.type_field = TypeField::ip_protocol;
  layer.type_at = 6;
  if (!fields.payload_length) layer.length_field = LengthField::ipv6_payload;
  layer.length_at = 4;
  return add(std::move(layer));
}

PacketBuilder& PacketBuilder::extension(Ipv6Extension kind, FrameBytes body) {
  Layer layer;
  layer.header = {0, 0};
  append(layer.header, body);
  layer.header = padded(std::move(layer.header), 8, 0);
  layer.header[1] = static_cast<uint8_t>(layer.header.size() / 8 - 1);
  layer.ip_protocol = static_cast<int>(kind);
  layer.type_field = TypeField::ip_protocol;
  return add(std::move(layer));
}

PacketBuilder& PacketBuilder::ipv6_fragment(uint16_t offset_bytes, bool more_fragments) {
  Layer layer;
  layer.header = {0, 0};
  put16(layer.header, offset_bytes | (more_fragments ? 1U : 0U));
  put32(layer.header, 1);
  layer.ip_protocol = kProtocolFragment;
  layer.type_field = TypeField::ip_protocol;
  return add(std::move(layer));
}

PacketBuilder& PacketBuilder::authentication_header(uint8_t length_bytes) {
  Layer layer;
  layer.header.assign(length_bytes, 0);
  layer.header[1] = static_cast<uint8_t>(length_bytes / 4 - 2);
  layer.ip_protocol = kProtocolAh;
  layer.type_field = TypeField::ip_protocol;
  return add(std::move(layer));
}

PacketBuilder& PacketBuilder::gre() {
  Layer layer;
  layer.header = {0, 0, 0, 0};
  layer.ip_protocol = kProtocolGre;
  layer.type_field = TypeField::ether_type;
  layer.type_at = 2;
  return add(std::move(layer));
}

PacketBuilder& PacketBuilder::tcp(TcpFields fields) {
  const FrameBytes options = padded(fields.options, 4, 1);
  const auto words = static_cast<uint8_t>(5 + options.size() / 4);
  Layer layer;
  put16(layer.header, fields.source_port);
  put16(layer.header, fields.destination_port);
  put32(layer.header, fields.seq);
  put32(layer.header, fields.ack);
  put8(layer.header, unsigned{fields.data_offset_words.value_or(words)} << 4);
  put8(layer.header, fields.flags);
  put16(layer.header, fields.window);
  put16(layer.header, fields.checksum.value_or(0));
  put16(layer.header, 0);
  append(layer.header, options);
  layer.ip_protocol = kProtocolTcp;
  if (!fields.checksum) layer.checksum = Checksum::transport;
  layer.checksum_at = 16;
  return add(std::move(layer));
}

PacketBuilder& PacketBuilder::udp(UdpFields fields) {
  Layer layer;
  put16(layer.header, fields.source_port);
  put16(layer.header, fields.destination_port);
  put16(layer.header, fields.length.value_or(0));
  put16(layer.header, fields.checksum.value_or(0));
  layer.ip_protocol = kProtocolUdp;
  if (!fields.length) layer.length_field = LengthField::udp;
  layer.length_at = 4;
  if (!fields.checksum) layer.checksum = Checksum::transport;
  layer.checksum_at = 6;
  return add(std::move(layer));
}

PacketBuilder& PacketBuilder::icmp_echo() {
  Layer layer;
  layer.header = {8, 0, 0, 0, 0, 1, 0, 1};
  layer.ip_protocol = kProtocolIcmp;
  layer.checksum = Checksum::icmp;
  layer.checksum_at = 2;
  return add(std::move(layer));
}

PacketBuilder& PacketBuilder::payload(FrameBytes content) { return bytes(std::move(content)); }
PacketBuilder& PacketBuilder::payload(size_t size) { return bytes(FrameBytes(size, kFiller)); }

void PacketBuilder::fill_type(Layer& layer, const Layer& next) {
  if (layer.type_field == TypeField::ether_type && next.ether_type != 0)
    set16(layer.header, layer.type_at, next.ether_type);
  if (layer.type_field == TypeField::ppp_type)
    set16(layer.header, layer.type_at, next.ether_type == kEtherTypeIpv6 ? 0x0057 : 0x0021);
  if (layer.type_field == TypeField::ip_protocol && next.ip_protocol >= 0)
    layer.header[layer.type_at] = static_cast<uint8_t>(next.ip_protocol);
}

void PacketBuilder::fill_length(Layer& layer, size_t inner_size) {
  switch (layer.length_field) {
    case LengthField::none: return;
    case LengthField::ipv6_payload: return set16(layer.header, layer.length_at, inner_size);
    case LengthField::pppoe: return set16(layer.header, layer.length_at, inner_size + 2);
    case LengthField::ipv4_total:
    case LengthField::udp:
      return set16(layer.header, layer.length_at, inner_size + layer.header.size());
  }
}

void PacketBuilder::fill_checksum(Layer& layer, size_t index, const FrameBytes& inner) const {
  if (layer.checksum == Checksum::none) return;
  uint32_t sum = add_up(layer.header, 0);
  if (layer.checksum != Checksum::ipv4_header) sum = add_up(inner, sum);
  if (layer.checksum == Checksum::transport) {  // pseudo header: RFC 9293 s.3.1, RFC 8200 s.8.1
    const auto below = static_cast<std::ptrdiff_t>(layers_.size() - index);
    const auto ip = std::find_if(layers_.rbegin() + below, layers_.rend(), [](const Layer& l) {
      return l.ether_type == kEtherTypeIpv4 || l.ether_type == kEtherTypeIpv6;
    });
    if (ip != layers_.rend()) {
      const bool v4 = ip->ether_type == kEtherTypeIpv4;
      const FrameBytes& h = ip->header;
      sum = add_up({h.begin() + (v4 ? 12 : 8), h.begin() + (v4 ? 20 : 40)}, sum);
      sum += static_cast<uint32_t>(layer.ip_protocol) +
             static_cast<uint32_t>(layer.header.size() + inner.size());
    }
  }
  set16(layer.header, layer.checksum_at, folded(sum));
}

FrameBytes PacketBuilder::build() const {
  FrameBytes inner;
  const Layer nothing;
  for (size_t i = layers_.size(); i-- > 0;) {
    Layer layer = layers_[i];
    fill_type(layer, i + 1 < layers_.size() ? layers_[i + 1] : nothing);
    fill_length(layer, inner.size());
    fill_checksum(layer, i, inner);
    layer.header.insert(layer.header.end(), inner.begin(), inner.end());
    inner = std::move(layer.header);
  }
  return inner;
}

namespace tcp_option {

FrameBytes end() { return {0}; }
FrameBytes no_operation() { return {1}; }
FrameBytes mss(uint16_t size) {
  return {2, 4, static_cast<uint8_t>(size >> 8), static_cast<uint8_t>(size)};
}
FrameBytes window_scale(uint8_t shift) { return {3, 3, shift}; }
FrameBytes sack_permitted() { return {4, 2}; }

FrameBytes sack(std::initializer_list<std::pair<uint32_t, uint32_t>> blocks) {
  FrameBytes out = {5, static_cast<uint8_t>(2 + 8 * blocks.size())};
  for (const auto& [left, right] : blocks) {
    put32(out, left);
    put32(out, right);
  }
  return out;
}

FrameBytes timestamps(uint32_t value, uint32_t echo) {
  FrameBytes out = {8, 10};
  put32(out, value);
  put32(out, echo);
  return out;
}

FrameBytes join(std::initializer_list<FrameBytes> options) {
  FrameBytes out;
  for (const FrameBytes& option : options) append(out, option);
  return out;
}

}  // namespace tcp_option

FrameBytes arp_request() {
  FrameBytes frame = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0, 1, 0x08, 0x06};
  append(frame, {0, 1, 8, 0, 6, 4, 0, 1, 2, 0, 0, 0, 0, 1});
  put_address(frame, AF_INET, "192.0.2.10");
  append(frame, {0, 0, 0, 0, 0, 0});
  put_address(frame, AF_INET, "192.0.2.1");
  return frame;
}

}  // namespace tapstat::tests
