#include "control/run_rights.h"

#include <sys/stat.h>

#include <algorithm>
#include <set>
#include <string>
#include <system_error>

#include "control/doctor/machine_reader.h"
#include "control/preflight.h"

namespace tapstat::control {
namespace {

using dataplane::PortKind;
using dataplane::PortRequest;
using flowstats::ExitStatus;
using flowstats::Result;

const PortConfig* config_of(const MeasurePlan& plan, const PortRequest& port) {
  const auto at = std::ranges::find(plan.configured_ports, port.name, &PortConfig::name);
  return at == plan.configured_ports.end() ? nullptr : &*at;
}

/// The lists of both have ascending numbers.
std::string cores_text(const std::vector<int>& cores) {
  std::string text;
  for (size_t first = 0; first < cores.size();) {
    size_t last = first;
    while (last + 1 < cores.size() && cores[last + 1] == cores[last] + 1) ++last;
    text += (text.empty() ? "" : ",") + std::to_string(cores[first]);
    if (last > first) text += "-" + std::to_string(cores[last]);
    first = last + 1;
  }
  return text;
}

PreflightPort preflight_port(const RunArguments& arguments, const MeasurePlan& plan,
                             const PortRequest& port) {
  PreflightPort out;
  out.name = port.device;
  out.kind = port.kind == PortKind::kernel ? PreflightPort::Kind::kernel_interface
             : port.kind == PortKind::pci  ? PreflightPort::Kind::pci
                                           : PreflightPort::Kind::vdev;
  if (!arguments.cores.empty()) {
    out.cores = arguments.cores;
    out.cores_text = cores_text(arguments.cores);
    out.cores_place = "--cores";
  } else if (const PortConfig* config = config_of(plan, port); config != nullptr) {
    out.cores = config->cores;
    out.cores_text = config->cores_text;
    out.cores_place = config->cores_place;
  }
  if (port.kind == PortKind::pci)
    out.memory_bytes = uint64_t{dataplane::LivePorts::memory_mib({&port, 1}, plan.pipeline.workers,
                                                                 kLiveSnapBytesMax)}
                       << 20;
  return out;
}

/// Where files are made or renamed while it runs.
std::set<std::filesystem::path> roots_of(const MeasurePlan& plan) {
  std::set<std::filesystem::path> roots = {plan.writer.base};
  if (!plan.writer.full.spool.empty()) roots.insert(plan.writer.full.spool);
  if (plan.writer.exit_records) roots.insert(plan.writer.exit_records->root);
  if (plan.trace) roots.insert(plan.trace->destination.root);
  if (!plan.control) return roots;
  if (plan.control->audit_log) roots.insert(plan.control->audit_log->parent_path());
  if (plan.control->mirror) roots.insert(plan.control->mirror->parent_path());
  if (plan.control->mplane.state_directory) roots.insert(*plan.control->mplane.state_directory);
  return roots;
}

Result<void> hand_over_tree(const std::filesystem::path& root, const Identity& identity) {
  if (auto done = hand_over(root, identity); !done) return done;
  std::error_code error;
  using Walk = std::filesystem::recursive_directory_iterator;
  for (Walk at(root, std::filesystem::directory_options::skip_permission_denied, error), end;
       !error && at != end; at.increment(error)) {
    if (at->is_symlink(error) || !at->is_directory(error)) continue;
    if (auto done = hand_over(at->path(), identity); !done) return done;
  }
  return {};
}

}  // namespace

std::vector<int> worker_cpus(const RunArguments& arguments, const MeasurePlan& plan) {
  std::vector<int> cpus = arguments.cores;
  if (!cpus.empty()) return cpus;
  for (const PortRequest& port : plan.ports) {
    const PortConfig* const config = config_of(plan, port);
    if (config == nullptr) continue;
    for (const int cpu : config->cores)
      if (std::ranges::find(cpus, cpu) == cpus.end()) cpus.push_back(cpu);
  }
  return cpus;
}

ExitStatus check_machine(const RunArguments& arguments, const MeasurePlan& plan,
                         Messages& messages) {
  std::vector<PreflightPort> ports;
  for (const PortRequest& port : plan.ports) ports.push_back(preflight_port(arguments, plan, port));
  const Preflight found = preflight(ports, doctor::read_machine());
  for (const flowstats::Error& error : found.errors) messages.error(error.sentence);
  for (const std::string& warning : found.warnings) messages.note(warning);
  return found.status();
}

Result<Identity> identity_of(const RunArguments& arguments, const MeasurePlan& plan) {
  PrivilegeOptions options;
  options.user = arguments.user.value_or(plan.run.user.value_or(""));
  auto identity = find_identity(options);
  if (!identity || identity->uid != 0) return identity;
  struct stat about {};
  const std::filesystem::path& base = plan.writer.base;
  if (stat(base.c_str(), &about) != 0 || about.st_uid == 0) return identity;
  return flowstats::fail(
      ExitStatus::environment,
      "directory \"" + base.string() + "\" belongs to uid " + std::to_string(about.st_uid) +
          ", and a live run gives up root's right to write there. Name that user with --user, or "
          "choose another directory with -s.");
}

Result<void> give_up_rights(const MeasurePlan& plan, const Identity& identity) {
  if (identity.changes)
    for (const std::filesystem::path& root : roots_of(plan))
      if (auto done = hand_over_tree(root, identity); !done) return done;
  return drop_privileges(identity);
}

}  // namespace tapstat::control
