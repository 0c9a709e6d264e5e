/// The hourly files of exit records: which file a record belongs to, when its hour is finished, and
/// what is counted of it.
///
/// A record belongs to the hour of its poll; an hour is finished when the packet clock is `grace`
/// past its end, and then its files are published (spool.h). A record that comes later still goes
/// to the oldest hour that is open. Owned by the writer's thread: nothing here blocks a worker, and
/// what a full disk refuses is counted as lost.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "exporters/anonymiser.h"
#include "exporters/row_buffer.h"
#include "exporters/spool.h"
#include "exporters/web100_rows.h"
#include "exporters/write_errors.h"
#include "flowstats/base/counters.h"
#include "flowstats/base/result.h"
#include "flowstats/base/units.h"
#include "flowstats/exit_record.h"
#include "flowstats/wire/network_list.h"

namespace tapstat::exporters {

/// 127.0.0.0/8, ::1 and 127.0.0.0/8 as IPv4-mapped addresses: connections of a host with itself.
[[nodiscard]] flowstats::NetworkList loopback_networks();

struct Web100Options {
  std::filesystem::path root;  // holds SideStream/
  std::string node;            // part of the path; empty: none (web100_names.h)
  Web100Keys keys;
  flowstats::NetworkList exclude = loopback_networks();  // of Rem, real addresses
  bool per_local_address = false;                        // a file for each
  bool heartbeat_files = false;  // key line alone for an hour without records
  bool in_place = false;         // files grow under their final names
  flowstats::Duration grace = flowstats::seconds(10);
  flowstats::Duration flush = flowstats::seconds(5);  // of packet time
  uint64_t file_bytes_max = 256 << 20;                // then the next file of the hour
  size_t files_max = 65'536;  // at the same time; records for more local addresses are lost
  size_t open_files_max = 256;
};

struct Web100Report {
  uint64_t files = 0;  // published
  uint64_t bytes = 0;  // in them
  std::filesystem::path latest;
};

class Web100Log {
 public:
  /// `anonymiser` decides which addresses rows and file names show, nullptr: the real ones. All
  /// references outlive the log. Counters: the writer's own block.
  Web100Log(Web100Options options, flowstats::CounterBlock& counters, WriteErrors& errors,
            const Anonymiser* anonymiser = nullptr);
  ~Web100Log();
  Web100Log(const Web100Log&) = delete;
  Web100Log& operator=(const Web100Log&) = delete;

  /// Takes the spool and publishes what an earlier process left there; one sentence for each file
  /// of it.
  [[nodiscard]] flowstats::Result<std::vector<std::string>> open();

  void append(const flowstats::ExitRecord& record);

  /// The packet clock is at `clock`: flushes, finishes hours, publishes. It never goes back.
  void advance(flowstats::Timestamp clock);

  /// What is buffered goes to the files; for times without packets.
  void flush();

  /// Finishes everything; harmless when repeated.
  Web100Report finish();

 private:
  /// Files of one hour by local address; the one of all addresses has none.
  using Local = std::optional<std::pair<flowstats::IpVersion, flowstats::IpAddress>>;
  using Hour = std::map<Local, std::unique_ptr<SpoolFile>>;

  [[nodiscard]] flowstats::RemoteType type_of(const flowstats::ExitRecord& record) const;
  /// False: Rem is excluded.
  bool admit(const flowstats::ExitRecord& record);
  [[nodiscard]] flowstats::Timestamp hour_for(flowstats::Timestamp poll);
  /// nullptr when there are too many.
  [[nodiscard]] SpoolFile* file_for(flowstats::Timestamp hour, const Local& local);
  [[nodiscard]] std::unique_ptr<SpoolFile> begin_file(flowstats::Timestamp hour,
                                                      const Local& local);
  void account(const SpoolFile& file, const WriteResult& result);
  void note(const std::filesystem::path& file, int error, uint64_t rows_lost);
  [[nodiscard]] flowstats::Timestamp first_hour(flowstats::Timestamp otherwise) const;
  void finish_hours_before(flowstats::Timestamp end);
  void add_heartbeat(flowstats::Timestamp hour);
  void publish_some(size_t files_max);

  const Web100Options options_;
  flowstats::CounterBlock& counters_;
  WriteErrors& errors_;
  const Anonymiser* anonymiser_;
  const flowstats::NetworkList loopback_ = loopback_networks();
  Spool spool_;
  std::map<flowstats::Timestamp, Hour> hours_;       // open, by their starts
  std::deque<std::unique_ptr<SpoolFile>> finished_;  // and not yet published
  size_t files_ = 0;                                 // of open hours
  std::optional<flowstats::Timestamp> oldest_open_;  // hour; earlier ones are finished
  flowstats::Timestamp clock_ = flowstats::kNever, flushed_ = flowstats::kNever;
  RowBuffer row_;
  size_t buffered_ = 0;  // bytes since the last flush, at most
  Web100Report report_;
};

}  // namespace tapstat::exporters
