#include "control/end_table.h"

#include <algorithm>
#include <vector>

#include "control/number_text.h"

namespace tapstat::control {
namespace {

using flowstats::Counter;

struct Row {
  std::string label, value;
};

/// One of the three columns of the table.
struct Column {
  std::string title;
  std::vector<Row> rows;
  bool values_right = true;
};

Row row(std::string label, uint64_t value) { return {std::move(label), grouped(value)}; }

Row difference_row(int64_t difference) {
  if (difference == 0) return {"difference", "0"};
  const uint64_t size = difference < 0 ? uint64_t{0} - static_cast<uint64_t>(difference)
                                       : static_cast<uint64_t>(difference);
  return {"DIFFERENCE", (difference < 0 ? "-" : "") + grouped(size) + " (!)"};
}

Column packets_column(const Ledger& ledger) {
  Column column{"packets", {}, true};
  const Equation& e = ledger.packets;
  column.rows.push_back(row(std::string(e.whole.label), e.whole.value));
  for (size_t i = 0; i < e.parts.size(); ++i)
    if (i == 0 || e.parts[i].value > 0)
      column.rows.push_back(
          row((i == 0 ? "= " : "+ ") + std::string(e.parts[i].label), e.parts[i].value));
  if (ledger.packets_lost() == 0) column.rows.push_back(row("+ lost", 0));
  column.rows.push_back(difference_row(e.difference()));
  return column;
}

Column records_column(const RunResult& r, const Ledger& ledger) {
  Column column{"records", {}, true};
  column.rows.push_back(row("tcp complete", r.counters[Counter::rows_complete_written]));
  column.rows.push_back(row("tcp not complete", r.counters[Counter::rows_nocomplete_written]));
  const auto optional_row = [&](const char* label, uint64_t value) {
    if (value > 0) column.rows.push_back(row(label, value));
  };
  optional_row("neither side internal", r.counters[Counter::flows_dropped_not_local]);
  optional_row("refused, table full", ledger.flows_refused);
  optional_row("ended, table full", ledger.flows_evicted);
  const auto rows = [&](flowstats::Log log, flowstats::RowFate fate) {
    return r.counters[row_counter(log, fate)];
  };
  optional_row("udp", rows(flowstats::Log::udp_complete, flowstats::RowFate::written));
  optional_row("rtp and rtcp", rows(flowstats::Log::mm_complete, flowstats::RowFate::written));
  optional_row("http", rows(flowstats::Log::http_complete, flowstats::RowFate::written));
  optional_row("dns", rows(flowstats::Log::dns_complete, flowstats::RowFate::written));
  optional_row("intervals", rows(flowstats::Log::tcp_periodic, flowstats::RowFate::written) +
                                rows(flowstats::Log::udp_periodic, flowstats::RowFate::written));
  optional_row("web100 exit", r.counters[Counter::exit_records_written]);
  optional_row("packets in traces", r.counters[Counter::trace_written]);
  uint64_t switched_off = 0;
  for (const flowstats::LogSpec& log : flowstats::kLogs)
    switched_off += rows(log.log, flowstats::RowFate::log_disabled);
  optional_row("log switched off", switched_off);
  column.rows.push_back(row("still open", r.flows_open));
  column.rows.push_back(row("lost", ledger.records_lost()));
  int64_t difference = 0;
  for (const Equation* e : ledger.equations())
    if (e != &ledger.packets && difference == 0) difference = e->difference();
  column.rows.push_back(difference_row(difference));
  return column;
}

Column rate_column(const RunResult& r) {
  Column column{"rate", {}, false};
  const double wall = std::max(r.wall_s, 1e-6);
  column.rows.push_back(
      {"packets",
       packet_rate_text(static_cast<double>(r.counters[Counter::rx_packets]) / wall) + " (mean)"});
  column.rows.push_back({"bits", bit_rate_text(r.bits_received() / wall) + " (mean)"});
  column.rows.push_back({"wall", seconds_text(r.wall_s)});
  if (r.traffic_s > 0)
    column.rows.push_back({"replay", factor_text(r.traffic_s / wall) + " x real time"});
  return column;
}

/// The column's lines, all of one width.
std::vector<std::string> lines_of(const Column& column) {
  size_t label_width = 0, value_width = 0;
  for (const Row& r : column.rows) {
    label_width = std::max(label_width, r.label.size());
    value_width = std::max(value_width, r.value.size());
  }
  std::vector<std::string> lines = {column.title};
  for (const Row& r : column.rows) {
    std::string line = "  " + r.label + std::string(label_width - r.label.size() + 2, ' ');
    const std::string pad(value_width - r.value.size(), ' ');
    lines.push_back(line + (column.values_right ? pad + r.value : r.value));
  }
  const size_t width = label_width + value_width + 4;
  for (std::string& line : lines) line.resize(std::max(width, line.size()), ' ');
  return lines;
}

/// Quoted for a shell when it needs to be.
std::string shell_word(const std::string& text) {
  constexpr std::string_view kPlain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./,:+@%";
  if (!text.empty() && text.find_first_not_of(kPlain) == text.npos) return text;
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

std::string amount_text(uint64_t files, uint64_t bytes) {
  return " (" + grouped(files) + (files == 1 ? " file, " : " files, ") + file_size_text(bytes) +
         ")";
}

std::string before_it(size_t directories) {
  return directories > 1 ? " and " + grouped(directories - 1) + " before it" : "";
}

/// Nobody brings these rows back: who reads the logs must know of them.
std::string spool_line(const RunResult& r) {
  if (r.writer.spooled.empty()) return "";
  const uint64_t rows = r.counters[Counter::rows_spooled];
  return "\nspool   " + r.writer.spooled.back().string() + before_it(r.writer.spooled.size()) +
         " (" + grouped(rows) + (rows == 1 ? " row, " : " rows, ") +
         file_size_text(r.counters[Counter::bytes_spooled]) + ")";
}

std::string logs_line(const RunResult& r) {
  const std::string directory = r.writer.directories.back().string();
  std::string line = "files   " + directory + before_it(r.writer.directories.size());
  line += amount_text(r.writer.files, r.writer.bytes);
  const std::string log = shell_word(directory + "/log_tcp_complete" + (r.gzip ? ".gz" : ""));
  return line +
         "   next: " + (r.gzip ? "zcat " + log + " | column -ts' '" : "column -ts' ' " + log) +
         " | less -S" + spool_line(r);
}

std::string files_lines(const RunResult& r) {
  const exporters::Web100Report& exits = r.writer.exit_records;
  if (exits.files == 0) return r.writer.directories.empty() ? "files   none" : logs_line(r);
  return (r.writer.directories.empty() ? "" : logs_line(r) + "\n") + "exits   " +
         exits.latest.string() + amount_text(exits.files, exits.bytes);
}

}  // namespace

std::string end_table(const RunResult& result, const Ledger& ledger) {
  const std::vector<std::vector<std::string>> columns = {lines_of(packets_column(ledger)),
                                                         lines_of(records_column(result, ledger)),
                                                         lines_of(rate_column(result))};
  size_t height = 0;
  for (const auto& lines : columns) height = std::max(height, lines.size());
  std::string table;
  for (size_t i = 0; i < height; ++i) {
    std::string line;
    for (const auto& lines : columns)
      line += (i < lines.size() ? lines[i] : std::string(lines[0].size(), ' ')) + "      ";
    line.erase(line.find_last_not_of(' ') + 1);
    table += line + "\n";
  }
  return table + files_lines(result);
}

}  // namespace tapstat::control
