#include "control/command_help.h"

#include <string_view>
#include <utility>
#include <vector>

#include "flowstats/base/nearest.h"

namespace tapstat::control {
namespace {

/// What stands behind the name of a command.
std::string_view operands(std::string_view command) {
  constexpr std::pair<std::string_view, std::string_view> kOperands[] = {
      {"replay", " FILE..."},   {"split", " FILE... -o DIR"}, {"bench", " FILE..."},
      {"describe", " WHAT"},    {"anonymise-key", " FILE"},   {"check", " [FILE]"},
      {"groups", " [WORD...]"}, {"mplane", " ACTION [WHAT]"},
  };
  for (const auto& [name, text] : kOperands)
    if (name == command) return text;
  return "";
}

class Formatter : public CLI::Formatter {
 public:
  Formatter() { column_width(34); }
  std::string make_description(const CLI::App* app) const override {
    const std::string text = app->get_description();
    return text.ends_with('\n') ? text : text + "\n";
  }
  std::string make_subcommand(const CLI::App* app) const override {
    const std::string text = app->get_description();
    const std::string name = "  " + app->get_name();
    return name + std::string(get_column_width() - name.size(), ' ') +
           text.substr(0, text.find('\n')) + "\n";
  }
  std::string make_usage(const CLI::App* app, std::string name) const override {
    const bool root = app->get_parent() == nullptr;
    return "\nUsage:\n  " +
           (root ? std::string("tapstat COMMAND [FLAGS]")
                 : "tapstat " + name.substr(name.rfind(' ') + 1) +
                       std::string(operands(app->get_name())) + " [FLAGS]") +
           "\n";
  }
};

}  // namespace

std::shared_ptr<CLI::Formatter> help_formatter() { return std::make_shared<Formatter>(); }

std::string explain_extra(const CLI::App& root, const CLI::App* command) {
  const std::vector<std::string> extras = root.remaining(true);
  const std::string typed = extras.empty() ? "" : extras.front();
  std::vector<std::string> names;
  if (command == nullptr) {
    for (const CLI::App* sub : root.get_subcommands([](const CLI::App*) { return true; }))
      names.push_back(sub->get_name());
  }
  for (const CLI::Option* option : (command != nullptr ? command : &root)->get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  }
  if (!typed.starts_with('-') && command == nullptr)
    return "unknown command \"" + typed + "\"." + flowstats::did_you_mean(typed, names) +
           " Run \"tapstat --help\".";
  const std::string where = command != nullptr ? "tapstat " + command->get_name() : "tapstat";
  const bool flag = typed.starts_with('-');
  const std::string name = typed.substr(0, typed.find('='));
  return (flag ? "unknown flag \"" : "unexpected argument \"") + name + "\"." +
         (flag && typed.starts_with("--") ? flowstats::did_you_mean(name, names) : "") + " Run \"" +
         where + " --help\".";
}

}  // namespace tapstat::control
