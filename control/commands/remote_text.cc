#include "control/commands/remote_text.h"

#include <array>
#include <cmath>

#include "control/commands/text_table.h"
#include "control/number_text.h"

namespace tapstat::control {
namespace {

std::string count(const JsonView& value) {
  const auto n = value.whole();
  return n ? grouped(*n) : "";
}

/// Empty for 0, too: nothing to tell.
std::string more_than_0(const JsonView& value) {
  const auto n = value.whole();
  return n && *n > 0 ? grouped(*n) : "";
}

std::string size(const JsonView& value) {
  const auto n = value.whole();
  return n && *n > 0 ? file_size_text(*n) : "";
}

std::string per_second(const JsonView& value) {
  const auto n = value.number();
  return n && *n >= 0 ? grouped(static_cast<uint64_t>(std::llround(*n))) : "";
}

/// "12 running, 3 pending": the parts that have a value.
struct Part {
  std::string value;
  const char* name;
};
template <size_t kParts>
std::string joined(const std::array<Part, kParts>& parts) {
  std::string out;
  for (const auto& [value, name] : parts)
    if (!value.empty()) out += (out.empty() ? "" : ", ") + value + name;
  return out;
}

void worker_rows(TextTable& table, const JsonView& workers) {
  int number = 0;
  for (const JsonView& worker : workers.items()) {
    const std::string queue = count(worker["queue"]), size = count(worker["queue_size"]);
    table.row({"worker " + std::to_string(number++),
               joined(std::array{
                   Part{count(worker["packets"]), " packets"},
                   Part{count(worker["flows_open"]), " flows open"},
                   Part{size.empty() ? queue : queue + " of " + size, " records queued"}})});
  }
}

void port_rows(TextTable& table, const JsonView& ports) {
  for (const JsonView& port : ports.items())
    table.row({"port " + port["name"].text(),
               joined(std::array{
                   Part{port["state"].text(), ""}, Part{count(port["packets"]), " packets"},
                   Part{count(port["missed"]), " missed"}, Part{count(port["errors"]), " damaged"},
                   Part{count(port["no_buffer"]), " without buffer"}})});
}

/// Each reason with its count; the sums stand in the lines of packets and rows.
void loss_rows(TextTable& table, const JsonView& losses) {
  for (const JsonView& loss : losses.items())
    table.row({"LOST", count(loss["count"]) + " " + loss["unit"].text() + " (" +
                           loss["counter"].text() + ")"});
}

/// "runtime.conf", "rest alice since T", "specification TOKEN of ID until T".
std::string holder_text(const JsonView& holder) {
  const std::string kind = holder["kind"].text(), who = holder["who"].text();
  const std::string token = holder["token"].text();
  std::string text = kind;
  if (!token.empty()) text += " " + token;
  if (!who.empty()) text += (token.empty() ? " " : " of ") + who;
  for (const char* moment : {"since", "until"})
    if (const std::string time = holder[moment].text(); !time.empty())
      text += std::string(" ") + moment + " " + time;
  return text;
}

std::string holders_text(const JsonView& holders) {
  std::string text;
  for (const JsonView& holder : holders.items())
    text += (text.empty() ? "" : "; ") + holder_text(holder);
  return text;
}

}  // namespace

std::string status_text(const JsonDocument& status) {
  TextTable table;
  const auto line = [&table](const char* name, const std::string& value) {
    if (!value.empty()) table.row({name, value});
  };
  const auto uptime = status["uptime_s"].number();
  const std::string command = status["command"].text();
  line("state", joined(std::array{Part{status["state"].text(), ""},
                                  Part{command.empty() ? "" : "tapstat " + command, ""},
                                  Part{status["version"].text(), ""},
                                  Part{uptime ? "up " + seconds_text(*uptime) : "", ""}}));
  line("clock", status["clock"].text());
  const JsonView packets = status["packets"], flows = status["flows"], rows = status["rows"];
  line("packets", joined(std::array{Part{count(packets["received"]), " received"},
                                    Part{count(packets["analysed"]), " analysed"},
                                    Part{count(packets["lost"]), " lost"}}));
  line("flows", joined(std::array{Part{count(flows["open"]), " open"},
                                  Part{count(flows["created"]), " created"}}));
  line("rows", joined(std::array{Part{count(rows["written"]), " written"},
                                 Part{count(rows["lost"]), " lost"}}));
  const JsonView rates = status["rates"];
  const auto packet_rate = rates["packets_per_s"].number(), bit_rate = rates["bits_per_s"].number();
  line("rates", joined(std::array{Part{packet_rate ? packet_rate_text(*packet_rate) : "", ""},
                                  Part{bit_rate ? bit_rate_text(*bit_rate) : "", ""},
                                  Part{per_second(rates["flows_per_s"]), " flows/s"},
                                  Part{per_second(rates["rows_per_s"]), " rows/s"}}));
  port_rows(table, status["ports"]);
  worker_rows(table, status["workers"]);
  loss_rows(table, status["losses"]);
  line("epoch", joined(std::array{Part{count(status["epoch"]), " in force"},
                                  Part{count(status["written_epoch"]), " written"}}));
  line("directory", status["directory"].text());
  const JsonView output = status["output"];
  line("output", joined(std::array{Part{size(output["free_bytes"]), " free"},
                                   Part{more_than_0(output["rows_spooled"]), " rows spooled"}}));
  line("jobs", joined(std::array{Part{count(status["jobs"]["running"]), " running"},
                                 Part{count(status["jobs"]["pending"]), " pending"}}));
  for (const JsonView& reason : status["reasons"].items()) line("not ready", reason.text());
  return table.str();
}

std::string groups_text(const JsonDocument& groups) {
  TextTable table;
  table.align_right(1);
  table.row({"group", "columns", "state", "held by"});
  for (const JsonView& group : groups["groups"].items()) {
    std::string held = holders_text(group["holders"]);
    if (const std::string overridden = holders_text(group["overridden"]); !overridden.empty())
      held += (held.empty() ? "" : "; ") + ("overridden: " + overridden);
    table.row({group["name"].text(), count(group["columns"]), group["on"].is_true() ? "on" : "off",
               held});
  }
  const std::string epochs = joined(std::array{Part{count(groups["epoch"]), " in force"},
                                               Part{count(groups["written_epoch"]), " written"}});
  return table.str() + (epochs.empty() ? "" : "epoch " + epochs + "\n");
}

std::string problem_text(const JsonDocument& problem) {
  std::string text = problem["detail"].text();
  if (text.empty()) text = problem["title"].text();
  const std::string detail = text;
  for (const JsonView& error : problem["errors"].items())
    if (error.text() != detail) text += "\n  " + error.text();
  if (const std::string hint = problem["hint"].text(); !hint.empty())
    text += (text == detail ? " " : "\n") + hint;
  return text;
}

}  // namespace tapstat::control
