/// Threads that wait, as those of libraries do when privileges are dropped, and run a body at last.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace tapstat::tests {

class ParkedThreads {
 public:
  /// Each runs `at_last` once released.
  ParkedThreads(int count, const std::function<void()>& at_last) {
    for (int i = 0; i < count; ++i)
      threads_.emplace_back([this, at_last] {
        std::unique_lock lock(mutex_);
        wake_.wait(lock, [this] { return released_; });
        lock.unlock();
        at_last();
      });
  }
  ~ParkedThreads() { release(); }
  ParkedThreads(const ParkedThreads&) = delete;
  ParkedThreads& operator=(const ParkedThreads&) = delete;

  /// Returns when all have run.
  void release() {
    {
      const std::lock_guard lock(mutex_);
      released_ = true;
    }
    wake_.notify_all();
    for (std::thread& thread : threads_)
      if (thread.joinable()) thread.join();
  }

 private:
  std::mutex mutex_;
  std::condition_variable wake_;
  bool released_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace tapstat::tests
