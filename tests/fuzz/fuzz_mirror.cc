/// Files that others may have edited and that we read or rewrite: the mirror of runtime.conf and
/// the state file of mPlane jobs.
///
/// The first byte chooses. Checked: a mirrored text that was acceptable stays so and says exactly
/// the wanted state and else what it said; mirroring twice changes nothing; an
/// accepted state file, printed and read again, prints the same.
#include <cstdint>
#include <cstdlib>
#include <list>
#include <string>
#include <string_view>

#include "control/mplane/job_store.h"
#include "control/mplane/mirror_file.h"

namespace {

using namespace tapstat::control;

void require(bool condition) {
  if (!condition) std::abort();
}

RuntimeState wanted_state(uint8_t choice) {
  RuntimeState state;
  state.groups = tapstat::flowstats::GroupMask{static_cast<uint8_t>(choice & 15)};
  state.logs &= ~tstat_log::kTcpComplete;
  if ((choice & 16) != 0) state.logs |= tstat_log::kTcpComplete;
  return state;
}

void check_mirror(std::string_view text, uint8_t choice) {
  const RuntimeState wanted = wanted_state(choice);
  const std::string once = mplane::mirrored(text, wanted);
  require(mplane::mirrored(once, wanted) == once);
  const RuntimeConf before = parse_runtime_conf(text, "f", RuntimeState{});
  if (!before.errors.empty()) return;
  const RuntimeConf after = parse_runtime_conf(once, "f", RuntimeState{});
  require(after.errors.empty());
  RuntimeState same = before.state;  // but for the five values
  same.groups = wanted.groups;
  same.groups.set(tapstat::flowstats::Group::advanced,
                  before.state.groups.has(tapstat::flowstats::Group::advanced));
  same.logs = (same.logs & ~tstat_log::kTcpComplete) | (wanted.logs & tstat_log::kTcpComplete);
  require(after.state == same);
}

void check_jobs(std::string_view text) {
  const auto jobs = mplane::jobs_from_json(text);
  if (!jobs) return require(!jobs.error().sentence.empty());
  const std::string printed = mplane::jobs_to_json({jobs->begin(), jobs->end()});
  const auto again = mplane::jobs_from_json(printed);
  require(again.has_value());
  require(mplane::jobs_to_json({again->begin(), again->end()}) == printed);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  if ((data[0] & 0x80) != 0)
    check_jobs(text);
  else
    check_mirror(text, data[0]);
  return 0;
}
