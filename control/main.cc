/// The program `tapstat`: command line -> command -> exit status.
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <variant>

#include "control/anonymise_key.h"
#include "control/bench.h"
#include "control/build_info.h"
#include "control/check.h"
#include "control/command_line.h"
#include "control/commands/mplane_commands.h"
#include "control/commands/remote_commands.h"
#include "control/describe.h"
#include "control/messages.h"
#include "control/replay.h"
#include "control/samples/samples_command.h"
#include "control/split/split.h"
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

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);  // a reader that leaves must not end the measurement
  std::signal(SIGXFSZ, SIG_IGN);  // a file size limit is a write error: counted, and status 5
  const auto line = control::parse_command_line({argv + 1, argv + argc},
                                                control::version_text(dataplane::dpdk_version()));
  if (!line) {
    control::Messages messages;
    messages.error(line.error().sentence);
    return static_cast<int>(line.error().status);
  }
  return std::visit(Commands{}, *line);
}
