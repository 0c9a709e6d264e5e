/// Queues between threads, each against a std::deque: what was put in comes out once, whole, in
/// order, and not before it was published; what found no room was refused when it was offered.
///
/// Input: first byte = which queue; then pairs of bytes: operation, its size. Operations: put
/// (small or large), publish, take some, take one. One thread does both ends.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <deque>
#include <new>
#include <string>
#include <string_view>
#include <vector>

#include "dataplane/packet_handoff.h"
#include "dataplane/packet_ring.h"
#include "dataplane/record_ring.h"
#include "flowstats/base/check.h"
#include "flowstats/records.h"

namespace {

using namespace tapstat;
using flowstats::Timestamp;

/// What stands in a queue: its number, and as many bytes that tell it.
struct Item {
  uint32_t number = 0;
  uint32_t bytes = 0;
};

char letter_of(const Item& item) { return static_cast<char>('a' + item.number % 26); }

/// How many of the items are out, and which of them may be seen.
class Model {
 public:
  [[nodiscard]] Item next(uint32_t bytes) const { return {put_, bytes}; }
  void put(const Item& item) {
    items_.push_back(item);
    ++put_;
  }
  void publish() { visible_ = items_.size(); }
  void show(size_t at_least) { visible_ = std::max(visible_, at_least); }
  void take(const Item& item) {
    TAPSTAT_ASSERT(visible_ > 0);
    TAPSTAT_ASSERT(items_.front().number == item.number);
    TAPSTAT_ASSERT(items_.front().bytes == item.bytes);
    items_.pop_front();
    --visible_;
  }
  [[nodiscard]] size_t visible() const { return visible_; }
  [[nodiscard]] size_t size() const { return items_.size(); }
  [[nodiscard]] uint32_t put_in() const { return put_; }

 private:
  std::deque<Item> items_;
  size_t visible_ = 0;
  uint32_t put_ = 0;
};

/// Records of DNS messages, whose texts have any length; a full ring drops.
class Records {
 public:
  void put(Model& model, uint32_t bytes) {
    const Item item = model.next(bytes);
    const std::string text(item.bytes, letter_of(item));
    auto* const record = flowstats::make_record<flowstats::DnsRecord>(
        ring_, flowstats::RecordKind::dns_message, text.size());
    if (record == nullptr) return;
    record->epoch = item.number;
    record->message = flowstats::TextTail(*record).append(text);
    record->closed = Timestamp{item.number};
    model.put(item);
  }
  void publish(Model& model) {
    ring_.publish(Timestamp{model.put_in()});
    model.publish();
  }
  void take(Model& model, bool only_one) {
    batch_.clear();
    const size_t taken =
        only_one ? ring_.drain_one(batch_) : ring_.drain(batch_, flowstats::kAlways);
    TAPSTAT_ASSERT(taken <= model.size());
    // Whoever needs new room in the ring shows what is in the old: earlier than told, never less.
    model.show(taken);
    size_t seen = 0;
    batch_.for_each([&](const flowstats::RecordHead& head) {
      const auto& record = static_cast<const flowstats::DnsRecord&>(head);
      const std::string_view text = text_of(record, record.message);
      const Item item{record.epoch, static_cast<uint32_t>(text.size())};
      TAPSTAT_ASSERT(text == std::string(text.size(), letter_of(item)));
      model.take(item);
      ++seen;
    });
    TAPSTAT_ASSERT(seen == taken);
    // What does not fit the batch stays; an empty batch holds the largest record.
    TAPSTAT_ASSERT(taken > 0 || model.visible() == 0);
  }
  [[nodiscard]] bool is_empty() const { return !ring_.has_records(); }

