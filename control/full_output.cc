#include "control/full_output.h"

#include <cstdlib>
#include <optional>
#include <string>

#include "control/config_value.h"
#include "control/output_check.h"

namespace tapstat::control {
namespace {

using exporters::FullOptions;
using exporters::WhenFull;
using flowstats::ExitStatus;
using flowstats::Result;

std::optional<std::filesystem::path> usual_spool() {
  const char* const given = std::getenv("STATE_DIRECTORY");
  if (given == nullptr || *given == '\0') return std::nullopt;
  return std::filesystem::path(given) / "spool";
}

}  // namespace

void store_full_output(FullOutputConfig& config, std::string_view name, const toml::node& node,
                       const std::filesystem::path& directory) {
  if (!node.is_string()) return;
  const std::string& text = node.as_string()->get();
  if (name == "on_full")
    config.on_full = text == "spool"  ? WhenFull::spool
                     : text == "drop" ? WhenFull::drop
                                      : WhenFull::block;
  if (name == "spool") config.spool = (directory / text).lexically_normal();
  if (name == "spool_max") config.spool_max = parse_size(text);
}

Result<FullOptions> plan_full_output(const FullOutputConfig& config) {
  FullOptions full;
  const auto spool = config.spool ? config.spool : usual_spool();
  full.what = config.on_full.value_or(spool ? WhenFull::spool : WhenFull::drop);
  take(full.spool_bytes_max, config.spool_max);
  if (full.what != WhenFull::spool) return full;
  if (!spool)
    return flowstats::fail(ExitStatus::usage,
                           "[output.tstat] on_full = \"spool\": name a directory on another file "
                           "system with spool = \"DIR\".");
  full.spool = *spool;
  return full;
}

Result<void> check_live(const FullOptions& full) {
  if (full.what != WhenFull::block) return {};
  return flowstats::fail(ExitStatus::usage,
                         "[output.tstat] on_full = \"block\": live ports do not wait, their "
                         "packets would be lost. Choose \"spool\" or \"drop\".");
}

Result<void> settle_spool(exporters::WriterOptions& writer) {
  FullOptions& full = writer.full;
  if (full.what != WhenFull::spool) return {};
  if (!on_one_file_system(writer.base, full.spool)) return check_output(full.spool);
  if (full.spool != usual_spool())
    return flowstats::fail(ExitStatus::environment,
                           "the spool \"" + full.spool.string() +
                               "\" is on the file system of the output, and full when that is. "
                               "Choose another with [output.tstat] spool, or on_full = \"drop\".");
  full.what = WhenFull::drop;
  full.spool.clear();
  return {};
}

}  // namespace tapstat::control
