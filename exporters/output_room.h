/// What becomes of rows when the file system of the output is full, and what the watch over it and
/// the stages of the writer tell each other.
///
/// The watch says that room is short and what the spool may still take; the collecting stage asks
/// where the next directory belongs; the ordered stage says what found no room, which diverts rows
/// before the watch looks again. Any thread; nobody waits here.
#pragma once

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <filesystem>

namespace tapstat::exporters {

enum class WhenFull : uint8_t {
  drop,   // rows that find no room are lost and counted
  spool,  // they go to another file system
  block,  // the writer waits, and so does a replay
};

struct FullOptions {
  WhenFull what = WhenFull::drop;
  std::filesystem::path spool;  // of WhenFull::spool: directories are made below
  uint64_t spool_bytes_max = uint64_t{10} << 30;
};

/// Where a directory of logs is.
enum class Place : uint8_t { base, spool };

/// The disk, or the share of it that we may have, is full.
[[nodiscard]] constexpr bool is_lack_of_room(int error) {
  return error == ENOSPC || error == EDQUOT;
}

class OutputRoom {
 public:
  explicit OutputRoom(const FullOptions& options)
      : spool_left_(options.what == WhenFull::spool ? options.spool_bytes_max : 0) {}

  void set_short(bool is_short) { is_short_.store(is_short, std::memory_order_relaxed); }
  [[nodiscard]] bool is_short() const { return is_short_.load(std::memory_order_relaxed); }

  /// Bytes; only with WhenFull::spool.
  void set_spool_left(uint64_t bytes) { spool_left_.store(bytes, std::memory_order_relaxed); }
  [[nodiscard]] uint64_t spool_left() const { return spool_left_.load(std::memory_order_relaxed); }

  /// Whether a write that finds no room is tried until there is some.
  void set_waits(bool waits) { waits_.store(waits, std::memory_order_relaxed); }
  [[nodiscard]] bool waits() const { return waits_.load(std::memory_order_relaxed); }

  [[nodiscard]] Place place() const {
    return is_short() && spool_left() > 0 ? Place::spool : Place::base;
  }

  /// errno of a write into the base that found no room since the last call; 0: none.
  [[nodiscard]] int take_refusal() { return refusal_.exchange(0, std::memory_order_relaxed); }

  // The ordered stage only.

  void refuse(int error) {
    refusal_.store(error, std::memory_order_relaxed);
    set_short(true);
  }
  void spend(uint64_t spooled_bytes) {
    const uint64_t left = spool_left();
    set_spool_left(left > spooled_bytes ? left - spooled_bytes : 0);
  }

 private:
  std::atomic<bool> is_short_ = false;
  std::atomic<bool> waits_ = false;
  std::atomic<uint64_t> spool_left_;
  std::atomic<int> refusal_ = 0;
};

}  // namespace tapstat::exporters
