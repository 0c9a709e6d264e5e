/// Builds one frame layer by layer, correct by default and broken on request.
///
/// Layers are named from the outside in; type fields, lengths and checksums are filled in from what
/// follows, unless a field is given a value. Addresses are text ("192.0.2.10"); a wrong one throws.
/// Any thread; no shared state.
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tapstat::tests {

using FrameBytes = std::vector<uint8_t>;

/// TCP control bits (RFC 9293 section 3.1).
inline constexpr uint8_t kFin = 0x01, kSyn = 0x02, kRst = 0x04, kPsh = 0x08, kAck = 0x10,
                         kUrg = 0x20;

struct EthernetFields {
  std::optional<uint16_t> ether_type{};
};

struct Ipv4Fields {
  std::string source = "192.0.2.10", destination = "198.51.100.20";
  uint8_t ttl = 64;
  uint16_t id = 0;
  bool dont_fragment = false, more_fragments = false;
  uint16_t fragment_offset = 0;  // in units of 8 bytes
  FrameBytes options{};          // padded to a multiple of 4
  std::optional<uint8_t> version{}, header_words{}, protocol{};
  std::optional<uint16_t> total_length{}, checksum{};
};

struct Ipv6Fields {
  std::string source = "2001:db8:1::10", destination = "2001:db8:2::20";
  uint8_t hop_limit = 64;
  std::optional<uint8_t> next_header{};
  std::optional<uint16_t> payload_length{};
};

struct TcpFields {
  uint16_t source_port = 40000, destination_port = 9999;
  uint32_t seq = 0, ack = 0;
  uint8_t flags = 0;
  uint16_t window = 8192;
  FrameBytes options{};  // padded with NOP to a multiple of 4
  std::optional<uint8_t> data_offset_words{};
  std::optional<uint16_t> checksum{};
};

struct UdpFields {
  uint16_t source_port = 40000, destination_port = 9999;
  std::optional<uint16_t> length{}, checksum{};
};

/// IPv6 extension headers that all have the shape {next header, length, body}.
enum class Ipv6Extension : uint8_t {
  hop_by_hop = 0,
  routing = 43,
  destination_options = 60,
  mobility = 135
};

class PacketBuilder {
 public:
  PacketBuilder& ethernet(EthernetFields fields = {});
  /// `tpid` is 0x8100 (802.1Q) or 0x88a8 (802.1ad).
  PacketBuilder& vlan(uint16_t id, uint16_t tpid = 0x8100);
  /// The bottom-of-stack bit is set when no further label follows.
  PacketBuilder& mpls(uint32_t label);
  PacketBuilder& pppoe();
  PacketBuilder& linux_cooked_v1();
  PacketBuilder& linux_cooked_v2();
  /// 4 bytes, host byte order of this machine (DLT_NULL).
  PacketBuilder& null_loopback();
  PacketBuilder& ppp();
  PacketBuilder& cisco_hdlc();
  /// Any bytes that are not one of the layers; they say nothing about what follows.
  PacketBuilder& bytes(FrameBytes header);

  PacketBuilder& ipv4(Ipv4Fields fields = {});
  PacketBuilder& ipv6(Ipv6Fields fields = {});
  /// `body` follows the two-byte start and is padded to the next multiple of 8 bytes of the whole
  /// header.
  PacketBuilder& extension(Ipv6Extension kind, FrameBytes body = {});
  /// `offset_bytes` is a multiple of 8.
  PacketBuilder& ipv6_fragment(uint16_t offset_bytes, bool more_fragments);
  /// Authentication header of `length_bytes` in all (a multiple of 4, at least 12).
  PacketBuilder& authentication_header(uint8_t length_bytes = 24);
  PacketBuilder& gre();

  PacketBuilder& tcp(TcpFields fields = {});
  PacketBuilder& udp(UdpFields fields = {});
  PacketBuilder& icmp_echo();
  PacketBuilder& payload(FrameBytes bytes);
  /// `size` bytes of filler.
  PacketBuilder& payload(size_t size);

  [[nodiscard]] FrameBytes build() const;

 private:
  enum class TypeField : uint8_t { none, ether_type, ip_protocol, ppp_type };
  enum class LengthField : uint8_t { none, ipv4_total, ipv6_payload, udp, pppoe };
  enum class Checksum : uint8_t { none, ipv4_header, transport, icmp };
  struct Layer {
    FrameBytes header;
    uint16_t ether_type = 0;  // how an outer layer names this one; 0 = it cannot
    int ip_protocol = -1;     // -1 = it cannot
    TypeField type_field = TypeField::none;
    size_t type_at = 0;
    LengthField length_field = LengthField::none;
    size_t length_at = 0;
    Checksum checksum = Checksum::none;
    size_t checksum_at = 0;
  };

  PacketBuilder& add(Layer layer);
  static void fill_type(Layer& layer, const Layer& next);
  static void fill_length(Layer& layer, size_t inner_size);
  void fill_checksum(Layer& layer, size_t index, const FrameBytes& inner) const;

  std::vector<Layer> layers_;
};

/// Option lists for TcpFields::options.
namespace tcp_option {
[[nodiscard]] FrameBytes end();
[[nodiscard]] FrameBytes no_operation();
[[nodiscard]] FrameBytes mss(uint16_t bytes);
[[nodiscard]] FrameBytes window_scale(uint8_t shift);
[[nodiscard]] FrameBytes sack_permitted();
[[nodiscard]] FrameBytes sack(std::initializer_list<std::pair<uint32_t, uint32_t>> blocks);
[[nodiscard]] FrameBytes timestamps(uint32_t value, uint32_t echo);
[[nodiscard]] FrameBytes join(std::initializer_list<FrameBytes> options);
}  // namespace tcp_option

/// A whole ARP request (42 bytes, Ethernet).
[[nodiscard]] FrameBytes arp_request();

}  // namespace tapstat::tests
