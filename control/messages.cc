#include "control/messages.h"

namespace tapstat::control {
namespace {

constexpr std::string_view kProgram = "tapstat: ";
constexpr std::string_view kEraseLine = "\r\033[K";

void write(std::FILE* stream, std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stream);
}

}  // namespace

void Messages::erase_locked() {
  if (!status_shown_) return;
  write(options_.err, kEraseLine);
  std::fflush(options_.err);
  status_shown_ = false;
}

void Messages::print_locked(std::FILE* stream, std::string_view prefix, std::string_view text) {
  erase_locked();
  write(stream, prefix);
  write(stream, text);
  write(stream, "\n");
  std::fflush(stream);
}

void Messages::error(std::string_view sentence) {
  const std::lock_guard lock(mutex_);
  print_locked(options_.err, kProgram, sentence);
}

void Messages::located_errors(const std::vector<std::string>& lines) {
  const std::lock_guard lock(mutex_);
  for (const std::string& line : lines) print_locked(options_.err, "", line);
}

void Messages::note(std::string_view sentence) {
  const std::lock_guard lock(mutex_);
  if (options_.quiet || !noted_.emplace(sentence).second) return;
  print_locked(options_.err, kProgram, sentence);
}

void Messages::event(std::string_view sentence) {
  const std::lock_guard lock(mutex_);
  if (options_.quiet) return;
  print_locked(options_.err, kProgram, sentence);
}

void Messages::raw_note(std::string_view text) {
  const std::lock_guard lock(mutex_);
  if (options_.quiet || !noted_.emplace(text).second) return;
  print_locked(options_.err, "", text);
}

void Messages::detail(std::string_view sentence) {
  const std::lock_guard lock(mutex_);
  if (options_.quiet || options_.verbose < 1) return;
  print_locked(options_.err, kProgram, sentence);
}

void Messages::result(std::string_view line) {
  const std::lock_guard lock(mutex_);
  if (options_.quiet || !options_.results) return;
  print_locked(options_.out, "", line);
}

void Messages::document(std::string_view text) {
  const std::lock_guard lock(mutex_);
  print_locked(options_.out, "", text);
}

void Messages::status(std::string_view line) {
  const std::lock_guard lock(mutex_);
  if (options_.quiet) return;
  write(options_.err, kEraseLine);
  write(options_.err, line);
  std::fflush(options_.err);
  status_shown_ = true;
}

void Messages::erase_status() {
  const std::lock_guard lock(mutex_);
  erase_locked();
}

void Messages::status_line(std::string_view line) {
  const std::lock_guard lock(mutex_);
  if (options_.quiet) return;
  print_locked(options_.err, "", line);
}

std::string Messages::emphasised(std::string_view word, bool alarm) const {
  if (!options_.colour) return std::string(word);
  return (alarm ? "\033[1;31m" : "\033[1m") + std::string(word) + "\033[0m";
}

}  // namespace tapstat::control
