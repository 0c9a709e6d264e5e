/// Measures the writer: the text of one row, beside the same values through printf, and whole runs
/// from records to a file.
///
/// The writer serves all workers; at 400,000 rows a second it has 2.5 us for a row.
/// `format_baseline_printf` is what a row costs when every value goes through snprintf with the
/// format that Tstat uses. `writer_run` goes through the real pipeline, a file in the directory of
/// temporary files included; its CPU column is that of all threads, so rows by CPU time are rows of
/// one core. Its number is the threads that format and compress.
#include <algorithm>
#include <cstdio>
#include <memory>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include <benchmark/benchmark.h>

#include "bench/preloaded_traffic.h"
#include "exporters/tstat_log.h"
#include "exporters/writer.h"
#include "tests/support/temp_dir.h"

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

/// Of 112 columns.
constexpr exporters::LogShape kMplane{flowstats::Schema::mplane, flowstats::Log::tcp_complete,
                                      flowstats::GroupMask::all()};
/// Of 134 columns.
constexpr exporters::LogShape kTstat{flowstats::Schema::tstat_3_3, flowstats::Log::tcp_complete,
                                     flowstats::GroupMask::all()};

void format(benchmark::State& state, const exporters::LogShape& shape) {
  const auto& records = sample_records();
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

void format_baseline_printf(benchmark::State& state, const exporters::LogShape& shape) {
  exporters::RowBuffer text;
  exporters::append_row(text, shape, sample_records().front());
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

/// A ring that always has the next record, `left` times.
class SampleSource : public flowstats::RecordSource {
 public:
  explicit SampleSource(size_t records) : left_(records) {}
  size_t drain(flowstats::RecordBuffer& out, flowstats::Timestamp) override {
    return drain_up_to(left_, out);
  }
  size_t drain_one(flowstats::RecordBuffer& out) override { return drain_up_to(1, out); }
  [[nodiscard]] bool has_records() const override { return left_ != 0; }
  [[nodiscard]] bool is_filling_up() const override { return false; }
  flowstats::Timestamp frontier() override { return flowstats::kAlways; }

 private:
  size_t drain_up_to(size_t wanted, flowstats::RecordBuffer& out) {
    const auto& records = sample_records();
    size_t n = 0;
    for (; n < std::min(wanted, left_); ++n) {
      Place place{records[next_ % records.size()]};
      place.record.units = flowstats::record_units(sizeof(TcpRecord));
      place.record.kind = flowstats::RecordKind::tcp_flow;
      if (!out.has_room(place.record.units)) break;
      out.append(place.record);
      ++next_;
    }
    left_ -= n;
    return n;
  }

  union Place {
    TcpRecord record;
    std::byte bytes[flowstats::record_units(sizeof(TcpRecord)) * flowstats::kRecordUnit];
  };
  size_t left_, next_ = 0;
};

void writer_run(benchmark::State& state, bool gzip) {
  constexpr size_t kRecords = 100'000;
  sample_records();
  for (auto _ : state) {
    state.PauseTiming();
    const tests::TempDir directory;
    SampleSource source(kRecords);
    flowstats::CounterBlock counters;
    exporters::WriterOptions options;
    options.base = directory.path();
    options.schema = flowstats::Schema::tstat_3_3;
    options.gzip = gzip;
    options.threads_max = static_cast<unsigned>(state.range(0));
    auto writer = std::make_unique<exporters::Writer>(
        options, std::vector<flowstats::RecordSource*>{&source}, counters, [](const auto&) {});
    flowstats::ActiveConfig config;
    config.groups = flowstats::GroupMask::all();
    if (!writer->open(config, flowstats::Timestamp{0})) {
      state.SkipWithError("no output directory");
      return;
    }
    state.ResumeTiming();
    writer->start();
    writer->finish();
    if (counters.get(flowstats::Counter::rows_complete_written) != kRecords)
      state.SkipWithError("rows are missing");
    state.PauseTiming();
    writer.reset();
    state.ResumeTiming();
  }
  const auto rows = static_cast<double>(state.iterations()) * kRecords;
  state.counters["rows"] = benchmark::Counter(rows, benchmark::Counter::kIsRate);
}

BENCHMARK_CAPTURE(format, tcp_112, kMplane);
BENCHMARK_CAPTURE(format, tcp_134, kTstat);
BENCHMARK_CAPTURE(format_baseline_printf, tcp_112, kMplane);
BENCHMARK_CAPTURE(format_baseline_printf, tcp_134, kTstat);
BENCHMARK_CAPTURE(writer_run, text, false)
    ->Arg(1)
    ->Arg(2)
    ->MeasureProcessCPUTime()
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(writer_run, gzip, true)
    ->Arg(1)
    ->Arg(2)
    ->MeasureProcessCPUTime()
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace tapstat::bench
