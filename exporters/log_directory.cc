#include "exporters/log_directory.h"

#include <string>
#include <utility>

#include "exporters/compress.h"
#include "exporters/row_buffer.h"

namespace tapstat::exporters {

namespace {

using flowstats::TcpLog;

std::string packed(const std::string& text) {
  GzipPacker packer;
  RowBuffer member;
  packer.append_member(member, text);
  return std::string{member.text()};
}

}  // namespace

LogDirectory::LogDirectory(std::filesystem::path path, const WriterOptions& options,
                           const flowstats::ActiveConfig& config, flowstats::Timestamp since)
    : path_(std::move(path)),
      schema_(options.schema),
      gzip_(options.gzip),
      config_(config),
      since_(since) {
  for (const TcpLog log : flowstats::kTcpLogs) {
    const auto wanted = shape(log);
    if (!wanted) continue;
    const std::string header = header_line(*wanted);
    std::string name{flowstats::log_name(log)};
    if (options.gzip) name += ".gz";
    files_[static_cast<size_t>(log)].emplace(path_ / name, options.gzip ? packed(header) : header);
  }
}

std::optional<LogShape> LogDirectory::shape(TcpLog log) const {
  const bool on = log == TcpLog::complete ? config_.log_tcp_complete : config_.log_tcp_nocomplete;
  if (!on) return std::nullopt;
  return LogShape{schema_, log, config_.groups};
}

LogFile* LogDirectory::file(TcpLog log) {
  auto& file = files_[static_cast<size_t>(log)];
  return file ? &*file : nullptr;
}

}  // namespace tapstat::exporters
