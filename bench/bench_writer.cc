/// Measures the text of one row: all groups of log_tcp_complete, beside the same values through
/// printf.
///
/// The writer is one thread for all workers; at 400,000 rows a second it has 2.5 us for a row.
/// `printf` is what a row costs when every value goes through snprintf with the format that Tstat
/// uses.
#include <algorithm>
#include <cstdio>
#include <string>
#include <variant>
#include <vector>

#include <benchmark/benchmark.h>

#include "bench/preloaded_traffic.h"
#include "exporters/tstat_log.h"

namespace tapstat::bench {
namespace {

using flowstats::TcpRecord;

/// Records of real shape: the complete flows of a generated capture.
const std::vector<TcpRecord>& sample_records() {
  static const std::vector<TcpRecord> records = [] {
    TrafficProfile profile = *find_profile("isp_mix_loss5");
    profile.flows = 500;
    const PreloadedTraffic traffic(profile);
    PacketPath path(flowstats::Measurement{},
                    [](const TcpRecord& record) { return record.complete; });
    path.process(traffic.frames());
    path.finish();
    return path.kept();
  }();
  return records;
}

exporters::LogShape shape_of(benchmark::State& state) {
  const auto schema =
      state.range(0) == 134 ? flowstats::Schema::tstat_3_3 : flowstats::Schema::mplane;
  return {schema, flowstats::TcpLog::complete, flowstats::GroupMask::all()};
}

void row(benchmark::State& state) {
  const auto& records = sample_records();
  const exporters::LogShape shape = shape_of(state);
  exporters::RowBuffer out;
  size_t next = 0, bytes = 0;
  for (auto _ : state) {
    exporters::append_row(out, shape, records[next++ % records.size()]);
    bytes += out.size();
    benchmark::DoNotOptimize(out.text().data());
    out.clear();
  }
  state.SetItemsProcessed(state.iterations());
  state.SetBytesProcessed(static_cast<int64_t>(bytes));
}

using PrintfValue = std::variant<unsigned long, double, std::string>;

/// The values of a finished row, ready for printf.
std::vector<PrintfValue> values_of(std::string_view text) {
  std::vector<PrintfValue> values;
  for (size_t at = 0; at < text.size();) {
    const size_t end = text.find_first_of(" \n", at);
    const std::string word(text.substr(at, end - at));
    at = end + 1;
    const bool number = word.find_first_not_of("0123456789.") == std::string::npos;
    const auto dots = std::count(word.begin(), word.end(), '.');
    if (!number || dots > 1)
      values.emplace_back(word);
    else if (dots == 1)
      values.emplace_back(std::stod(word));
    else
      values.emplace_back(std::stoul(word));
  }
  return values;
}

void printf_baseline(benchmark::State& state) {
  exporters::RowBuffer text;
  exporters::append_row(text, shape_of(state), sample_records().front());
  const auto values = values_of(text.text());
  std::vector<char> out(16'384);
  for (auto _ : state) {
    char* at = out.data();
    char* const end = at + out.size();
    const auto room = [&] { return static_cast<size_t>(end - at); };
    for (const PrintfValue& value : values) {
      if (const auto* integer = std::get_if<unsigned long>(&value))
        at += std::snprintf(at, room(), "%lu ", *integer);
      else if (const auto* decimal = std::get_if<double>(&value))
        at += std::snprintf(at, room(), "%f ", *decimal);
      else
        at += std::snprintf(at, room(), "%s ", std::get<std::string>(value).c_str());
    }
    benchmark::DoNotOptimize(out.data());
  }
  state.SetItemsProcessed(state.iterations());
}

BENCHMARK(row)->Arg(112)->Arg(134);  // columns of the two schemas
BENCHMARK(printf_baseline)->Arg(112)->Arg(134);

}  // namespace
}  // namespace tapstat::bench
