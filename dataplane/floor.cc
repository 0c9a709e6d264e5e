#include "dataplane/floor.h"

#include <algorithm>
#include <numeric>

namespace tapstat::dataplane {

using flowstats::kNoEntry;
using flowstats::Segment;

Floor::Floor(const ParseRules& rules, uint32_t flows_max)
    : rules_(rules), table_(flows_max), entries_(flows_max), free_(flows_max) {
  clear();
}

void Floor::clear() {
  // Entries that are in use leave the table; all of them are free then.
  std::vector<bool> is_free(table_.capacity(), false);
  if (table_.size() > 0) {
    for (const uint32_t entry : free_) is_free[entry] = true;
    for (uint32_t entry = 0; entry < table_.capacity(); ++entry)
      if (!is_free[entry]) table_.erase(entry, entries_[entry].hash);
  }
  free_.resize(table_.capacity());
  std::iota(free_.rbegin(), free_.rend(), 0U);
}

const Segment* Floor::parse_one(const FrameInMemory& frame) {
  const ParsedFrames parsed = parse_frames(rules_, {&frame, 1}, clock_, segments_, counters_);
  return parsed.segments.empty() ? nullptr : parsed.segments.data();
}

void Floor::add(const FrameInMemory& frame) {
  const Segment* const s = parse_one(frame);
  if (s == nullptr || free_.empty() || find(*s) != kNoEntry) return;
  const uint32_t entry = free_.back();
  free_.pop_back();
  entries_[entry] = Entry{s->tuple, s->hash, 0, {}};
  table_.insert(entry, s->hash);
}

void Floor::remove(const FrameInMemory& frame) {
  const Segment* const s = parse_one(frame);
  if (s == nullptr) return;
  const uint32_t entry = find(*s);
  if (entry == kNoEntry) return;
  table_.erase(entry, s->hash);
  free_.push_back(entry);
}

void Floor::process(std::span<const FrameInMemory> frames) {
  for (size_t at = 0; at < frames.size(); at += kFramesPerBurst) {
    const auto burst = frames.subspan(at, std::min(kFramesPerBurst, frames.size() - at));
    touch(parse_frames(rules_, burst, clock_, segments_, counters_).segments);
  }
}

void Floor::prefetch_entry(uint64_t hash) {
  const uint32_t entry = table_.candidate(hash);
  if (entry == kNoEntry) return;
  const char* const line = reinterpret_cast<const char*>(&entries_[entry]);
  for (size_t i = 0; i < kLines; ++i) __builtin_prefetch(line + 64 * i, 1);
}

void Floor::touch(std::span<const Segment> segments) {
  for (const Segment& s : segments) table_.prefetch(s.hash);
  for (const Segment& s : segments) prefetch_entry(s.hash);
  for (const Segment& s : segments) {
    const uint32_t found = find(s);
    if (found == kNoEntry) {
      ++missed_;
      continue;
    }
    Entry& entry = entries_[found];
    ++entry.touched;
    for (Line& line : entry.lines) ++line.touched;
  }
}

}  // namespace tapstat::dataplane
