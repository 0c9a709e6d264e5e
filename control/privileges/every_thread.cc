#include "control/privileges/every_thread.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <memory>
#include <set>
#include <string>
#include <thread>

#include "control/privileges/thread_state.h"

namespace tapstat::control {
namespace {

using flowstats::ExitStatus;
using flowstats::fail;
using flowstats::Result;

constexpr std::chrono::microseconds kLookAgainAfter{50};

#ifdef __SANITIZE_THREAD__
/// The sanitizer's own sigaction() keeps a signal from a thread that waits in read(), and DPDK's
/// threads wait there all the time.
extern "C" int __sigaction(int, const struct sigaction*, struct sigaction*) noexcept;
constexpr auto set_action = __sigaction;
#else
constexpr auto set_action = sigaction;
#endif

/// Travels with the signal, so that the handler needs no global state.
struct Errand {
  void (*step)() noexcept;
  std::atomic<unsigned> answers{0};
};

__attribute__((no_sanitize("thread"))) void run_errand(int /*signal*/, siginfo_t* info,
                                                       void* /*context*/) {
  if (info->si_code != SI_QUEUE || info->si_pid != getpid()) return;
  const int saved = errno;
  auto* const errand = static_cast<Errand*>(info->si_value.sival_ptr);
  errand->step();
  errand->answers.fetch_add(1, std::memory_order_release);
  errno = saved;
}

class ErrandHandler {
 public:
  ErrandHandler() {
    struct sigaction ours {};
    ours.sa_sigaction = run_errand;
    ours.sa_flags = SA_SIGINFO | SA_RESTART;
    sigfillset(&ours.sa_mask);
    set_action(SIGRTMAX, &ours, &previous_);
  }
  ~ErrandHandler() { set_action(SIGRTMAX, &previous_, nullptr); }
  ErrandHandler(const ErrandHandler&) = delete;
  ErrandHandler& operator=(const ErrandHandler&) = delete;

  /// A signal that is still on its way must not end the process.
  void ignore_latecomers() { previous_.sa_handler = SIG_IGN, previous_.sa_flags = 0; }

 private:
  struct sigaction previous_ {};
};

/// 0, or the errno of sending; ESRCH: the thread has ended.
int send(pid_t thread, Errand& errand) {
  siginfo_t info{};
  info.si_signo = SIGRTMAX;
  info.si_code = SI_QUEUE;
  info.si_pid = getpid();
  info.si_uid = getuid();
  info.si_value.sival_ptr = &errand;
  return syscall(SYS_rt_tgsigqueueinfo, getpid(), thread, SIGRTMAX, &info) == 0 ? 0 : errno;
}

bool has_ended(pid_t thread) {
  return syscall(SYS_tgkill, getpid(), thread, 0) != 0 && errno == ESRCH;
}

Result<void> run_on(const ThreadState& thread, Errand& errand) {
  const unsigned before = errand.answers.load(std::memory_order_relaxed);
  const auto deadline = std::chrono::steady_clock::now() + kThreadAnswersWithin;
  if (send(thread.id, errand) == ESRCH) return {};
  while (errand.answers.load(std::memory_order_acquire) == before) {
    if (has_ended(thread.id)) return {};
    if (std::chrono::steady_clock::now() > deadline)
      return fail(ExitStatus::environment,
                  "thread " + std::to_string(thread.id) + " (" + thread.name +
                      ") does not give up its privileges: no answer within " +
                      std::to_string(kThreadAnswersWithin.count()) + " ms.");
    std::this_thread::sleep_for(kLookAgainAfter);
  }
  return {};
}

}  // namespace

Result<void> on_every_thread(void (*step)() noexcept) {
  auto errand = std::make_unique<Errand>();
  errand->step = step;
  ErrandHandler handler;
  step();
  std::set<pid_t> done = {gettid()};
  for (bool somebody_new = true; somebody_new;) {
    somebody_new = false;
    const auto threads = thread_states();
    if (!threads) return tl::make_unexpected(threads.error());
    for (const ThreadState& thread : *threads) {
      if (!done.insert(thread.id).second) continue;
      somebody_new = true;
      if (auto answered = run_on(thread, *errand); !answered) {
        handler.ignore_latecomers();
        static_cast<void>(errand.release());  // the thread may be in the handler just now
        return answered;
      }
    }
  }
  return {};
}

}  // namespace tapstat::control
