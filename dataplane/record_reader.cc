#include "dataplane/record_reader.h"

#include <algorithm>

#include <rte_mempool.h>

#include "flowstats/base/check.h"

namespace tapstat::dataplane {

void RecordReader::start(const CaptureFile& capture) {
  packets_ = capture.packets;
  buffers_per_packet_ = lent_buffers_per_packet(capture.captured_length_max);
  fresh_.resize(std::max<size_t>(fresh_.size(), size_t{kBurstMax} * buffers_per_packet_));
  static_cast<void>(rewind());
}

flowstats::Result<void> RecordReader::rewind() {
  close_memory();
  find_from_start();
  remaining_ = packets_;
  ended_early_ = false;
  return {};
}

void RecordReader::close_memory() {
  if (LentMemory* const lent = memory()) lent->close();
}

void RecordReader::end_early() {
  ended_early_ = true;
  remaining_ = 0;
}

/// `spare`: buffers for what the first one does not show.
void RecordReader::fill(LentMemory& memory, rte_mbuf* first, const CaptureRecords::Packet& packet,
                        rte_mbuf**& spare) {
  const uint32_t head = std::min(packet.length, kFirstBufferBytes);
  memory.lend(first, packet.data, static_cast<uint16_t>(head));
  first->pkt_len = packet.length;
  time_field_.write(first, packet.time);
  rte_mbuf* last = first;
  for (uint32_t done = head; done < packet.length; done += last->data_len) {
    rte_mbuf* following = *spare++;
    const uint32_t take = std::min(packet.length - done, 0xffffU);
    memory.lend(following, packet.data + done, static_cast<uint16_t>(take));
    last = last->next = following;
    ++first->nb_segs;
  }
}

uint16_t RecordReader::receive(rte_mbuf** packets, uint16_t count) {
  TAPSTAT_ASSERT(count <= kBurstMax);
  const auto wanted = static_cast<uint16_t>(std::min<uint64_t>(count, remaining_));
  const unsigned buffers = wanted * buffers_per_packet_;
  if (wanted == 0 || rte_pktmbuf_alloc_bulk(pool_, fresh_.data(), buffers) != 0) return 0;
  const auto found = find(wanted);
  rte_mbuf** spare = fresh_.data() + found.size();
  LentMemory* const lent = memory();
  for (size_t i = 0; i < found.size(); ++i) fill(*lent, packets[i] = fresh_[i], found[i], spare);
  const auto used = static_cast<unsigned>(spare - fresh_.data());
  if (used < buffers) rte_pktmbuf_free_bulk(spare, buffers - used);
  remaining_ -= found.size();
  if (remaining_ == 0) close_memory();
  return static_cast<uint16_t>(found.size());
}

}  // namespace tapstat::dataplane
