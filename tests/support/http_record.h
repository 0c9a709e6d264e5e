/// An HttpRecord with its segment, in memory of its own, as a worker's record ring would hold it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <string_view>

#include "flowstats/base/units.h"
#include "flowstats/event_records.h"

namespace tapstat::tests {

/// From 192.0.2.10 port 40001 to 198.51.100.20 port 80.
class HttpRecordMemory {
 public:
  HttpRecordMemory(flowstats::layer7::HttpPart part, flowstats::layer7::HttpField continued,
                   std::string_view segment)
      : units_(flowstats::record_units(sizeof(flowstats::HttpRecord) + segment.size())),
        memory_(std::make_unique<Unit[]>(units_)) {
    auto* record = new (memory_.get()) flowstats::HttpRecord;
    record->units = units_;
    record->kind = flowstats::RecordKind::http_message;
    record->ends.address = {flowstats::IpAddress::v4(0xc000020a),
                            flowstats::IpAddress::v4(0xc6336414)};
    record->ends.port = {40'001, 80};
    record->time = flowstats::Timestamp{1'600'000'000'004'000};
    record->flow_first = flowstats::Timestamp{1'600'000'000'001'000};
    record->part = part;
    record->continued = continued;
    record->segment = flowstats::TextTail<flowstats::HttpRecord>(*record).append(segment);
    record_ = record;
  }

  [[nodiscard]] flowstats::HttpRecord& record() { return *record_; }

 private:
  struct alignas(flowstats::kRecordUnit) Unit {
    std::byte bytes[flowstats::kRecordUnit];
  };

  uint32_t units_;
  std::unique_ptr<Unit[]> memory_;
  flowstats::HttpRecord* record_ = nullptr;
};

}  // namespace tapstat::tests
