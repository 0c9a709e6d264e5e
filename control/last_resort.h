/// What the program does when the system refuses what nothing can go on without: memory, a thread.
///
/// Pools, tables and rings are made at start by their own rules and refuse with their size
/// (memory.h); this is for everything else. The process ends with a sentence on standard error and
/// ExitStatus::environment; files stay as after a kill: whole but for a last line.
#pragma once

namespace tapstat::control {

/// First thing in main(): from here on failed allocations, those of libraries that would go on with
/// a null pointer included, and threads that cannot be started end the process.
void install_last_resort();

/// For std::set_new_handler(); any thread.
[[noreturn]] void end_without_memory();

}  // namespace tapstat::control