 private:
  dataplane::RecordRing ring_{1, dataplane::RecordRing::WhenFull::drop};
  flowstats::RecordBuffer batch_{flowstats::record_units(flowstats::kRecordBytesMax), 40};
};

/// Copied packets; a full ring drops.
class Packets {
 public:
  void put(Model& model, uint32_t bytes) {
    const Item item = model.next(bytes);
    flowstats::TraceSlot* const place = ring_.reserve(sizeof(flowstats::TracedPacket), bytes);
    if (place == nullptr) return;
    const uint32_t slot_bytes = place->bytes;
    TAPSTAT_ASSERT(slot_bytes >= sizeof(flowstats::TracedPacket) + bytes);
    auto* const packet = new (place) flowstats::TracedPacket;
    packet->bytes = slot_bytes;
    packet->kind = flowstats::TraceSlot::Kind::packet;
    packet->time = Timestamp{item.number};
    packet->captured = bytes;
    std::memset(static_cast<void*>(packet + 1), letter_of(item), bytes);
    model.put(item);
  }
  void publish(Model& model) {
    ring_.publish(Timestamp{model.put_in()});
    model.publish();
  }
  void take(Model& model, bool only_one) {
    TAPSTAT_ASSERT((ring_.front() == nullptr) == (model.visible() == 0));
    while (const flowstats::TraceSlot* const slot = ring_.front()) {
      const auto& packet = static_cast<const flowstats::TracedPacket&>(*slot);
      const Item item{static_cast<uint32_t>(packet.time.us), packet.captured};
      const std::string expected(item.bytes, letter_of(item));
      TAPSTAT_ASSERT(std::memcmp(packet.data(), expected.data(), expected.size()) == 0);
      model.take(item);
      ring_.pop();
      if (only_one) return;
    }
  }
  [[nodiscard]] bool is_empty() { return ring_.front() == nullptr; }

 private:
  dataplane::PacketRing ring_{dataplane::kPacketRingMin, dataplane::PacketRing::WhenFull::drop};
};

/// Packets on their way to a worker. Waits when it is full, so it is never offered too many.
class Handoff {
 public:
  void put(Model& model, uint32_t bytes) {
    const size_t room = kCapacity - 1 - model.size();
    const size_t count = std::min<size_t>(bytes % kBurst + 1, room);
    for (size_t i = 0; i < count; ++i) {
      const Item item = model.next(0);
      burst_[i] = {nullptr, Timestamp{item.number}, Timestamp{item.number},
                   dataplane::HandedPacket::Mark::none, dataplane::LinkType::ethernet};
      model.put(item);
    }
    TAPSTAT_ASSERT(handoff_.push({burst_.data(), count}) == count);
    model.publish();
  }
  void publish(Model& model) {
    handoff_.advance(Timestamp{model.put_in()});
    TAPSTAT_ASSERT(handoff_.clock() == Timestamp{model.put_in()});
  }
  void take(Model& model, bool only_one) {
    const size_t wanted = only_one ? 1 : kBurst;
    const size_t taken = handoff_.pop({burst_.data(), wanted});
    TAPSTAT_ASSERT(taken == std::min(wanted, model.visible()));
    for (size_t i = 0; i < taken; ++i) {
      TAPSTAT_ASSERT(burst_[i].clock == burst_[i].time);
      model.take({static_cast<uint32_t>(burst_[i].time.us), 0});
    }
  }
  [[nodiscard]] bool is_empty() { return handoff_.pop({burst_.data(), 1}) == 0; }

 private:
  static constexpr uint32_t kCapacity = 64;
  static constexpr size_t kBurst = 24;
  dataplane::PacketHandoff handoff_{kCapacity, dataplane::PacketHandoff::WhenFull::drop};
  std::array<dataplane::HandedPacket, kBurst> burst_;
};

template <class Queue>
void run(const uint8_t* data, size_t size) {
  Queue queue;
  Model model;
  for (size_t at = 0; at + 1 < size; at += 2) {
    const uint32_t argument = data[at + 1];
    switch (data[at] % 5) {
      case 0: queue.put(model, argument); break;
      case 1: queue.put(model, argument * 251); break;
      case 2: queue.publish(model); break;
      case 3: queue.take(model, false); break;
      default: queue.take(model, true); break;
    }
  }
  queue.publish(model);
  while (model.size() > 0) queue.take(model, false);
  TAPSTAT_ASSERT(queue.is_empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  switch (data[0] % 3) {
    case 0: run<Records>(data + 1, size - 1); break;
    case 1: run<Packets>(data + 1, size - 1); break;
    default: run<Handoff>(data + 1, size - 1); break;
  }
  return 0;
}
