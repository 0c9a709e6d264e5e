/// The command line: arguments -> one of the commands with checked values.
///
/// Nothing typed is ignored: an unknown flag, value or name is an error that names the nearest
/// valid one (ExitStatus::usage). CLI11's exceptions stop here. Control thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "control/exit_config.h"
#include "control/mplane/capabilities.h"
#include "control/privacy_config.h"
#include "control/split/split_arguments.h"
#include "control/trace_config.h"
#include "dataplane/reader_kind.h"
#include "exporters/catalogue.h"
#include "flowstats/active_config.h"
#include "flowstats/base/result.h"
#include "flowstats/group_mask.h"
#include "flowstats/measurement.h"

namespace tapstat::control {

enum class ColourWhen : uint8_t { automatic, always, never };

/// What all commands share.
struct OutputArguments {
  bool quiet = false;
  int verbose = 0;
  ColourWhen colour = ColourWhen::automatic;
};

/// What replay and run share.
struct MeasureArguments {
  std::optional<std::filesystem::path> output, networks, runtime_conf, config;
  std::optional<flowstats::GroupMask> groups;
  std::optional<OutputChoice> outputs;
  std::optional<flowstats::LogMask> logs;
  std::optional<flowstats::Schema> schema;
  std::optional<flowstats::Mode> mode;
  std::optional<dataplane::ReaderKind> source;  // of captures
  std::optional<uint32_t> flow_capacity;        // TCP flows of one worker
  std::optional<double> fail_on_loss_percent;   // 0: any loss
  std::optional<unsigned> workers;              // 1, or what the cores of the ports are for
  bool gzip = false, progress = true;
  bool dry_run = false, json = false;
  bool discard_duplicates = false;
  bool no_huge_pages = false;
  bool serve = false;                 // mPlane, REST and metrics while it runs
  std::optional<std::string> listen;  // "127.0.0.1:8888"
  std::optional<std::filesystem::path> mirror, socket;
  PrivacyArguments privacy;
  TraceArguments trace;
  OutputArguments out;
};

struct ReplayArguments : MeasureArguments {
  std::vector<std::filesystem::path> files;
  uint64_t loops = 1;  // 0: until stopped
  double speed = 0;    // 0: as fast as possible
  bool unpack = true;
};

struct RunArguments : MeasureArguments {
  std::vector<std::string> ports;  // interfaces, PCI addresses, DPDK devices; none: as configured
  std::optional<uint32_t> snap_bytes;           // of a frame
  std::optional<flowstats::Duration> duration;  // stops by itself
  std::vector<int> cores;                       // CPUs of the workers; empty: as configured
  std::optional<std::string> user;              // whose rights it keeps
};

struct DescribeArguments {
  enum class What : uint8_t { columns, counters, config };
  What what = What::columns;
  exporters::CatalogueForm form = exporters::CatalogueForm::text;
  bool origin = false;  // of config: the values in force, and who set them
  std::optional<std::filesystem::path> config;
};

struct CheckArguments {
  std::filesystem::path config = "tapstat.toml";
  bool config_given = false;
  std::optional<std::filesystem::path> networks, runtime_conf;
  OutputArguments out;
};

struct BenchArguments {
  std::vector<std::filesystem::path> files;
  uint64_t flows = 10'000;  // TCP flows open at the same time, over all workers
  unsigned workers = 1;
  double seconds = 10;  // of measuring, without warming up
  unsigned rounds = 7;
  uint16_t snap = 128;  // bytes kept of a frame
  flowstats::Mode mode = flowstats::Mode::tstat;
  bool unpack = true, progress = true, json = false;
  OutputArguments out;
};

/// A new key of anonymisation.
struct AnonymiseKeyArguments {
  std::filesystem::path file;
  OutputArguments out;
};

/// A question or an order to a running probe over its local socket.
struct RemoteArguments {
  enum class What : uint8_t { status, groups, rotate, reload, stop };
  /// The operator's word on a group; empty: taken back.
  struct GroupWord {
    std::string name;
    std::optional<bool> on;
  };
  What what = What::status;
  std::optional<std::filesystem::path> socket;  // absent: the only one that runs
  std::vector<GroupWord> groups;                // empty: list them
  bool json = false, watch = false;
  OutputArguments out;
};

/// What the small mPlane client shall do.
struct MplaneArguments {
  enum class Action : uint8_t { listcap, runcap, listmeas, redeem, interrupt };
  Action action = Action::listcap;
  std::string operand;  // number, label, token or "all"; empty when the action has none
  std::string url = "http://127.0.0.1:8888";
  std::optional<std::filesystem::path> ca, certificate, key;
  std::optional<mplane::Generation> generation;  // absent: as the path of the URL says
  std::string when = "now + 5m";
  bool wait = false, json = false;
  OutputArguments out;
};

/// A small web server of files to make traffic with, or the files themselves.
struct SamplesArguments {
  std::optional<std::string> listen;           // absent: kSamplesPort of every address
  std::optional<std::filesystem::path> write;  // a directory for the files, no server
  bool overwrite = false;
  OutputArguments out;
};

struct SplitArguments {
  splitting::SplitOptions options;
  OutputArguments out;
};

/// A look at this machine, or at a copy of another's files.
struct DoctorArguments {
  std::filesystem::path sysroot = "/", output = ".";  // output: the directory for logs
  bool output_given = false, disk_test = false, json = false;
  OutputArguments out;
};

/// Hugepages and drivers: shown, or done.
struct HostSetupArguments {
  std::filesystem::path sysroot = "/";
  std::optional<uint64_t> hugepage_bytes;
  std::optional<int> node;
  std::vector<std::string> bind;  // PCI addresses
  bool force = false, apply = false, undo = false;
  OutputArguments out;
};

/// --help and --version: text for standard output, nothing to do.
struct TextAnswer {
  std::string text;
};

using CommandLine =
    std::variant<ReplayArguments, RunArguments, DescribeArguments, CheckArguments, BenchArguments,
                 AnonymiseKeyArguments, RemoteArguments, MplaneArguments, SamplesArguments,
                 SplitArguments, DoctorArguments, HostSetupArguments, TextAnswer>;

inline constexpr unsigned kWorkersMax = 64;
inline constexpr uint32_t kFlowCapacityMax = 100'000'000;
inline constexpr uint16_t kSamplesPort = 8000;
inline constexpr uint16_t kSnapBytesMin = 64, kSnapBytesMax = 2048;
inline constexpr uint32_t kLiveSnapBytesMax = 262'144;

/// `arguments` without the program's name; `version` is what --version prints.
[[nodiscard]] flowstats::Result<CommandLine> parse_command_line(std::vector<std::string> arguments,
                                                                const std::string& version);

}  // namespace tapstat::control
