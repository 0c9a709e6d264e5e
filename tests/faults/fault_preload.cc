/// Makes system calls and allocations of a program fail, be cut short or be slow: a library for
/// LD_PRELOAD.
///
/// The environment says which (read once, at the first call):
///   TAPSTAT_FAULT_CALLS    families, separated by commas: malloc (with calloc, realloc and
///                          posix_memalign), mmap, write (with pwrite and writev), open (with
///                          openat and fopen), rename, sync, close, mkdir, truncate
///   TAPSTAT_FAULT_AT       the first call that fails, from 1; 0 or unset: none, they are counted
///   TAPSTAT_FAULT_COUNT    how many fail from there on; unset: 1; 0: all
///   TAPSTAT_FAULT_ERROR    an errno, or "short": a write takes half of its bytes, at least one
///   TAPSTAT_FAULT_DELAY_US every such call takes this much longer, microseconds
///   TAPSTAT_FAULT_PATH     only files whose path contains this (calls without a file: not at all)
///   TAPSTAT_FAULT_WHILE    only while this file exists
///   TAPSTAT_FAULT_REPORT   a file that gets the number of such calls when the program ends
/// Any thread. Not seen: calls that the C library makes inside itself, and those before main().
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>

extern "C" {
void* __libc_malloc(size_t);
void* __libc_calloc(size_t, size_t);
void* __libc_realloc(void*, size_t);
void* __libc_memalign(size_t, size_t);
}

namespace {

constexpr const char* kFamilies[] = {"malloc", "mmap",  "write", "open",    "rename",
                                     "sync",   "close", "mkdir", "truncate"};
enum Family : unsigned {
  malloc_calls,
  mmap_calls,
  write_calls,
  open_calls,
  rename_calls,
  sync_calls,
  close_calls,
  mkdir_calls,
  truncate_calls
};
constexpr int kShort = -1;  // instead of an errno

const char* setting(const char* name, const char* otherwise) {
  const char* const text = std::getenv(name);
  return text == nullptr ? otherwise : text;
}

bool is_listed(const char* list, const char* word) {
  const size_t length = std::strlen(word);
  for (const char* at = list; (at = std::strstr(at, word)) != nullptr; at += length)
    if ((at == list || at[-1] == ',') && (at[length] == '\0' || at[length] == ',')) return true;
  return false;
}

struct Settings {
  Settings() {
    const char* const calls = setting("TAPSTAT_FAULT_CALLS", "");
    for (unsigned i = 0; i < std::size(kFamilies); ++i)
      if (is_listed(calls, kFamilies[i])) families |= 1U << i;
    first = std::strtoull(setting("TAPSTAT_FAULT_AT", "0"), nullptr, 10);
    count = std::strtoull(setting("TAPSTAT_FAULT_COUNT", "1"), nullptr, 10);
    const char* const what = setting("TAPSTAT_FAULT_ERROR", "5");
    error = std::strcmp(what, "short") == 0 ? kShort : std::atoi(what);
    delay_us = std::strtol(setting("TAPSTAT_FAULT_DELAY_US", "0"), nullptr, 10);
    path = setting("TAPSTAT_FAULT_PATH", nullptr);
    only_while = setting("TAPSTAT_FAULT_WHILE", nullptr);
    report = setting("TAPSTAT_FAULT_REPORT", nullptr);
  }
  [[nodiscard]] bool fails(uint64_t number) const {
    return first != 0 && number >= first && (count == 0 || number - first < count);
  }

  unsigned families = 0;
  uint64_t first = 0, count = 1;
  int error = EIO;
  long delay_us = 0;
  const char *path, *only_while, *report;
};

const Settings& settings() {
  static const Settings read;
  return read;
}

constinit std::atomic<uint64_t> calls_seen = 0;
constinit std::atomic<bool> in_main = false;

/// The path of a call's file: given, of a descriptor, or none.
struct Target {
  const char* path = nullptr;
  int descriptor = -1;

