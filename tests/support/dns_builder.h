/// DNS messages and records of them, field by field, for tests. Any thread; no shared state.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <new>
#include <string_view>
#include <vector>

#include "flowstats/base/byte_range.h"
#include "flowstats/event_records.h"

namespace tapstat::tests {

inline constexpr uint16_t kDnsQuery = 0x0100, kDnsAnswer = 0x8180;  // RD; QR, RD and RA

/// Sections are appended in the order of the wire; the counts are the caller's.
class DnsBuilder {
 public:
  struct Counts {
    uint16_t questions = 1, answers = 0, authorities = 0, additionals = 0;
  };

  DnsBuilder(uint16_t id, uint16_t flags, Counts counts) {
    for (const uint16_t word :
         {id, flags, counts.questions, counts.answers, counts.authorities, counts.additionals})
      u16(word);
  }

  DnsBuilder& u16(uint16_t value) {
    return raw({static_cast<uint8_t>(value >> 8), static_cast<uint8_t>(value)});
  }
  DnsBuilder& raw(std::initializer_list<int> bytes) {
    for (const int byte : bytes) bytes_.push_back(static_cast<uint8_t>(byte));
    return *this;
  }
  /// Labels are what stands between the dots; "" is the root.
  DnsBuilder& name(std::string_view dotted) {
    const auto encoded = name_bytes(dotted);
    bytes_.insert(bytes_.end(), encoded.begin(), encoded.end());
    return *this;
  }
  DnsBuilder& question(std::string_view dotted, uint16_t type, uint16_t dns_class = 1) {
    return name(dotted).u16(type).u16(dns_class);
  }
  DnsBuilder& record(std::string_view dotted, uint16_t type, const std::vector<uint8_t>& rdata,
                     uint16_t dns_class = 1) {
    name(dotted).u16(type).u16(dns_class).u16(0).u16(60).u16(static_cast<uint16_t>(rdata.size()));
    bytes_.insert(bytes_.end(), rdata.begin(), rdata.end());
    return *this;
  }

  [[nodiscard]] const std::vector<uint8_t>& bytes() const { return bytes_; }
  [[nodiscard]] flowstats::ByteRange range() const { return {bytes_.data(), bytes_.size()}; }

  static std::vector<uint8_t> name_bytes(std::string_view dotted) {
    std::vector<uint8_t> encoded;
    while (!dotted.empty()) {
      const std::string_view label = dotted.substr(0, dotted.find('.'));
      encoded.push_back(static_cast<uint8_t>(label.size()));
      encoded.insert(encoded.end(), label.begin(), label.end());
      dotted.remove_prefix(std::min(dotted.size(), label.size() + 1));
    }
    encoded.push_back(0);
    return encoded;
  }

 private:
  std::vector<uint8_t> bytes_;
};

/// A record with its message behind it, in memory of its own.
class OwnedDnsRecord {
 public:
  explicit OwnedDnsRecord(flowstats::ByteRange message)
      : units_(flowstats::record_units(sizeof(flowstats::DnsRecord) + message.size())),
        memory_(units_),
        record_(new (memory_.data()) flowstats::DnsRecord) {
    record_->units = units_;
    record_->kind = flowstats::RecordKind::dns_message;
    flowstats::TextTail<flowstats::DnsRecord> tail{*record_};
    record_->message = tail.append({reinterpret_cast<const char*>(message.data()), message.size()});
  }
  OwnedDnsRecord(const OwnedDnsRecord&) = delete;
  OwnedDnsRecord& operator=(const OwnedDnsRecord&) = delete;

  flowstats::DnsRecord& operator*() { return *record_; }
  flowstats::DnsRecord* operator->() { return record_; }

 private:
  struct alignas(flowstats::kRecordUnit) Unit {
    std::byte bytes[flowstats::kRecordUnit];
  };
  uint32_t units_;
  std::vector<Unit> memory_;
  flowstats::DnsRecord* record_;
};

}  // namespace tapstat::tests
