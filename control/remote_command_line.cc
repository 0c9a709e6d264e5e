#include "control/remote_command_line.h"

#include <array>
#include <utility>

#include <CLI/CLI.hpp>

#include "control/command_help.h"
#include "control/output_flags.h"
#include "flowstats/base/nearest.h"

namespace tapstat::control {
namespace {

using flowstats::ExitStatus;
using flowstats::Result;
using What = RemoteArguments::What;
using Action = MplaneArguments::Action;

struct RemoteCommand {
  What what;
  const char *name, *help, *examples;
};
constexpr std::array kRemoteCommands = {
    RemoteCommand{What::status, "status", "Show what a running tapstat does", kStatusExamples},
    RemoteCommand{What::groups, "groups", "List or switch the column groups of a running tapstat",
                  kGroupsExamples},
    RemoteCommand{What::rotate, "rotate", "Begin a new output directory in a running tapstat", ""},
    RemoteCommand{What::reload, "reload", "Let a running tapstat read its runtime.conf again", ""},
    RemoteCommand{What::stop, "stop", "End a running tapstat; everything is written first", ""},
};

/// Does the action need a measurement or capability behind it?
struct MplaneAction {
  Action action;
  const char *name, *operand;  // operand: nullptr when there is none
};
constexpr std::array kMplaneActions = {
    MplaneAction{Action::listcap, "listcap", nullptr},
    MplaneAction{Action::runcap, "runcap", "the number or label of a capability"},
    MplaneAction{Action::listmeas, "listmeas", nullptr},
    MplaneAction{Action::redeem, "redeem", "the number or token of a measurement, or all"},
    MplaneAction{Action::interrupt, "interrupt", "the number or token of a measurement, or all"},
};

auto usage(std::string sentence) { return flowstats::fail(ExitStatus::usage, std::move(sentence)); }

Result<RemoteArguments::GroupWord> parse_group_word(const std::string& text) {
  const size_t equals = text.find('=');
  if (equals == std::string::npos)
    return usage("groups \"" + text + "\": expected NAME=on, NAME=off or NAME=default.");
  RemoteArguments::GroupWord word{text.substr(0, equals), std::nullopt};
  const std::string value = text.substr(equals + 1);
  std::vector<std::string> names;
  bool known = false;
  for (const flowstats::GroupName& n : flowstats::kGroupNames) {
    names.emplace_back(n.name);
    known = known || n.name == word.name;
  }
  if (!known) return usage("groups \"" + text + "\": " + not_one_of(word.name, names));
  if (value != "on" && value != "off" && value != "default")
    return usage("groups \"" + text + "\": " + not_one_of(value, {"on", "off", "default"}));
  if (value != "default") word.on = value == "on";
  return word;
}

/// The texts as typed; they live as long as the options that point to them.
struct Typed {
  struct Remote {
    CLI::App* app = nullptr;
    RemoteArguments arguments;
    std::string socket, colour;
    std::vector<std::string> groups;

    [[nodiscard]] Result<CommandLine> finish() const;
  };
  struct Mplane {
    CLI::App* app = nullptr;
    MplaneArguments arguments;
    std::string action, ca, certificate, key, generation, colour;

    [[nodiscard]] Result<CommandLine> finish() const;
    [[nodiscard]] Result<void> set_action(MplaneArguments& a) const;
    [[nodiscard]] Result<void> set_connection(MplaneArguments& a) const;
  };
  std::array<Remote, kRemoteCommands.size()> remote;
  Mplane mplane;

