#include "control/doctor/doctor_command_line.h"

#include <filesystem>
#include <string>
#include <utility>

#include <CLI/CLI.hpp>

#include "control/option_values.h"
#include "control/output_flags.h"
#include "control/text.h"

namespace tapstat::control::doctor {
namespace {

using flowstats::Result;

constexpr const char* kDoctorHelp = R"(Look at this machine: is it ready for tapstat run?

Examples:
  tapstat doctor                                  what there is, what is wrong, how to repair it
  tapstat doctor -s /var/log/tapstat --disk-test  and how fast that disk is
  tapstat doctor --json                           for a program
  tapstat doctor --sysroot copy                   another machine, from a copy of /sys and /proc

Changes nothing. Exit status 6 when something prevents tapstat run, 0 when it is only slower.
)";

constexpr const char* kSetupHelp = R"(Hugepages and drivers for live ports

Examples:
  tapstat host-setup                                      the plan for this machine
  tapstat host-setup --hugepages 1400M --node 1           so many free on NUMA node 1
  tapstat host-setup --bind 0000:3b:00.0                  hand a network card to user space
  sudo tapstat host-setup --hugepages 2G --apply          do it
  sudo tapstat host-setup --undo --apply                  take everything back

Without --apply nothing is changed. What is applied lasts until the next boot.
)";

auto usage(std::string sentence) {
  return flowstats::fail(flowstats::ExitStatus::usage, std::move(sentence));
}

/// What both commands have.
class DoctorPart : public OneCommand {
 protected:
  void add_common(CLI::App& app, const char* name, const char* help, OutputArguments& out) {
    app_ = app.add_subcommand(name, help);
    app_->add_option("--sysroot", sysroot_,
                     "a directory with a copy of another machine's /sys, /proc and /dev [/]")
        ->type_name("DIR");
    add_output_flags(*app_, out, colour_);
  }
  [[nodiscard]] Result<void> set_common(OutputArguments& out,
                                        std::filesystem::path& sysroot) const {
    if (app_->count("--sysroot") > 0) {
      if (sysroot_.empty()) return usage("--sysroot needs the name of a directory.");
      sysroot = sysroot_;
    }
    return set_colour(out, *app_, colour_);
  }

 private:
  std::string sysroot_, colour_;
};

class DoctorCommandLine final : public DoctorPart {
 public:
  void add_to(CLI::App& app) override {
    add_common(app, "doctor", kDoctorHelp, arguments_.out);
    app_->add_option("-s,--output", output_, "the directory for logs [the current one]")
        ->type_name("DIR");
    app_->add_flag("--disk-test", arguments_.disk_test,
                   "measure how fast it is: at most 256 MiB and about a second, no file stays");
    app_->add_flag("--json", arguments_.json, "all facts and findings as one JSON object");
  }

 private:
  [[nodiscard]] Result<CommandLine> checked() const override {
    DoctorArguments a = arguments_;
    if (auto set = set_common(a.out, a.sysroot); !set) return tl::make_unexpected(set.error());
    a.output_given = app_->count("--output") > 0;
    if (a.output_given) a.output = output_;
    if (a.output.empty()) return usage("an empty file name was given to a flag.");
    return CommandLine{std::move(a)};
  }

  DoctorArguments arguments_;
  std::string output_;
};

class HostSetupCommandLine final : public DoctorPart {
 public:
  void add_to(CLI::App& app) override {
    add_common(app, "host-setup", kSetupHelp, arguments_.out);
    app_->add_option("--hugepages", hugepages_, "2 MiB pages until SIZE is free: 1400M, 2G")
        ->type_name("SIZE");
    app_->add_option("--node", node_, "on this NUMA node only [those of network cards]")
        ->type_name("N");
    app_->add_option("--bind", arguments_.bind,
                     "hand this PCI network device to user space (vfio-pci); repeat for more")
        ->type_name("PCI");
    app_->add_flag("--force", arguments_.force, "also the one with the default route");
    app_->add_flag("--apply", arguments_.apply, "do it, as root; without, it is only shown");
    app_->add_flag("--undo", arguments_.undo, "take back what was applied since the last boot");
  }

 private:
  [[nodiscard]] Result<CommandLine> checked() const override {
    HostSetupArguments a = arguments_;
    if (auto set = set_common(a.out, a.sysroot); !set) return tl::make_unexpected(set.error());
    if (app_->count("--hugepages") > 0) {
      a.hugepage_bytes = size_of_text(hugepages_);
      if (!a.hugepage_bytes || *a.hugepage_bytes == 0)
        return usage("--hugepages \"" + hugepages_ + "\": not a size. Examples: 1400M, 2G.");
    }
    if (app_->count("--node") > 0) {
      a.node = number<int>(node_);
      if (!a.node || *a.node < 0) return usage("--node \"" + node_ + "\": not a number.");
      if (!a.hugepage_bytes) return usage("--node needs --hugepages.");
    }
    if (a.undo && (a.hugepage_bytes || !a.bind.empty()))
      return usage("--undo stands alone: it takes everything back.");
    if (a.force && a.bind.empty()) return usage("--force needs --bind.");
    return CommandLine{std::move(a)};
  }

  HostSetupArguments arguments_;
  std::string hugepages_, node_;
};

}  // namespace

std::unique_ptr<CommandPart> doctor_command_line() { return std::make_unique<DoctorCommandLine>(); }

std::unique_ptr<CommandPart> host_setup_command_line() {
  return std::make_unique<HostSetupCommandLine>();
}

}  // namespace tapstat::control::doctor
