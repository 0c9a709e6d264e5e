#include "control/measure_report.h"

#include <algorithm>
#include <utility>

#include "control/end_table.h"
#include "control/ledger.h"
#include "control/ledger_json.h"
#include "control/number_text.h"
#include "control/summary.h"

namespace tapstat::control {

using flowstats::ExitStatus;

namespace {

/// The highest status that anything asks for; a difference in the ledger is a defect and stands
/// above all.
ExitStatus final_status(const MeasureArguments& arguments, ExitStatus inputs, const RunResult& r,
                        const Ledger& ledger) {
  if (!ledger.closes()) return ExitStatus::internal_error;
  ExitStatus status = inputs;
  const auto raise = [&](bool when, ExitStatus to) {
    if (when) status = std::max(status, to);
  };
  raise(ledger.records_lost() > 0 || !r.writer.errors.empty() || !r.traces.errors.empty(),
        ExitStatus::records_lost);
  if (const auto limit = arguments.fail_on_loss_percent) {
    raise(std::max({ledger.packets_lost_percent(), ledger.flows_refused_percent(),
                    ledger.flows_evicted_percent()}) > *limit,
          ExitStatus::records_lost);
  }
  return status;
}

/// summary.json and counters.json beside the logs of every directory. Where rows had to go to the
/// spool they may find no room in the others; the spool has them then.
ExitStatus write_documents(const RunResult& r, const Ledger& ledger, ExitStatus status,
                           Messages& messages) {
  const auto& spooled = r.writer.spooled;
  for (const auto& directory : r.writer.directories) {
    const bool is_spare =
        !spooled.empty() && std::ranges::find(spooled, directory) == spooled.end();
    for (const auto& [name, text] :
         {std::pair{"summary.json", summary_json(r, ledger, static_cast<int>(status))},
          std::pair{"counters.json", counters_json(r, ledger)}}) {
      if (const auto written = write_file(directory / name, text); !written) {
        messages.error(written.error().sentence);
        if (is_spare) continue;
        status = status == ExitStatus::internal_error ? status
                                                      : std::max(status, written.error().status);
      }
    }
  }
  return status;
}

/// What the user should know about the result beyond the table.
void remark(const RunResult& r, const Ledger& ledger, Messages& messages) {
  for (const auto& errors : {r.writer.errors, r.traces.errors})
    for (const std::string& error : errors) messages.error(error);
  if (ledger.flows_refused > 0)
    messages.note("flows that found no room in the flow table: " + grouped(ledger.flows_refused) +
                  ". Give it more with --flows.");
  if (ledger.flows_evicted > 0)
    messages.note("flows that ended early to make room in the flow table: " +
                  grouped(ledger.flows_evicted) + ". Give it more with --flows.");
  if (const uint64_t outside = r.counters[flowstats::Counter::flows_dropped_not_local]; outside > 0)
    messages.note("flows without an internal side, not logged: " + grouped(outside) + ". See -N.");
  if (!ledger.closes())
    messages.error(
        "internal error: the counters do not add up; please report it with counters.json.");
}

}  // namespace

int report(const MeasureArguments& arguments, const RunResult& r, ExitStatus so_far,
           Messages& messages) {
  const Ledger ledger = make_ledger(r.counters, {});
  remark(r, ledger, messages);
  ExitStatus status = final_status(arguments, so_far, r, ledger);
  status = write_documents(r, ledger, status, messages);
  if (arguments.json)
    messages.document(summary_json(r, ledger, static_cast<int>(status)));
  else
    messages.result("\n" + end_table(r, ledger));
  return static_cast<int>(status);
}

}  // namespace tapstat::control
