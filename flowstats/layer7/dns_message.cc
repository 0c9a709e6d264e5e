#include "flowstats/layer7/dns_message.h"

namespace tapstat::flowstats::layer7 {

namespace {

constexpr uint16_t kDnsPorts[] = {53, 137, 5353, 5355};  // DNS, NetBIOS, mDNS, LLMNR

bool is_dns_port(uint16_t port) {
  for (const uint16_t known : kDnsPorts)
    if (port == known) return true;
  return false;
}

/// Query, inverse query, status, notify, update, stateful operations; NetBIOS uses 5 to 8 and 15
/// for registrations, refreshes and releases.
bool is_known_operation(uint8_t opcode) {
  return opcode <= 2 || (opcode >= 4 && opcode <= 8) || opcode == 15;
}

bool is_usual_question(const DnsQuestion& question) {
  const bool query_type = question.type >= 249 && question.type <= dns_type::kAny;
  return (query_type || find_dns_type(question.type) != nullptr) &&
         !dns_class_name(question.dns_class).empty();
}

/// RDATA may be empty: dynamic updates have such records (RFC 2136 section 2.5).
bool is_rdata_valid(const DnsResource& record) {
  if (record.rdata_bytes == 0) return true;
  const DnsType* type = find_dns_type(record.type);
  return type == nullptr || walk_rdata(record, type->fields, [](char, size_t, size_t) {});
}

}  // namespace

std::optional<DnsHeader> read_dns_header(ByteRange message) {
  if (!message.has(0, kDnsHeaderBytes)) return std::nullopt;
  DnsHeader header;
  header.id = message.u16(0);
  header.flags = message.u16(2);
  header.questions = message.u16(4);
  header.answers = message.u16(6);
  header.authorities = message.u16(8);
  header.additionals = message.u16(10);
  return header;
}

DnsReader::DnsReader(ByteRange message) : message_(message) {
  if (const auto header = read_dns_header(message))
    header_ = *header;
  else
    is_damaged_ = true;
}

std::optional<DnsName> DnsReader::next_name() {
  const auto end = walk_dns_name(message_, offset_, [](ByteRange) {});
  if (!end) return std::nullopt;
  const DnsName name{message_, offset_};
  offset_ = *end;
  return name;
}

std::optional<DnsQuestion> DnsReader::next_question() {
  if (is_damaged_ || questions_read_ == header_.questions) return std::nullopt;
  const auto name = next_name();
  if (!name || !message_.has(offset_, 4)) {
    is_damaged_ = true;
    return std::nullopt;
  }
  const DnsQuestion question{*name, message_.u16(offset_), message_.u16(offset_ + 2)};
  offset_ += 4;
  ++questions_read_;
  return question;
}

std::optional<DnsResource> DnsReader::next_record() {
  while (next_question()) {
  }
  const uint32_t behind_answers = header_.answers;
  const uint32_t behind_authorities = behind_answers + header_.authorities;
  if (is_damaged_ || records_read_ == behind_authorities + header_.additionals) return std::nullopt;
  const auto name = next_name();
  if (!name || !message_.has(offset_, 10)) {
    is_damaged_ = true;
    return std::nullopt;
  }
  DnsResource record;
  record.name = *name;
  record.section = records_read_ < behind_answers       ? DnsSection::answer
                   : records_read_ < behind_authorities ? DnsSection::authority
                                                        : DnsSection::additional;
  record.type = message_.u16(offset_);
  record.dns_class = message_.u16(offset_ + 2);
  record.ttl = message_.u32(offset_ + 4);
  record.rdata_bytes = message_.u16(offset_ + 8);
  record.rdata_offset = offset_ + 10;
  if (!message_.has(record.rdata_offset, record.rdata_bytes) || !is_rdata_valid(record)) {
    is_damaged_ = true;
    return std::nullopt;
  }
  offset_ = record.rdata_offset + record.rdata_bytes;
  ++records_read_;
  return record;
}

bool is_dns_message(ByteRange message) {
  DnsReader reader{message};
  while (reader.next_record()) {
  }
  return !reader.is_damaged();
}

bool is_plausible_dns_message(ByteRange message, uint16_t source_port, uint16_t destination_port) {
  DnsReader reader{message};
  if (reader.is_damaged() || reader.header().is_empty() ||
      !is_known_operation(reader.header().opcode()))
    return false;
  if (!is_dns_port(source_port) && !is_dns_port(destination_port)) {
    const auto question = reader.next_question();
    if (!question || !is_usual_question(*question)) return false;
  }
  while (reader.next_record()) {
  }
  return !reader.is_damaged();
}

}  // namespace tapstat::flowstats::layer7
