/// What a worker tells the thread that follows connections for exit records: the segments of its
/// flows, in the order in which it met them (single producer, single consumer).
///
/// Messages (exit_message.h) are one unit of 32 bytes for a usual segment, two to six for others.
/// They become visible in bulk. When the ring is full a replay waits. A live port drops and counts:
/// the follower's model knows packets that were not seen. So that segments are lost before
/// beginnings and ends, and floods of strays before segments, each kind leaves room for the next.
/// Where a beginning or an end was lost, the follower takes the entry for another flow's or for
/// nobody's: its segments are left out and counted until it hears of that entry again. Positions
/// count units since the start. The ring lives in ordinary memory; nothing allocates after
/// construction.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "dataplane/exit_message.h"
#include "dataplane/record_ring.h"
#include "flowstats/base/arena.h"
#include "flowstats/base/counters.h"
#include "flowstats/base/units.h"
#include "flowstats/wire/segment.h"

namespace tapstat::dataplane {

/// Units in a feed: four milliseconds of a follower that stands still at 15 million usual segments
/// a second. A power of two.
inline constexpr uint32_t kExitFeedUnits = 65'536;

class ExitFeed {
 public:
  using WhenFull = RecordRing::WhenFull;

  /// `units`: a power of two, at least kExitFeedUnitsMin. Entries are below `flows_max`. Counters:
  /// the worker's.
  ExitFeed(uint32_t units, uint32_t flows_max, WhenFull when_full,
           flowstats::CounterBlock& counters);

  // Worker.

  /// Segments of the flows in `entries`, which have begun here, in the order in which they came.
  /// All took the short way through their flows (flow_usual.h): they have no options but timestamps
  /// and SACK.
  void on_usual(std::span<const flowstats::Segment> segments, const uint32_t* entries);
  /// Any segment of a flow.
  void on_segment(uint32_t entry, const flowstats::Segment& segment);
  void begin(uint32_t entry, const flowstats::Segment& first);
  void let_go(uint32_t entry);
  void on_stray(const flowstats::Segment& segment) {
    tell(ExitMessage::Kind::stray, flowstats::kNoEntry, segment);
  }
  void on_single(const flowstats::Segment& syn) {
    tell(ExitMessage::Kind::single, flowstats::kNoEntry, syn);
  }
  /// What is overdue at this capture clock may end; told once in a millisecond.
  void tell_clock(flowstats::Timestamp clock);
  /// While no packets come: tells the clock and publishes, but not each microsecond. kAlways: the
  /// run is over.
  void advance(flowstats::Timestamp clock);
  /// End of a trace. As the end of the run it is never lost: it waits for room if it must.
  void finish(flowstats::Timestamp clock);
  /// Makes everything visible.
  void publish() { made_.store(reserved_, std::memory_order_release); }
  /// The same once there is much of it: after each burst.
  void publish_bulk() {
    if (reserved_ - made_.load(std::memory_order_relaxed) >= kBulk) publish();
  }

  // Follower.

  /// Units that can be read now, of whole messages.
  [[nodiscard]] uint32_t available();
  /// The message that begins `ahead` units behind the oldest one, below available().
  [[nodiscard]] const ExitMessage& peek(uint32_t ahead) const { return at(taken_here_ + ahead); }
  /// Gives the oldest units back.
  void pop(uint32_t units);

  [[nodiscard]] size_t bytes() const { return memory_.size() + unknown_.size() / 8; }
  /// Follower. See PageBlock::touch().
  void touch() { memory_.touch(); }

 private:
  static constexpr uint64_t kBulk = 256;           // units
  static constexpr ptrdiff_t kPrefetchAhead = 32;  // units: a microsecond

  /// The follower's core has read the line; without this the stores of a message would wait for it.
  /// Compilers do not make PREFETCHW for x86-64-v2 of their own accord, and every processor with
  /// that takes it. The address may be none.
  static void prefetch_for_write(const UsualExitMessage* message) {
    asm volatile("prefetchw %0" : : "m"(*message));
  }

  [[nodiscard]] ExitMessage& at(uint64_t position) const {
    return *reinterpret_cast<ExitMessage*>(units_ + (position & mask_) * kExitUnitBytes);
  }
  [[nodiscard]] size_t put_usual(std::span<const flowstats::Segment> segments,
                                 const uint32_t* entries);
  [[nodiscard]] ExitMessage& reserve(uint32_t units);
  /// False: dropped for want of room.
  bool tell(ExitMessage::Kind kind, uint32_t entry, const flowstats::Segment& segment);
  void tell_time(ExitMessage::Kind kind, flowstats::Timestamp clock);
  [[nodiscard]] uint64_t spare_of(ExitMessage::Kind kind) const;
  [[nodiscard]] bool make_room(ExitMessage::Kind kind, uint32_t units);
  void wait_for_room(uint64_t spare, uint32_t units);
  [[nodiscard]] bool has_room(uint64_t spare, uint32_t units);
  [[nodiscard]] bool has_room_now(uint64_t spare, uint32_t units);
  void set_unknown(uint32_t entry, bool is_unknown);
  void set_limit();

  const uint64_t capacity_, mask_;
  const WhenFull when_full_;
  const bool entries_fit_;  // into usual messages
  flowstats::CounterBlock& counters_;
  flowstats::PageBlock memory_;  // a message at its end goes on in a few units more
  std::byte* const units_;

  // The worker's.
  alignas(64) uint64_t reserved_ = 0;  // up to here messages are written
  uint64_t limit_ = 0;                 // up to here usual segments may be, as far as was looked
  uint64_t taken_seen_ = 0;            // of taken_, when it was last looked at
  flowstats::Timestamp last_ = flowstats::kNever;  // of the last message that sets_clock()
  flowstats::Timestamp told_ = flowstats::kNever;  // of the last that is about the clock
  std::vector<bool> unknown_;  // entries whose flow the follower does not know; live ports only
  uint32_t unknown_count_ = 0;
  alignas(64) std::atomic<uint64_t> made_ = 0;

  // The follower's.
  alignas(64) std::atomic<uint64_t> taken_ = 0;
  uint64_t taken_here_ = 0;  // the same
};

/// Small enough for tests; every kind of message has room.
inline constexpr uint32_t kExitFeedUnitsMin = 64;

}  // namespace tapstat::dataplane
