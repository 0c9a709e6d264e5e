#include "control/doctor/doctor_command.h"

#include <string>

#include "control/doctor/doctor_text.h"
#include "control/doctor/findings.h"
#include "control/doctor/machine_reader.h"
#include "control/doctor/running_kernel.h"
#include "control/doctor/setup_apply.h"
#include "control/doctor/setup_plan.h"

namespace tapstat::control::doctor {
namespace {

namespace fs = std::filesystem;
using flowstats::ExitStatus;
using flowstats::Result;

int refused(const flowstats::Error& error, Messages& messages) {
  messages.error(error.sentence);
  return static_cast<int>(error.status);
}

/// A copy of another machine must be one: a misspelt name would be a machine without anything.
Result<void> check_root(const fs::path& root) {
  std::error_code error;
  if (fs::is_directory(root / "proc", error) && fs::is_directory(root / "sys", error)) return {};
  return flowstats::fail(ExitStatus::usage, "--sysroot \"" + root.string() +
                                                "\": there is no proc and sys in this directory.");
}

int undo(const HostSetupArguments& arguments, const SysFiles& files, Messages& messages) {
  const auto writes = undo_writes(files);
  if (writes.empty()) {
    messages.result("Nothing was applied since the last boot.");
    return static_cast<int>(ExitStatus::done);
  }
  for (const KernelWrite& write : writes) messages.result(shell_line(write));
  if (!arguments.apply) {
    messages.result("Nothing was changed. To do it: sudo tapstat host-setup --undo --apply");
    return static_cast<int>(ExitStatus::done);
  }
  if (const auto undone = undo_setup(files); !undone) return refused(undone.error(), messages);
  messages.result("Taken back.");
  return static_cast<int>(ExitStatus::done);
}

int set_up(const HostSetupArguments& arguments, const SysFiles& files, Messages& messages) {
  const Machine machine = read_machine(files.root());
  const SetupWishes wishes = {arguments.hugepage_bytes, arguments.node, arguments.bind,
                              arguments.force};
  const auto plan = plan_setup(machine, wishes);
  if (!plan) return refused(plan.error(), messages);
  for (const std::string& line : plan_lines(*plan)) messages.result(line);
  for (const std::string& note : plan->notes) messages.note(note);
  if (plan->steps.empty()) {
    messages.result("Nothing to do.");
    return static_cast<int>(ExitStatus::done);
  }
  if (!arguments.apply) {
    messages.result("Nothing was changed. To do it, the same command as root with --apply.");
    return static_cast<int>(ExitStatus::done);
  }
  if (const auto applied = apply_setup(*plan, files); !applied)
    return refused(applied.error(), messages);
  messages.result(
      "Done, until the next boot. To take it back: sudo tapstat host-setup --undo "
      "--apply");
  return static_cast<int>(ExitStatus::done);
}

}  // namespace

int doctor(const DoctorArguments& arguments, Messages& messages) {
  if (const auto usable = check_root(arguments.sysroot); !usable)
    return refused(usable.error(), messages);
  Machine machine = read_machine(arguments.sysroot);
  if (SysFiles(arguments.sysroot).is_this_machine() || arguments.output_given)
    machine.disk = read_disk(arguments.output);
  if (arguments.disk_test && machine.disk && machine.disk->refusal.empty()) {
    machine.disk->write_bytes_per_s = measure_disk(arguments.output);
    if (!machine.disk->write_bytes_per_s)
      messages.note("the disk was not measured: it has less than 512 MiB to spare, or refused.");
  }
  const Findings findings = examine(machine);
  if (arguments.json) {
    messages.document(doctor_json(machine, findings));
  } else {
    for (const std::string& line : machine_lines(machine)) messages.result(line);
    messages.result("");
    for (const std::string& line : finding_lines(findings)) messages.result(line);
    messages.result("");
    messages.result(verdict(findings));
  }
  return static_cast<int>(prevents_run(findings) ? ExitStatus::environment : ExitStatus::done);
}

int host_setup(const HostSetupArguments& arguments, Messages& messages) {
  if (const auto usable = check_root(arguments.sysroot); !usable)
    return refused(usable.error(), messages);
  const SysFiles files(arguments.sysroot);
  return arguments.undo ? undo(arguments, files, messages) : set_up(arguments, files, messages);
}

}  // namespace tapstat::control::doctor
