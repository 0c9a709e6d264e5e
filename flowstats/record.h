/// What workers hand to the writer: records of several kinds, each a fixed part and, behind it, the
/// texts that it refers to.
///
/// A record is made in place in a worker's record ring and read in place in the writer's batch; it
/// is never copied by value, because its texts would stay behind. Sizes are whole units of
/// kRecordUnit bytes. Fixed parts are trivially copyable and hold no pointers but those that the
/// writer sets for itself.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>
#include <string_view>
#include <type_traits>

#include "flowstats/base/byte_range.h"
#include "flowstats/base/check.h"
#include "flowstats/base/text.h"
#include "flowstats/base/units.h"
#include "flowstats/wire/ip_address.h"

namespace tapstat::flowstats {

/// The client sent the packet that opened the flow. Values index arrays.
enum class Side : uint8_t { client = 0, server = 1, flow = 2 };

enum class RecordKind : uint8_t {
  filler,        // nothing: the end of the ring's memory was too short for the next record
  tcp_flow,      // TcpRecord
  udp_flow,      // UdpRecord
  http_message,  // HttpRecord
  dns_message,   // DnsRecord
  rtp_stream,    // RtpRecord
  tcp_interval,  // TcpIntervalRecord
  udp_interval,  // UdpIntervalRecord
  exit,          // ExitRecord
};

inline constexpr size_t kRecordUnit = 64;  // bytes
/// The largest record: a DNS message or an HTTP segment of the largest IP packet, and its head.
inline constexpr size_t kRecordBytesMax = 68 * 1024;

constexpr uint32_t record_units(size_t bytes) {
  return static_cast<uint32_t>((bytes + kRecordUnit - 1) / kRecordUnit);
}

/// A name that a client learnt for a server's address before it opened a flow to it. Made by the
/// writer; the texts live as long as the batch.
struct Resolution {
  std::string_view name;
  IpAddress resolver;
  IpVersion resolver_version = IpVersion::v4;
  Timestamp query, answer;          // of the DNS exchange
  bool query_seen = true;           // false: the answer was the first packet of its flow
  bool resolver_encrypted = false;  // its address anonymised
};

struct RecordHead {
  uint32_t units = 0;  // size in the ring
  RecordKind kind = RecordKind::filler;
  uint32_t epoch = 0;  // configuration that was in force when the record was made
  Timestamp closed;    // capture clock when the record was made; names a directory opened for it
};

/// Makes a record in a sink, with room for `text_bytes` behind it; nullptr when the sink has none.
template <class Record, class Sink>
[[nodiscard]] Record* make_record(Sink& sink, RecordKind kind, size_t text_bytes = 0) {
  const uint32_t units = record_units(sizeof(Record) + text_bytes);
  void* const place = sink.reserve(units);
  if (place == nullptr) return nullptr;
  auto* record = new (place) Record{};
  record->units = units;
  record->kind = kind;
  return record;
}

/// The two ends of a conversation as the logs name them; indexed by Side.
struct Ends {
  std::array<IpAddress, 2> address;
  std::array<uint16_t, 2> port{};   // host byte order
  std::array<bool, 2> internal{};   // address in the internal networks, decided at the first packet
  std::array<bool, 2> encrypted{};  // address anonymised; set by the writer
  IpVersion ip_version = IpVersion::v4;
};

/// A text behind the fixed part of `record`.
template <class Record>
[[nodiscard]] std::string_view text_of(const Record& record, TextRef ref) {
  TAPSTAT_ASSERT(size_t{ref.offset} + ref.size <= record.units * kRecordUnit);
  return {reinterpret_cast<const char*>(&record) + ref.offset, ref.size};
}

/// Appends texts behind the fixed part of a record that is being made; the owner has reserved
/// `units`.
template <class Record>
class TextTail {
  static_assert(std::is_trivially_copyable_v<Record>);

 public:
  explicit TextTail(Record& record) : record_(record) {}

  [[nodiscard]] TextRef append(std::string_view text) {
    if (text.empty()) return {};
    TAPSTAT_ASSERT(end_ + text.size() <= record_.units * kRecordUnit && end_ <= 65535);
    std::memcpy(reinterpret_cast<char*>(&record_) + end_, text.data(), text.size());
    const TextRef ref{static_cast<uint16_t>(end_), static_cast<uint16_t>(text.size())};
    end_ += text.size();
    return ref;
  }

 private:
  Record& record_;
  size_t end_ = sizeof(Record);
};

}  // namespace tapstat::flowstats
