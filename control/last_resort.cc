#include "control/last_resort.h"

#include <unistd.h>

#include <cstdlib>
#include <exception>
#include <new>
#include <string>
#include <string_view>
#include <system_error>

#include <openssl/crypto.h>

#include "flowstats/base/result.h"

namespace tapstat::control {
namespace {

[[noreturn]] void end_with(std::string_view sentence) {
  // Where even this fails, the exit status is left to tell.
  static_cast<void>(::write(STDERR_FILENO, sentence.data(), sentence.size()) > 0);
  ::_exit(static_cast<int>(flowstats::ExitStatus::environment));
}

void* crypto_malloc(size_t bytes, const char*, int) {
  void* const memory = std::malloc(bytes);
  return memory != nullptr || bytes == 0 ? memory : (end_without_memory(), nullptr);
}
void* crypto_realloc(void* old, size_t bytes, const char*, int) {
  void* const memory = std::realloc(old, bytes);
  return memory != nullptr || bytes == 0 ? memory : (end_without_memory(), nullptr);
}
void crypto_free(void* memory, const char*, int) { std::free(memory); }

/// What nobody catches, a thread's constructor's: no part of a run has a use for fewer threads.
[[noreturn]] void on_uncaught() {
  try {
    if (const auto thrown = std::current_exception()) std::rethrow_exception(thrown);
  } catch (const std::bad_alloc&) {  // of a library with an allocator of its own
    end_without_memory();
  } catch (const std::system_error& e) {
    end_with("tapstat: the system refused something: " + e.code().message() +
             ". The run has ended; rows that were not written yet are lost.\n");
  } catch (...) {
    std::abort();
  }
  std::abort();
}

}  // namespace

void end_without_memory() {
  end_with(
      "tapstat: there is no memory left. The run has ended; rows that were not written yet are "
      "lost.\n");
}

void install_last_resort() {
  std::set_new_handler(end_without_memory);
  std::set_terminate(on_uncaught);
  // Only its first allocation would refuse, and there was none yet.
  static_cast<void>(CRYPTO_set_mem_functions(crypto_malloc, crypto_realloc, crypto_free));
}

}  // namespace tapstat::control
