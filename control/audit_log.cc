#include "control/audit_log.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string_view>
#include <utility>

#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include "control/json_text.h"
#include "control/utc_text.h"

namespace tapstat::control {
namespace {

/// O_NONBLOCK: a FIFO that nobody reads is an error, not a wait.
int open_for_appending(const std::filesystem::path& path) {
  return open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOCTTY,
              0640);
}

std::string line_of(const AuditEntry& entry) {
  JsonBuffer buffer;
  rapidjson::Writer<JsonBuffer, rapidjson::UTF8<>, rapidjson::UTF8<>, JsonMemory> writer(buffer);
  const auto member = [&](std::string_view name, std::string_view value) {
    const std::string text = as_utf8(value);
    writer.Key(name.data(), static_cast<rapidjson::SizeType>(name.size()));
    writer.String(text.data(), static_cast<rapidjson::SizeType>(text.size()));
  };
  writer.StartObject();
  member("time", utc_text(utc_now()));
  member("who", entry.who);
  member("way", entry.way);
  member("verb", entry.verb);
  member("object", entry.object);
  member("from", entry.from);
  member("to", entry.to);
  member("result", entry.result);
  writer.EndObject();
  return {buffer.GetString(), buffer.GetSize()};
}

std::string cannot_open(const std::filesystem::path& path, int error) {
  return "the audit log \"" + path.string() +
         "\" cannot be opened for appending: " + std::strerror(error) + ".";
}

}  // namespace

flowstats::Result<std::unique_ptr<AuditLog>> AuditLog::open(
    const std::optional<std::filesystem::path>& path, Messages& messages) {
  std::unique_ptr<AuditLog> log(new AuditLog(messages));
  log->path_ = path;
  if (path) {
    log->descriptor_ = open_for_appending(*path);
    if (log->descriptor_ < 0) {
      return flowstats::fail(flowstats::ExitStatus::environment,
                             cannot_open(*path, errno) + " Set [control] audit_log.");
    }
  }
  return log;
}

AuditLog::~AuditLog() {
  if (descriptor_ >= 0) close(descriptor_);
}

void AuditLog::write(const AuditEntry& entry) {
  const std::string line = line_of(entry);
  messages_.detail("audit " + line);
  if (!path_) return;
  const std::string whole = line + "\n";
  ssize_t written = 0;
  do {
    written = ::write(descriptor_, whole.data(), whole.size());
  } while (written < 0 && errno == EINTR);
  if (written == static_cast<ssize_t>(whole.size())) return;
  const int error = written < 0 ? errno : ENOSPC;
  if (failures_++ > 0) return;
  messages_.error("the audit log \"" + path_->string() +
                  "\" cannot be written: " + std::strerror(error) +
                  ". Further failures are counted only (tapstat_audit_failures_total).");
}

void AuditLog::reopen() {
  if (!path_) return;
  const int descriptor = open_for_appending(*path_);
  if (descriptor < 0) {
    messages_.error(cannot_open(*path_, errno) + " The lines go on to the file that was open.");
    return;
  }
  close(std::exchange(descriptor_, descriptor));
}

uint64_t AuditLog::failures() const { return failures_; }

}  // namespace tapstat::control
