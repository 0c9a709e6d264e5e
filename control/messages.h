/// Standard output and standard error of the program: the one place that prints.
///
/// Standard error carries sentences ("tapstat: ...") and the progress line, standard output
/// results. The progress line is erased before anything else is printed, so that a terminal never
/// mixes them. Any thread.
#pragma once

#include <cstdio>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace tapstat::control {

struct MessageOptions {
  bool quiet = false;       // errors and documents only
  bool results = true;      // lines on standard output; off when a JSON document takes their place
  int verbose = 0;          // 1: details
  bool colour = false;      // bold and red around single words, never needed to understand
  std::FILE* out = stdout;  // outlive the object
  std::FILE* err = stderr;
};

class Messages {
 public:
  explicit Messages(MessageOptions options = {}) : options_(options) {}
  Messages(const Messages&) = delete;
  Messages& operator=(const Messages&) = delete;

  /// What stops the work or loses something: always printed. "tapstat: SENTENCE".
  void error(std::string_view sentence);
  /// Errors with a place of their own ("FILE:LINE: ..."): one line each, without "tapstat:".
  void located_errors(const std::vector<std::string>& lines);
  /// Once for each sentence; printed unless quiet.
  void note(std::string_view sentence);
  /// What has just happened, as often as it happens; printed unless quiet.
  void event(std::string_view sentence);
  /// As note, in wording and form of its own (Tstat's warnings).
  void raw_note(std::string_view text);
  /// With -v only.
  void detail(std::string_view sentence);

  /// One line on standard output.
  void result(std::string_view line);
  /// Text for standard output even when quiet: the one JSON document.
  void document(std::string_view text);

  /// Redraws the progress line (a terminal); erase_status() removes it.
  void status(std::string_view line);
  void erase_status();
  /// A plain line of progress (no terminal).
  void status_line(std::string_view line);

  [[nodiscard]] const MessageOptions& options() const { return options_; }
  /// `word` in bold (and red with `alarm`) when colours are on.
  [[nodiscard]] std::string emphasised(std::string_view word, bool alarm) const;

 private:
  void erase_locked();
  void print_locked(std::FILE* stream, std::string_view prefix, std::string_view text);

  MessageOptions options_;
  std::mutex mutex_;  // guards everything below and the two streams
  bool status_shown_ = false;
  std::set<std::string, std::less<>> noted_;
};

}  // namespace tapstat::control
