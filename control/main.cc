/// The program `tapstat`: command line -> command -> exit status.
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "control/anonymise_key.h"
#include "control/bench.h"
#include "control/build_info.h"
#include "control/check.h"
#include "control/command_line.h"
#include "control/commands/mplane_commands.h"
#include "control/commands/remote_commands.h"
#include "control/describe.h"
#include "control/doctor/doctor_command.h"
#include "control/last_resort.h"
#include "control/messages.h"
#include "control/replay.h"
#include "control/run.h"
#include "control/samples/samples_command.h"
#include "control/split/split.h"
#include "control/tstat_command_line.h"
#include "dataplane/eal.h"

namespace {

using namespace tapstat;
using control::ColourWhen;
using control::DescribeArguments;

bool colour_wanted(ColourWhen when) {
  if (when != ColourWhen::automatic) return when == ColourWhen::always;
  const char* const no_colour = std::getenv("NO_COLOR");  // https://no-color.org
  const char* const terminal = std::getenv("TERM");
  if (no_colour != nullptr && *no_colour != '\0') return false;
  if (terminal != nullptr && std::string_view(terminal) == "dumb") return false;
  return isatty(STDERR_FILENO) == 1;
}

control::MessageOptions message_options(const control::OutputArguments& out, bool results) {
  control::MessageOptions options;
  options.quiet = out.quiet;
  options.results = results;
  options.verbose = out.verbose;
  options.colour = colour_wanted(out.colour);
  return options;
}

struct Commands {
  int operator()(const control::ReplayArguments& arguments) const {
    control::Messages messages(message_options(arguments.out, !arguments.json));
    return control::replay(arguments, messages);
  }
  int operator()(const control::RunArguments& arguments) const {
    control::Messages messages(message_options(arguments.out, !arguments.json));
    return control::run(arguments, messages);
  }
  int operator()(const control::CheckArguments& arguments) const {
    control::Messages messages(message_options(arguments.out, true));
    return control::check(arguments, messages);
  }
  int operator()(const control::BenchArguments& arguments) const {
    control::Messages messages(message_options(arguments.out, !arguments.json));
    return control::bench(arguments, messages);
  }
  int operator()(const control::AnonymiseKeyArguments& arguments) const {
    control::Messages messages(message_options(arguments.out, true));
    return control::anonymise_key(arguments, messages);
  }
  int operator()(const control::RemoteArguments& arguments) const {
    control::Messages messages(message_options(arguments.out, !arguments.json));
    return control::remote(arguments, messages);
  }
  int operator()(const control::MplaneArguments& arguments) const {
    control::Messages messages(message_options(arguments.out, !arguments.json));
    return control::mplane_command(arguments, messages);
  }
  int operator()(const control::SamplesArguments& arguments) const {
    control::Messages messages(message_options(arguments.out, true));
    return control::samples(arguments, messages);
  }
  int operator()(const control::SplitArguments& arguments) const {
    control::Messages messages(message_options(arguments.out, true));
    return control::splitting::split(arguments, messages);
  }
  int operator()(const control::DoctorArguments& arguments) const {
    control::Messages messages(message_options(arguments.out, !arguments.json));
    return control::doctor::doctor(arguments, messages);
  }
  int operator()(const control::HostSetupArguments& arguments) const {
    control::Messages messages(message_options(arguments.out, true));
    return control::doctor::host_setup(arguments, messages);
  }
  int operator()(const DescribeArguments& arguments) const {
    const auto page = control::describe(arguments);
    if (page) return (*this)(control::TextAnswer{*page});
    control::Messages messages;
    messages.located_errors(page.error());
    return static_cast<int>(flowstats::ExitStatus::usage);
  }
  int operator()(const control::TextAnswer& answer) const {
    const std::string_view newline = answer.text.ends_with('\n') ? "" : "\n";
    const bool printed =
        std::fwrite(answer.text.data(), 1, answer.text.size(), stdout) == answer.text.size() &&
        std::fwrite(newline.data(), 1, newline.size(), stdout) == newline.size() &&
        std::fflush(stdout) == 0;
    return static_cast<int>(printed ? flowstats::ExitStatus::done
                                    : flowstats::ExitStatus::records_lost);
  }
};

/// Under its second name, or as "tapstat tstat", the program takes Tstat's own command line.
bool is_called_as_tstat(std::string_view program, const std::vector<std::string>& words) {
  return program.substr(program.rfind('/') + 1) == "tapstat-tstat" ||
         (!words.empty() && words.front() == "tstat");
}

/// Both streams go to the file from here on.
bool redirect(const std::filesystem::path& file) {
  return std::freopen(file.c_str(), "a", stdout) != nullptr &&
         dup2(fileno(stdout), STDERR_FILENO) >= 0;
}

int refuse(const flowstats::Error& error) {
  control::Messages messages;
  messages.error(error.sentence);
  return static_cast<int>(error.status);
}

}  // namespace

int main(int argc, char** argv) {
  control::install_last_resort();
  std::signal(SIGPIPE, SIG_IGN);  // a reader that leaves must not end the measurement
  std::signal(SIGXFSZ, SIG_IGN);  // a file size limit is a write error: counted, and status 5
  const std::string_view program = argc > 0 ? argv[0] : "";
  std::vector<std::string> words(argv + std::min(argc, 1), argv + argc);
  if (is_called_as_tstat(program, words)) {
    if (!words.empty() && words.front() == "tstat") words.erase(words.begin());
    auto translated = control::translate_tstat(std::move(words));
    if (!translated) return refuse(translated.error());
    if (translated->messages && !redirect(*translated->messages))
      return refuse({flowstats::ExitStatus::environment,
                     "\"" + translated->messages->string() + "\" (-z) cannot be written."});
    control::Messages messages;
    for (const std::string& note : translated->notes) messages.note(note);
    words = std::move(translated->words);
  }
  const auto line = control::parse_command_line(std::move(words),
                                                control::version_text(dataplane::dpdk_version()));
  if (!line) return refuse(line.error());
  return std::visit(Commands{}, *line);
}
