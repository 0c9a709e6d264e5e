/// Where workers and writer meet: the worker's end and the writer's end of a record queue.
///
/// One queue has one worker and one writer. RecordSink is a concept because it is on the packet
/// path; RecordSource is an interface because it is called once per batch.
#pragma once

#include <concepts>
#include <cstddef>
#include <span>

#include "flowstats/flow_record.h"

namespace tapstat::flowstats {

/// Worker thread. reserve() returns space for one record to be filled in place, or nullptr when the
/// record must be dropped (the caller counts it); publish() makes all reserved records visible to
/// the writer.
template <class T>
concept RecordSink = requires(T sink) {
  { sink.reserve() } -> std::same_as<TcpRecord*>;
  { sink.publish() } -> std::same_as<void>;
};

/// Writer thread.
class RecordSource {
 public:
  virtual ~RecordSource() = default;
  /// Moves up to out.size() records into `out`, oldest first; never waits.
  [[nodiscard]] virtual size_t drain(std::span<TcpRecord> out) = 0;
};

}  // namespace tapstat::flowstats
