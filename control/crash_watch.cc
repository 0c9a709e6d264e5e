#include "control/crash_watch.h"

#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <cstring>

#include <link.h>
#include <ucontext.h>

#include "control/privileges/sanitizer_build.h"
#include "flowstats/base/result.h"

namespace tapstat::control {
namespace {

constexpr size_t kLineMax = 400;
constexpr size_t kThreadNameMax = 16;  // prctl(2)
/// As DPDK and the control plane name their threads. The writer and those who work for it have the
/// program's name.
constexpr std::string_view kDispensable[] = {"rte", "eal-", "control"};

/// A handler gets nothing from whoever installed it.
struct Shared {
  std::atomic<bool> is_handled = false;  // a crash; another one is not
  std::atomic<bool> is_waiting = false;  // the thread that crashed
  uint64_t program_begin = 0, program_end = 0;
};
constinit Shared shared;
static_assert(std::atomic<bool>::is_always_lock_free);

class Line {
 public:
  explicit Line(std::span<char> out) : out_(out) {}
  void append(std::string_view text) {
    const size_t fits = std::min(text.size(), out_.size() - used_);
    std::copy_n(text.data(), fits, out_.data() + used_);
    used_ += fits;
  }
  void append_hex(uint64_t number) {
    char digits[16];
    append("0x");
    append({digits, std::to_chars(digits, digits + sizeof digits, number, 16).ptr});
  }
  [[nodiscard]] std::string_view text() const { return {out_.data(), used_}; }

 private:
  std::span<char> out_;
  size_t used_ = 0;
};

void say(std::string_view line) {
  // Where even this fails, the exit status is left to tell.
  static_cast<void>(write(STDERR_FILENO, line.data(), line.size()) > 0);
}

/// The signal's own action, once its handler has returned.
void let_it_happen(int signal) {
  struct sigaction plain {};
  plain.sa_handler = SIG_DFL;
  sigaction(signal, &plain, nullptr);
  raise(signal);
}

std::optional<uint64_t> instruction_of(const void* context) {
  const auto& registers = static_cast<const ucontext_t*>(context)->uc_mcontext.gregs;
  const auto at = static_cast<uint64_t>(registers[REG_RIP]);
  if (at < shared.program_begin || at >= shared.program_end) return std::nullopt;
  return at - shared.program_begin;
}

void on_crash(int signal, siginfo_t* info, void* context) {
  if (shared.is_handled.exchange(true)) return let_it_happen(signal);
  char name[kThreadNameMax + 1] = {};
  prctl(PR_GET_NAME, name);
  Crash crash{.thread = name, .signal = signal, .instruction = instruction_of(context)};
  if (info->si_code > 0) crash.address = reinterpret_cast<uintptr_t>(info->si_addr);
  char line[kLineMax];
  say(crash_line(crash, line));
  if (!is_dispensable(crash.thread)) return let_it_happen(signal);
  alarm(static_cast<unsigned>(CrashWatch::kWriteWithin.count()));
  shared.is_waiting.store(true, std::memory_order_release);
  while (true) pause();
}

void on_alarm(int signal) {
  if (!shared.is_waiting.load(std::memory_order_acquire)) return let_it_happen(signal);
  say("tapstat: what was recorded could not be written in time. The run has ended; rows that were "
      "not written yet are lost.\n");
  _exit(static_cast<int>(flowstats::ExitStatus::internal_error));
}

/// Where the program lies in memory.
int find_program(dl_phdr_info* program, size_t /*size*/, void* /*nothing*/) {
  shared.program_begin = shared.program_end = program->dlpi_addr;
  for (const auto& part : std::span(program->dlpi_phdr, program->dlpi_phnum))
    if (part.p_type == PT_LOAD)
      shared.program_end =
          std::max(shared.program_end, program->dlpi_addr + part.p_vaddr + part.p_memsz);
  return 1;  // the libraries come after it
}

}  // namespace

CrashWatch::CrashWatch() {
  if (kSanitizerReportsCrashes) return;
  dl_iterate_phdr(find_program, nullptr);
  for (size_t i = 0; i < kSignals.size(); ++i) {
    struct sigaction ours {};
    if (kSignals[i] == SIGALRM) {
      ours.sa_handler = on_alarm;
    } else {
      ours.sa_sigaction = on_crash;
      ours.sa_flags = SA_SIGINFO;
    }
    sigfillset(&ours.sa_mask);
    sigaction(kSignals[i], &ours, &previous_[i]);
  }
}

CrashWatch::~CrashWatch() {
  if (kSanitizerReportsCrashes) return;
  for (size_t i = 0; i < kSignals.size(); ++i) sigaction(kSignals[i], &previous_[i], nullptr);
}

bool CrashWatch::has_seen_one() const { return shared.is_waiting.load(std::memory_order_acquire); }

bool is_dispensable(std::string_view thread) {
  return std::ranges::any_of(kDispensable,
                             [&](std::string_view name) { return thread.starts_with(name); });
}

std::string_view crash_line(const Crash& crash, std::span<char> out) {
  Line line(out);
  line.append("tapstat: internal error: thread \"");
  line.append(crash.thread);
  line.append("\" was stopped by SIG");
  const char* const signal = sigabbrev_np(crash.signal);
  line.append(signal != nullptr ? signal : "?");
  std::string_view before = " (";
  if (crash.instruction) {
    line.append(before);
    line.append("instruction ");
    line.append_hex(*crash.instruction);
    before = ", ";
  }
  if (crash.address) {
    line.append(before);
    line.append("address ");
    line.append_hex(*crash.address);
    before = ", ";
  }
  line.append(before == ", " ? "). " : ". ");
  line.append(is_dispensable(crash.thread)
                  ? "What is recorded is being written, then the run ends. "
                  : "The run has ended; rows that were not written yet are lost. ");
  line.append(
      "Please report this line, what `tapstat --version` says and, if you can, a capture of the "
      "packets.\n");
  return line.text();
}

}  // namespace tapstat::control
