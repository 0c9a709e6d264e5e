/// The writer: drains the record rings and turns records into Tstat's log files, in order.
///
/// Owns the output directory and its files on one thread of its own; formatting and compression run
/// in a oneTBB pipeline (serial drain, parallel format and compress, serial ordered write), so
/// lines keep the order in which the rings gave them. Exit records have rings and files of their
/// own, which it serves between two rounds of the pipeline. A failed write never tears a line: rows
/// that could not be written whole are counted, and the error is kept for the exit status.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "exporters/anonymiser.h"
#include "exporters/name_joiner.h"
#include "exporters/output_room.h"
#include "exporters/web100_log.h"
#include "exporters/write_errors.h"
#include "flowstats/active_config.h"
#include "flowstats/base/counters.h"
#include "flowstats/base/result.h"
#include "flowstats/base/units.h"
#include "flowstats/measurement.h"
#include "flowstats/record_queue.h"

namespace tapstat::exporters {

struct WriterOptions {
  std::filesystem::path base;  // directories are created below; made with parents when absent
  FullOptions full;            // when there is no room below
  flowstats::Schema schema = flowstats::Schema::mplane;
  flowstats::Mode mode = flowstats::Mode::tstat;
  bool gzip = false;  // log_tcp_complete.gz
  NameOptions names;
  flowstats::Duration rotate;  // packet time between directories; zero = never
  flowstats::Duration flush =
      flowstats::seconds(1);  // wall clock: rows are in the file at most this late
  std::optional<Web100Options> exit_records;
  std::optional<AnonymiserOptions> anonymiser;  // absent: rows tell everything as it is
  std::vector<int> cpus;     // where its threads run; empty: on any that the process may use
  unsigned threads_max = 0;  // that format and compress; 0 = as many as writer_threads() says
};

/// Threads that format and compress on `cores` cores. Text: a quarter, 1 to 4, since one makes a
/// million rows a second. Gzip takes seven times as long: all of them, up to 16.
[[nodiscard]] constexpr unsigned writer_threads(unsigned cores, bool gzip) {
  const unsigned wanted = gzip ? cores : cores / 4;
  const unsigned most = gzip ? 16 : 4;
  return wanted < 1 ? 1 : wanted > most ? most : wanted;
}

/// What the writer did, after finish().
struct WriterReport {
  std::vector<std::filesystem::path> directories;  // in order of opening
  std::vector<std::filesystem::path> spooled;      // of these, those in the spool
  uint64_t files = 0;
  uint64_t bytes = 0;  // on disk, after compression
  Web100Report exit_records;
  std::vector<std::string> errors;  // sentences, one per cause, with the rows that it cost
};

class Writer {
 public:
  /// Called by one of the writer's threads, one call at a time, with one line for standard output,
  /// without newline (Tstat's wording, e.g.
  /// "[Wed May 14 23:42:24 2014] created new outdir OUT/2014_05_14_23_42.out").
  using Announce = std::function<void(const std::string&)>;

  /// `sources` of rows, `exit_sources` of exit records; they outlive the writer. Counters: the
  /// writer's own block.
  Writer(WriterOptions options, std::vector<flowstats::RecordSource*> sources,
         flowstats::CounterBlock& counters, Announce announce,
         std::vector<flowstats::RecordSource*> exit_sources = {});
  ~Writer();
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  /// Control thread, before start(): opens the first directory, named after `first_packet` in local
  /// time, with headers.
  [[nodiscard]] flowstats::Result<void> open(const flowstats::ActiveConfig& config,
                                             flowstats::Timestamp first_packet);

  /// Control thread: starts the writer's thread.
  void start();

  /// Control thread: a configuration that records may carry from now on; `since` names the
  /// directory. The switch happens before the first record with that epoch (or a newer one) is
  /// written, or at finish().
  void announce_config(const flowstats::ActiveConfig& config, flowstats::Timestamp since);

  /// Control thread: no record of an epoch before `epoch` will be made any more. When the rings
  /// hold none either, its directory is opened, with or without a record. Epochs ascend.
  void settle(uint32_t epoch);

  /// Any thread: the epoch that rows are written under.
  [[nodiscard]] uint32_t epoch() const;
  /// Any thread: the directory that is open.
  [[nodiscard]] std::filesystem::path directory() const;
  /// After finish(): the groups that rows were written with last.
  [[nodiscard]] flowstats::GroupMask groups() const;
  /// Any thread: how often it has looked at the rings or taken from them; a count that stands still
  /// means that a write hangs.
  [[nodiscard]] uint64_t rounds() const;
  /// Any thread: what could not be written so far, one sentence for each cause; and in parts.
  [[nodiscard]] std::vector<std::string> errors() const;
  [[nodiscard]] std::vector<WriteErrors::Cause> error_causes() const;
  /// For the watch over the output's file system; lives as long as the writer.
  [[nodiscard]] OutputRoom& room();
  /// Any thread: rows of log_tcp_complete written under the epochs from `first` to before `end`, up
  /// to now when the writer has not reached `end`; empty when they are no longer known.
  [[nodiscard]] std::optional<uint64_t> rows_between(uint32_t first, uint32_t end) const;

  /// Control thread, after the last worker has published its last record: drains, flushes, syncs,
  /// closes, joins.
  WriterReport finish();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace tapstat::exporters
