/// Where workers and writer meet: the worker's end and the writer's end of a record queue.
///
/// One queue has one worker and one writer. RecordSink is a concept because it is on the packet
/// path; RecordSource is an interface because it is called once per batch.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>

#include "flowstats/base/units.h"
#include "flowstats/record.h"
#include "flowstats/record_buffer.h"

namespace tapstat::flowstats {

/// Worker thread. reserve() returns kRecordUnit x `units` bytes of unspecified content, or nullptr
/// when the record must be dropped (the caller counts it); publish() makes all reserved records
/// visible to the writer, and `clock` the capture clock up to which no record is missing.
template <class T>
concept RecordSink = requires(T sink, uint32_t units, Timestamp clock) {
  { sink.reserve(units) } -> std::same_as<void*>;
  { sink.publish(clock) } -> std::same_as<void>;
};

/// Writer thread.
class RecordSource {
 public:
  virtual ~RecordSource() = default;

  /// Moves records into `out`, oldest first, while they fit; never waits. Stops before a record
  /// whose name must be looked up for a moment after `names_until`. Returns how many were moved.
  [[nodiscard]] virtual size_t drain(RecordBuffer& out, Timestamp names_until) = 0;
  /// Moves the oldest record, whatever its name; 0 when there is none or it does not fit.
  [[nodiscard]] virtual size_t drain_one(RecordBuffer& out) = 0;
  [[nodiscard]] virtual bool has_records() const = 0;
  /// Whoever makes the records may soon have to wait, or to drop some.
  [[nodiscard]] virtual bool is_filling_up() const = 0;

  /// When the next record was made; when there is none, the capture clock up to which none is
  /// missing.
  [[nodiscard]] virtual Timestamp frontier() = 0;
};

/// Later than every packet.
inline constexpr Timestamp kAlways{std::numeric_limits<int64_t>::max()};

}  // namespace tapstat::flowstats