  static void add(CLI::App& app, Remote& typed);
  static void add(CLI::App& app, Mplane& typed);
};

void Typed::add(CLI::App& app, Remote& typed) {
  const What what = typed.arguments.what;
  if (what == What::groups)
    app.add_option("WORD", typed.groups,
                   "NAME=on, NAME=off, or NAME=default to take your word back; without any the "
                   "groups are listed")
        ->type_name("");
  app.add_option("--socket", typed.socket,
                 "local socket of the running tapstat [the only one that runs]")
      ->type_name("PATH");
  if (what == What::status)
    app.add_flag("--watch", typed.arguments.watch, "again every second until interrupted");
  app.add_flag("--json", typed.arguments.json, "print the answer as JSON");
  add_output_flags(app, typed.arguments.out, typed.colour);
}

void Typed::add(CLI::App& app, Mplane& typed) {
  app.add_option("ACTION", typed.action, "listcap, runcap, listmeas, redeem or interrupt")
      ->type_name("");
  app.add_option("WHAT", typed.arguments.operand,
                 "runcap: number or label of a capability; redeem, interrupt: number or token of a "
                 "measurement, or all")
      ->type_name("");
  const auto text = [&](const char* name, std::string& value, const char* type, const char* help) {
    app.add_option(name, value, help)->type_name(type);
  };
  text("--url", typed.arguments.url, "URL", "the component [http://127.0.0.1:8888]");
  text("--ca", typed.ca, "FILE", "authority that signed the component's certificate (https)");
  text("--cert", typed.certificate, "FILE", "our certificate (https)");
  text("--key", typed.key, "FILE", "its key");
  text("--generation", typed.generation, "NAME",
       "2014 or sdk [2014; sdk when the path of the URL begins with /v1]");
  text("--when", typed.arguments.when, "SCOPE",
       "runcap: when the group shall be on [now + 5m]; \"now ... future\" is until interrupted");
  app.add_flag("--wait", typed.arguments.wait, "runcap: wait for the result");
  app.add_flag("--json", typed.arguments.json, "print the answers as JSON");
  add_output_flags(app, typed.arguments.out, typed.colour);
}

Result<CommandLine> Typed::Remote::finish() const {
  RemoteArguments a = arguments;
  if (const auto set = set_colour(a.out, *app, colour); !set)
    return tl::make_unexpected(set.error());
  if (app->count("--socket") > 0) {
    if (socket.empty()) return usage("an empty file name was given to --socket.");
    a.socket = socket;
  }
  for (const std::string& text : groups) {
    const auto word = parse_group_word(text);
    if (!word) return tl::make_unexpected(word.error());
    for (const RemoteArguments::GroupWord& earlier : a.groups)
      if (earlier.name == word->name) return usage("groups: " + word->name + " stands twice.");
    a.groups.push_back(*word);
  }
  return CommandLine{std::move(a)};
}

Result<void> Typed::Mplane::set_action(MplaneArguments& a) const {
  std::vector<std::string> names;
  const MplaneAction* found = nullptr;
  for (const MplaneAction& candidate : kMplaneActions) {
    names.emplace_back(candidate.name);
    if (action == candidate.name) found = &candidate;
  }
  if (action.empty()) return usage("mplane what? listcap, runcap, listmeas, redeem or interrupt.");
  if (found == nullptr) return usage("mplane \"" + action + "\": " + not_one_of(action, names));
  a.action = found->action;
  if (found->operand == nullptr && !a.operand.empty())
    return usage("mplane " + action + ": unexpected argument \"" + a.operand + "\".");
  if (found->operand != nullptr && a.operand.empty())
    return usage("mplane " + action + " needs " + found->operand + ".");
  for (const char* flag : {"--when", "--wait"})
    if (app->count(flag) > 0 && found->action != Action::runcap)
      return usage(std::string(flag) + " belongs to mplane runcap.");
  return {};
}

Result<void> Typed::Mplane::set_connection(MplaneArguments& a) const {
  const auto path = [this](const char* flag, const std::string& text) {
    return app->count(flag) > 0 ? std::optional<std::filesystem::path>(text) : std::nullopt;
  };
  a.ca = path("--ca", ca);
  a.certificate = path("--cert", certificate);
  a.key = path("--key", key);
  if (a.certificate.has_value() != a.key.has_value()) return usage("--cert and --key go together.");
  if (a.certificate && !a.ca) return usage("--cert needs --ca, which the component is checked by.");
  if (app->count("--generation") == 0) return {};
  if (generation != "2014" && generation != "sdk")
    return usage("--generation \"" + generation + "\": " + not_one_of(generation, {"2014", "sdk"}));
  a.generation = generation == "sdk" ? mplane::Generation::sdk : mplane::Generation::proxy_2014;
  return {};
}

Result<CommandLine> Typed::Mplane::finish() const {
  MplaneArguments a = arguments;
  for (const auto& set : {set_colour(a.out, *app, colour), set_action(a), set_connection(a)})
    if (!set) return tl::make_unexpected(set.error());
  return CommandLine{std::move(a)};
}

class RemoteCommandLine final : public CommandPart {
 public:
  void add_to(CLI::App& app) override;
  [[nodiscard]] std::optional<Result<CommandLine>> finish() const override;

 private:
  Typed typed_;
};

void RemoteCommandLine::add_to(CLI::App& app) {
  for (size_t i = 0; i < kRemoteCommands.size(); ++i) {
    const RemoteCommand& command = kRemoteCommands[i];
    Typed::Remote& typed = typed_.remote[i];
    typed.arguments.what = command.what;
    typed.app =
        app.add_subcommand(command.name, std::string(command.help) + "\n\n" + command.examples);
    Typed::add(*typed.app, typed);
  }
  typed_.mplane.app = app.add_subcommand(
      "mplane",
      std::string("Speak mPlane to a probe: list, run, redeem, interrupt\n\n") + kMplaneExamples);
  Typed::add(*typed_.mplane.app, typed_.mplane);
}

std::optional<Result<CommandLine>> RemoteCommandLine::finish() const {
  for (const Typed::Remote& typed : typed_.remote)
    if (typed.app->parsed()) return typed.finish();
  if (typed_.mplane.app->parsed()) return typed_.mplane.finish();
  return std::nullopt;
}

}  // namespace

std::unique_ptr<CommandPart> remote_command_line() { return std::make_unique<RemoteCommandLine>(); }

}  // namespace tapstat::control
