/// The capture files that are written: many more than may be open, each with a buffer.
///
/// A piece is NAME.part until publish() renames it. Buffers grow from 1 to 64 KiB and are written
/// when full, when their piece is closed, or, the largest first, when all together exceed the
/// budget. At most `open_max` files are open; the one that was written longest ago is closed first
/// and opened again to go on. A failure to write is kept (error()) and everything after it ignored.
/// Control thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <list>
#include <string>
#include <vector>

#include "control/split/packet.h"
#include "dataplane/capture_stream.h"
#include "dataplane/file_descriptor.h"

namespace tapstat::control::splitting {

/// One piece: who names it owns it; the bookkeeping is PieceFiles'.
class Piece {
 public:
  explicit Piece(std::string name) : name_(std::move(name)) {}
  Piece(const Piece&) = delete;
  Piece& operator=(const Piece&) = delete;

  /// Below the directory, without ".part".
  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] uint64_t packets() const { return packets_; }
  /// The number that was put before ".pcap", because the name was taken.
  [[nodiscard]] uint32_t repetition() const { return repetition_; }

 private:
  friend class PieceFiles;
  std::string name_;
  std::vector<uint8_t> buffer_;
  uint64_t packets_ = 0;
  uint32_t repetition_ = 0;
  bool is_created_ = false;
  dataplane::FileDescriptor file_;
  std::list<Piece*>::iterator buffered_, open_;  // valid with a buffer, and with an open file
};

struct PieceOptions {
  std::filesystem::path directory;  // exists
  dataplane::CaptureForm form;
  size_t open_max = 256;
  size_t buffer_bytes_max = size_t{128} << 20;
};

class PieceFiles {
 public:
  static constexpr size_t kBufferBytesMin = 1024, kBufferBytesMax = 65'536;

  explicit PieceFiles(PieceOptions options);

  void add(Piece& piece, const Packet& packet);
  /// Writes what is buffered. A piece without a packet becomes no file.
  void close(Piece& piece);
  /// The piece shall not be: its file is removed.
  void drop(Piece& piece);
  /// A closed piece gets the name without ".part".
  void publish(const std::string& name);

  [[nodiscard]] const std::string& error() const { return error_; }  // a sentence, or empty
  [[nodiscard]] uint64_t files_created() const { return files_created_; }
  [[nodiscard]] size_t open_peak() const { return open_peak_; }
  [[nodiscard]] size_t buffered_bytes() const { return buffered_bytes_; }

 private:
  static constexpr size_t kSizes = 7;  // 1, 2, 4 ... 64 KiB

  [[nodiscard]] std::filesystem::path part_of(const std::string& name) const;
  [[nodiscard]] std::list<Piece*>& size_class(size_t capacity);
  void make_room(Piece& piece, size_t bytes);
  void flush(Piece& piece);
  void flush_largest();
  void leave_buffer(Piece& piece);
  [[nodiscard]] bool open(Piece& piece);
  [[nodiscard]] int create(Piece& piece);
  void make_folder_of(const std::string& name);
  void close_file(Piece& piece);
  void fail(const std::string& what, const std::string& name, int reason);

  PieceOptions options_;
  std::array<uint8_t, 24> header_;
  std::array<std::list<Piece*>, kSizes> buffered_;  // by the size of the buffer, oldest first
  std::list<Piece*> open_;                          // written longest ago first
  size_t buffered_bytes_ = 0, open_peak_ = 0;
  uint64_t files_created_ = 0;
  std::string folder_;  // made last
  std::string error_;
};

}  // namespace tapstat::control::splitting
