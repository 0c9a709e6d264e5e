#include "exporters/log_directory.h"

#include <string>
#include <utility>

#include "exporters/compress.h"
#include "exporters/log_rows.h"
#include "exporters/row_buffer.h"

namespace tapstat::exporters {

namespace {

using flowstats::Log;

std::string packed(const std::string& text) {
  GzipPacker packer;
  RowBuffer member;
  packer.append_member(member, text);
  return std::string{member.text()};
}

}  // namespace

LogDirectory::LogDirectory(std::filesystem::path path, const WriterOptions& options,
                           const flowstats::ActiveConfig& config, flowstats::Timestamp since,
                           Place place)
    : path_(std::move(path)),
      schema_(options.schema),
      mode_(options.mode),
      gzip_(options.gzip),
      config_(config),
      since_(since),
      place_(place) {
  for (const auto& [log, log_name, bit] : flowstats::kLogs) {
    const auto wanted = shape(log);
    if (!wanted) continue;
    const std::string header = log_header(*wanted);
    std::string name{log_name};
    if (options.gzip) name += ".gz";
    files_[static_cast<size_t>(log)].emplace(path_ / name, options.gzip ? packed(header) : header);
  }
}

std::optional<LogShape> LogDirectory::shape(Log log) const {
  if (!config_.logs.has(log)) return std::nullopt;
  return LogShape{schema_, log, config_.groups, mode_, config_.http_privacy};
}

LogFile* LogDirectory::file(Log log) {
  auto& file = files_[static_cast<size_t>(log)];
  return file ? &*file : nullptr;
}

}  // namespace tapstat::exporters
