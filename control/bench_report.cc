#include "control/bench_report.h"

#include <algorithm>
#include <numeric>

#include <fmt/format.h>

#include "control/build_info.h"
#include "control/json_text.h"
#include "control/number_text.h"
#include "control/option_values.h"

namespace tapstat::control {
namespace {

/// A quantity with whatever the machine could tell about it.
struct Figure {
  std::optional<Spread> ns, instructions, cycles;
};

Figure figure_of(std::span<const Piece> pieces) {
  return {per_item(pieces, ns_of), per_item(pieces, instructions_of), per_item(pieces, cycles_of)};
}

struct Figures {
  Figure path, floor, rows;
  std::optional<FlowPrice> price_ns, price_instructions;
  double path_per_floor = 0;    // ratio of the medians; 0: no floor
  double packets_per_s = 0;     // of all workers
  double bytes_per_packet = 0;  // on the wire
  double flows_open = 0;        // median, over all workers
  double trackers = 0;          // the same
  uint64_t packets = 0;         // timed, on the worker path
};

using PieceList = std::vector<Piece> BenchWorkerResult::*;

std::vector<Piece> pooled(const BenchResult& r, PieceList list) {
  std::vector<Piece> all;
  for (const BenchWorkerResult& w : r.workers)
    all.insert(all.end(), (w.*list).begin(), (w.*list).end());
  return all;
}

double packets_per_s(const BenchWorkerResult& w, double share) {
  const auto ns = per_item(w.path, ns_of);
  return ns && ns->median > 0 ? share * 1e9 / ns->median : 0;
}

/// Of a core that one worker has when there are more of them than cores.
double core_share(const BenchResult& r) {
  return std::min(1.0, static_cast<double>(r.cpus) / static_cast<double>(r.workers.size()));
}

double median_ratio(const Figure& over, const Figure& under) {
  return over.ns && under.ns && under.ns->median > 0 ? over.ns->median / under.ns->median : 0;
}

Figures figures_of(const BenchResult& r) {
  Figures f;
  const std::vector<Piece> path = pooled(r, &BenchWorkerResult::path);
  f.path = figure_of(path);
  f.floor = figure_of(pooled(r, &BenchWorkerResult::floor));
  f.rows = figure_of(pooled(r, &BenchWorkerResult::rows));
  ShortFlowPieces short_flows;
  for (const BenchWorkerResult& w : r.workers)
    for (size_t place = 0; place < short_flows.size(); ++place)
      short_flows[place].insert(short_flows[place].end(), w.short_flows[place].begin(),
                                w.short_flows[place].end());
  if (f.path.ns) f.price_ns = flow_price(short_flows, f.path.ns->median, ns_of);
  if (f.path.instructions)
    f.price_instructions = flow_price(short_flows, f.path.instructions->median, instructions_of);
  f.path_per_floor = median_ratio(f.path, f.floor);
  uint64_t wire_bytes = 0;
  for (const Piece& piece : path) {
    f.packets += piece.items;
    wire_bytes += piece.wire_bytes;
  }
  f.bytes_per_packet = static_cast<double>(wire_bytes) / static_cast<double>(f.packets);
  for (const BenchWorkerResult& w : r.workers) {
    f.packets_per_s += packets_per_s(w, core_share(r));
    if (const auto open = spread_of(w.flows_open)) f.flows_open += open->median;
    if (const auto held = spread_of(w.trackers)) f.trackers += held->median;
  }
  return f;
}

uint64_t sum_of(const BenchResult& r, uint64_t BenchWorkerResult::*bytes) {
  return std::accumulate(r.workers.begin(), r.workers.end(), uint64_t{0},
                         [&](uint64_t sum, const auto& w) { return sum + w.*bytes; });
}

uint64_t bytes_per_flow(const BenchResult& r) {
  return sum_of(r, &BenchWorkerResult::flow_bytes) / std::max<uint64_t>(r.flows_capacity, 1);
}

/// What the tables and rings brought: the captures in memory are not measured.
dataplane::ProcessPages pages_of_tables(const BenchResult& r) {
  const auto growth = [](uint64_t after, uint64_t before) {
    return std::max(after, before) - before;
  };
  return {growth(r.pages.resident, r.pages_before.resident),
          growth(r.pages.transparent, r.pages_before.transparent),
          growth(r.pages.hugetlb, r.pages_before.hugetlb)};
}

const char* page_kind(const dataplane::ProcessPages& pages) {
  if (2 * pages.hugetlb > pages.resident) return "hugetlb";
  if (2 * (pages.transparent + pages.hugetlb) > pages.resident) return "transparent";
  return "4k";
}

std::string pages_text(const dataplane::ProcessPages& pages) {
  const uint64_t huge = pages.transparent + pages.hugetlb;
  const auto percent = huge * 100 / std::max<uint64_t>(pages.resident, 1);
  const std::string kind = page_kind(pages);
  return fmt::format("{} % in {} pages of 2 MiB", percent,
                     kind == "hugetlb" ? "reserved" : "transparent") +
         (kind == "4k" ? ", the rest in pages of 4 KiB" : "");
}

std::string flows_text(double flows) { return grouped(static_cast<uint64_t>(flows)); }

std::string load_lines(const BenchResult& r, const Figures& f) {
  std::string out;
  for (const InputFacts& input : r.inputs)
    if (!input.error)
      out += fmt::format("input   {}: {}, {}, {} packets\n", input.name.string(), input.format,
                         input.link_type, grouped(input.packets));
  const auto& c = r.capture;
  out += fmt::format(
      "load    {} x {} packets side by side, {:.0f} bytes a frame, {:.1f} TCP segments a flow\n",
      grouped(r.replicas), grouped(c.packets), f.bytes_per_packet,
      static_cast<double>(c.tcp_segments) / static_cast<double>(c.tcp_flows));
  out += fmt::format(
      "flows   {} wanted, {} open at the same time (median), mode {}; {:.1f} % of their directions "
      "hold a tracker\n",
      grouped(r.flows_wanted), flows_text(f.flows_open), mode_name(r.mode),
      f.flows_open > 0 ? 50 * f.trackers / f.flows_open : 0);
  const dataplane::ProcessPages tables = pages_of_tables(r);
  out += fmt::format(
      "memory  {} resident, {} of it for the measurement: {}; {} bytes a flow with its index\n",
      memory_text(r.pages.resident), memory_text(tables.resident), pages_text(tables),
      bytes_per_flow(r));
  return out;
}

std::string cell(const std::optional<Spread>& spread, double Spread::*which) {
  return spread ? fmt::format("{:>14}", factor_text((*spread).*which)) : fmt::format("{:>14}", "-");
}

std::string figure_line(const char* label, const Figure& f) {
  return fmt::format("{:<36}{}{}{}{}\n", label, cell(f.ns, &Spread::median),
                     cell(f.ns, &Spread::low), cell(f.instructions, &Spread::median),
                     cell(f.cycles, &Spread::median));
}

std::string price_line(const char* label, const Figures& f, double FlowPrice::*which) {
  const auto text = [&](const std::optional<FlowPrice>& price) {
    return price ? fmt::format("{:.0f}", (*price).*which) : "-";
  };
  return fmt::format("{:<36}{:>14}{:>14}{:>14}\n", label, text(f.price_ns), "-",
                     text(f.price_instructions));
}

std::string worker_lines(const BenchResult& r) {
  std::string out;
  for (size_t i = 0; i < r.workers.size(); ++i) {
    const BenchWorkerResult& w = r.workers[i];
    const Figure path = figure_of(w.path), floor = figure_of(w.floor);
    if (!path.ns) continue;
    out += fmt::format("worker {} ({}): {} ns a packet, floor {} ns, {}\n", i,
                       w.cpu ? "CPU " + std::to_string(*w.cpu) : "not pinned",
                       factor_text(path.ns->median), floor.ns ? factor_text(floor.ns->median) : "-",
                       packet_rate_text(packets_per_s(w, core_share(r))));
  }
  return out;
}

std::string remarks(const BenchResult& r, const Figures& f) {
  std::string out;
  if (!f.path.instructions) out += "\ninstructions and cycles: not available here";
  if (r.interrupted || r.rounds_done < r.rounds_wanted)
    out += fmt::format("\nstopped after {} of {} rounds", r.rounds_done, r.rounds_wanted);
  return out;
}

// ---- JSON ----

void spread_json(JsonText& json, const char* name, const std::optional<Spread>& spread) {
  json.key(name);
  if (!spread) return json.null();
  json.object();
  json.key("median").number(spread->median);
  json.key("low_10_percent").number(spread->low);
  json.end_object();
}

void figure_json(JsonText& json, const char* name, const Figure& f) {
  json.key(name).object();
  spread_json(json, "ns", f.ns);
  spread_json(json, "instructions", f.instructions);
  spread_json(json, "cycles", f.cycles);
  json.end_object();
}

void price_json(JsonText& json, const char* name, const std::optional<FlowPrice>& price) {
  json.key(name);
  if (!price) return json.null();
  json.object();
  json.key("of_six_packets").number(price->whole);
  json.key("beyond_packets").number(price->extra);
  json.end_object();
}

void load_json(JsonText& json, const BenchResult& r, const Figures& f) {
  json.key("inputs").array();
  for (const InputFacts& input : r.inputs) json.text(as_utf8(input.name.string()));
  json.end_array();
  json.key("load").object();
  json.key("capture_packets").number(r.capture.packets);
  json.key("capture_tcp_segments").number(r.capture.tcp_segments);
  json.key("capture_tcp_flows").number(r.capture.tcp_flows);
  json.key("capture_flows_open_max").number(r.capture.flows_open_max);
  json.key("capture_bytes_in_memory").number(r.capture_bytes);
  json.key("packets_left_out").number(r.capture.left_out);
  json.key("replicas").number(uint64_t{r.replicas});
  json.key("flows_wanted").number(r.flows_wanted);
  json.key("flows_open").number(f.flows_open);
  json.key("trackers").number(f.trackers);
  json.key("bytes_per_frame").number(f.bytes_per_packet);
  json.end_object();
}

void memory_json(JsonText& json, const BenchResult& r) {
  json.key("memory").object();
  json.key("resident_bytes").number(r.pages.resident);
  json.key("transparent_huge_bytes").number(r.pages.transparent);
  json.key("hugetlb_bytes").number(r.pages.hugetlb);
  json.key("page_kind").text(page_kind(pages_of_tables(r)));
  json.key("measurement_bytes").number(pages_of_tables(r).resident);
  json.key("reserved_bytes").number(sum_of(r, &BenchWorkerResult::table_bytes));
  json.key("flows_capacity").number(r.flows_capacity);
  json.key("bytes_per_flow").number(bytes_per_flow(r));
  json.end_object();
}

void workers_json(JsonText& json, const BenchResult& r) {
  json.key("workers").array();
  for (const BenchWorkerResult& w : r.workers) {
    json.object();
    json.key("cpu");
    if (w.cpu)
      json.number(int64_t{*w.cpu});
    else
      json.null();
    json.key("packets_per_s").number(packets_per_s(w, core_share(r)));
    figure_json(json, "packet", figure_of(w.path));
    figure_json(json, "floor", figure_of(w.floor));
    figure_json(json, "row", figure_of(w.rows));
    json.key("flows_refused").number(w.flows_refused);
    json.key("floor_missed").number(w.floor_missed);
    json.end_object();
  }
  json.end_array();
}

}  // namespace

bool has_figures(const BenchResult& result) {
  return std::any_of(result.workers.begin(), result.workers.end(),
                     [](const BenchWorkerResult& w) { return !w.path.empty(); });
}

std::string bench_table(const BenchResult& r) {
  const Figures f = figures_of(r);
  std::string out = load_lines(r, f);
  out += fmt::format("\n{:<36}{:>14}{:>14}{:>14}{:>14}\n", "", "median ns", "10 % below",
                     "instructions", "cycles");
  out += figure_line("packet, worker path", f.path);
  out += price_line("flow of 6 packets", f, &FlowPrice::whole);
  out += price_line("flow, beyond its packets", f, &FlowPrice::extra);
  out += figure_line("packet, floor", f.floor) + figure_line("line of the log", f.rows);
  if (f.path_per_floor > 0)
    out += fmt::format("{:<36}{:>14}\n", "worker path / floor", factor_text(f.path_per_floor));
  out += "\n" + worker_lines(r);
  out += fmt::format("rate    {}, {} of traffic like this, over all workers",
                     packet_rate_text(f.packets_per_s),
                     bit_rate_text(8 * f.packets_per_s * f.bytes_per_packet));
  return out + remarks(r, f);
}

std::string bench_json(const BenchResult& r) {
  const Figures f = figures_of(r);
  JsonText json;
  json.object();
  json.key("tapstat").text(version());
  json.key("commit").text(commit());
  json.key("mode").text(mode_name(r.mode));
  load_json(json, r, f);
  memory_json(json, r);
  json.key("cpus").number(uint64_t{r.cpus});
  json.key("rounds").number(uint64_t{r.rounds_done});
  json.key("interrupted").boolean(r.interrupted);
  json.key("packets_timed").number(f.packets);
  json.key("packets_per_s").number(f.packets_per_s);
  json.key("bits_per_s").number(8 * f.packets_per_s * f.bytes_per_packet);
  figure_json(json, "packet", f.path);
  figure_json(json, "floor", f.floor);
  figure_json(json, "row", f.rows);
  json.key("path_per_floor");
  if (f.path_per_floor > 0)
    json.number(f.path_per_floor);
  else
    json.null();
  price_json(json, "flow_ns", f.price_ns);
  price_json(json, "flow_instructions", f.price_instructions);
  workers_json(json, r);
  json.end_object();
  return json.str();
}

}  // namespace tapstat::control
