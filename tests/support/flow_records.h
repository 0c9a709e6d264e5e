/// Records in and out of record queues, for tests.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "flowstats/records.h"

namespace tapstat::tests {

/// Space for a flow's record, or nullptr when the queue has none.
template <class Sink>
[[nodiscard]] flowstats::TcpRecord* reserve_flow(Sink& sink) {
  return flowstats::make_record<flowstats::TcpRecord>(sink, flowstats::RecordKind::tcp_flow);
}

/// Takes flows, without their texts.
[[nodiscard]] inline size_t drain_flows(flowstats::RecordSource& source,
                                        std::span<flowstats::TcpRecord> out) {
  flowstats::RecordBuffer scratch(flowstats::record_units(flowstats::kRecordBytesMax), 1);
  return flowstats::take_flows(source, scratch, out);
}

/// Everything that was in a queue at one moment; the records live as long as this.
class Drained {
 public:
  explicit Drained(flowstats::RecordSource& source) : batch_(16'384, 2000) {
    static_cast<void>(source.drain(batch_, flowstats::kAlways));
    batch_.for_each([&](const flowstats::RecordHead& head) { all_.push_back(&head); });
  }
  Drained(const Drained&) = delete;
  Drained& operator=(const Drained&) = delete;

  [[nodiscard]] const std::vector<const flowstats::RecordHead*>& all() const { return all_; }
  template <class Record>
  [[nodiscard]] std::vector<const Record*> of(flowstats::RecordKind kind) const {
    std::vector<const Record*> found;
    for (const flowstats::RecordHead* head : all_)
      if (head->kind == kind) found.push_back(static_cast<const Record*>(head));
    return found;
  }

 private:
  flowstats::RecordBuffer batch_;
  std::vector<const flowstats::RecordHead*> all_;
};

}  // namespace tapstat::tests