  [[nodiscard]] bool contains(const char* part) const {
    if (path != nullptr) return std::strstr(path, part) != nullptr;
    if (descriptor < 0) return false;
    char link[64], name[4096];
    std::snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    const ssize_t size = readlink(link, name, sizeof name - 1);
    name[size < 0 ? 0 : size] = '\0';
    return std::strstr(name, part) != nullptr;
  }
};

/// What shall become of the call: 0 = nothing, an errno, or kShort. Leaves errno as it was.
int fault_of(Family family, const Target& target = {}) {
  if (!in_main) return 0;
  const Settings& wanted = settings();
  if ((wanted.families >> family & 1) == 0) return 0;
  const int before = errno;
  int fault = 0;
  const bool counts =
      (wanted.path == nullptr || target.contains(wanted.path)) &&
      (wanted.only_while == nullptr || syscall(SYS_access, wanted.only_while, F_OK) == 0);
  if (counts) {
    if (wanted.fails(++calls_seen)) fault = wanted.error;
    if (wanted.delay_us > 0) {
      const timespec pause{wanted.delay_us / 1'000'000, wanted.delay_us % 1'000'000 * 1'000};
      nanosleep(&pause, nullptr);
    }
  }
  errno = before;
  return fault;
}

/// True: the call ends with this errno.
bool refused(Family family, const Target& target = {}) {
  const int fault = fault_of(family, target);
  if (fault <= 0) return false;
  errno = fault;
  return true;
}

template <class Function>
Function* real(const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

/// For a write of `bytes`: how many may be written, or -1 with errno.
ssize_t allowed(int descriptor, size_t bytes) {
  const int fault = fault_of(write_calls, {nullptr, descriptor});
  if (fault > 0) {
    errno = fault;
    return -1;
  }
  return static_cast<ssize_t>(fault == kShort && bytes > 1 ? bytes / 2 : bytes);
}

using Main = int(int, char**, char**);
using Start = int(Main*, int, char**, void (*)(), void (*)(), void (*)(), void*);
constinit Main* main_of_program = nullptr;

int main_with_faults(int count, char** arguments, char** environment) {
  in_main = true;
  return main_of_program(count, arguments, environment);
}

mode_t mode_of(int flags, va_list arguments) {
  return (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(arguments, mode_t) : 0;
}

struct Report {
  ~Report() {
    const char* const path = settings().report;
    if (path == nullptr) return;
    char text[32];
    const int size = std::snprintf(text, sizeof text, "%llu\n",
                                   static_cast<unsigned long long>(calls_seen.load()));
    const auto file = static_cast<int>(syscall(SYS_open, path, O_WRONLY | O_CREAT | O_TRUNC, 0600));
    if (file < 0) return;
    static_cast<void>(syscall(SYS_write, file, text, size));
    syscall(SYS_close, file);
  }
};
const Report at_the_end;

}  // namespace

extern "C" {

int __libc_start_main(Main* main, int count, char** arguments, void (*init)(), void (*fini)(),
                      void (*rtld_fini)(), void* stack_end) {
  main_of_program = main;
  return real<Start>("__libc_start_main")(main_with_faults, count, arguments, init, fini, rtld_fini,
                                          stack_end);
}

void* malloc(size_t bytes) { return refused(malloc_calls) ? nullptr : __libc_malloc(bytes); }
void* calloc(size_t count, size_t bytes) {
  return refused(malloc_calls) ? nullptr : __libc_calloc(count, bytes);
}
void* realloc(void* memory, size_t bytes) {
  return refused(malloc_calls) ? nullptr : __libc_realloc(memory, bytes);
}
int posix_memalign(void** memory, size_t alignment, size_t bytes) {
  if (refused(malloc_calls)) return errno;
  *memory = __libc_memalign(alignment, bytes);
  return *memory == nullptr ? ENOMEM : 0;
}
void* aligned_alloc(size_t alignment, size_t bytes) {
  return refused(malloc_calls) ? nullptr : __libc_memalign(alignment, bytes);
}

void* mmap(void* at, size_t bytes, int protection, int flags, int file, off_t offset) noexcept {
  if (refused(mmap_calls, {nullptr, file})) return MAP_FAILED;
  return reinterpret_cast<void*>(syscall(SYS_mmap, at, bytes, protection, flags, file, offset));
}
void* mmap64(void* at, size_t bytes, int protection, int flags, int file, off_t offset) noexcept {
  return mmap(at, bytes, protection, flags, file, offset);
}

ssize_t write(int file, const void* bytes, size_t count) {
  const ssize_t fits = allowed(file, count);
  return fits < 0 ? -1 : real<decltype(write)>("write")(file, bytes, static_cast<size_t>(fits));
}
ssize_t pwrite(int file, const void* bytes, size_t count, off_t offset) {
  const ssize_t fits = allowed(file, count);
  if (fits < 0) return -1;
  return real<decltype(pwrite)>("pwrite")(file, bytes, static_cast<size_t>(fits), offset);
}
ssize_t pwrite64(int file, const void* bytes, size_t count, off_t offset) {
  return pwrite(file, bytes, count, offset);
}
ssize_t writev(int file, const iovec* parts, int count) {
  size_t bytes = 0;
  for (int i = 0; i < count; ++i) bytes += parts[i].iov_len;
  const ssize_t fits = allowed(file, bytes);
  if (fits < 0) return -1;
  if (static_cast<size_t>(fits) == bytes || count == 0)
    return real<decltype(writev)>("writev")(file, parts, count);
  const size_t first =
      parts[0].iov_len < static_cast<size_t>(fits) ? parts[0].iov_len : static_cast<size_t>(fits);
  return real<decltype(write)>("write")(file, parts[0].iov_base, first);
}

int openat(int directory, const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = mode_of(flags, arguments);
  va_end(arguments);
  if (refused(open_calls, {path})) return -1;
  return static_cast<int>(syscall(SYS_openat, directory, path, flags, mode));
}
int openat64(int directory, const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = mode_of(flags, arguments);
  va_end(arguments);
  return openat(directory, path, flags, mode);
}
int open(const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = mode_of(flags, arguments);
  va_end(arguments);
  return openat(AT_FDCWD, path, flags, mode);
}
int open64(const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = mode_of(flags, arguments);
  va_end(arguments);
  return openat(AT_FDCWD, path, flags, mode);
}
int __open_2(const char* path, int flags) { return openat(AT_FDCWD, path, flags); }
int __open64_2(const char* path, int flags) { return openat(AT_FDCWD, path, flags); }
FILE* fopen(const char* path, const char* how) {
  return refused(open_calls, {path}) ? nullptr : real<decltype(fopen)>("fopen")(path, how);
}
FILE* fopen64(const char* path, const char* how) { return fopen(path, how); }

int renameat2(int from_directory, const char* from, int to_directory, const char* to,
              unsigned flags) noexcept {
  if (refused(rename_calls, {to})) return -1;
  return static_cast<int>(syscall(SYS_renameat2, from_directory, from, to_directory, to, flags));
}
int renameat(int from_directory, const char* from, int to_directory, const char* to) noexcept {
  return renameat2(from_directory, from, to_directory, to, 0);
}
int rename(const char* from, const char* to) noexcept {
  return renameat2(AT_FDCWD, from, AT_FDCWD, to, 0);
}

int fsync(int file) {
  return refused(sync_calls, {nullptr, file}) ? -1 : static_cast<int>(syscall(SYS_fsync, file));
}
int fdatasync(int file) {
  if (refused(sync_calls, {nullptr, file})) return -1;
  return static_cast<int>(syscall(SYS_fdatasync, file));
}
/// As the kernel does: the descriptor is free even when the call fails.
int close(int file) {
  const bool fails = refused(close_calls, {nullptr, file});
  const int error = errno;
  const auto closed = static_cast<int>(syscall(SYS_close, file));
  if (!fails) return closed;
  errno = error;
  return -1;
}

int mkdir(const char* path, mode_t mode) noexcept {
  return refused(mkdir_calls, {path}) ? -1 : static_cast<int>(syscall(SYS_mkdir, path, mode));
}
int ftruncate(int file, off_t length) noexcept {
  if (refused(truncate_calls, {nullptr, file})) return -1;
  return static_cast<int>(syscall(SYS_ftruncate, file, length));
}
int ftruncate64(int file, off_t length) noexcept { return ftruncate(file, length); }

}  // extern "C"
