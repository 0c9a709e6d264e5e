/// Small files of /sys and /proc below a root: one value each, absent more often than not. Nothing
/// here fails; what cannot be read is empty. Control thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tapstat::control::doctor {

/// The files of one machine: those of this one below "/", or a copy of another's.
class SysFiles {
 public:
  explicit SysFiles(std::filesystem::path root) : root_(std::move(root)) {}

  /// `path` is absolute, as on the machine itself.
  [[nodiscard]] std::filesystem::path at(std::string_view path) const;
  [[nodiscard]] bool exists(std::string_view path) const;
  /// At most kFileBytesMax of a file, without blanks and line ends around it.
  [[nodiscard]] std::string text(std::string_view path) const;
  [[nodiscard]] std::vector<std::string> lines(std::string_view path) const;
  [[nodiscard]] std::optional<uint64_t> number_in(std::string_view path) const;
  /// Names in a directory, sorted.
  [[nodiscard]] std::vector<std::string> names(std::string_view path) const;
  /// The last part of what a link points to: the name of a driver.
  [[nodiscard]] std::string link_name(std::string_view path) const;
  /// What stands behind `key` and a colon in a file of such lines.
  [[nodiscard]] std::string field(std::string_view path, std::string_view key) const;

  [[nodiscard]] const std::filesystem::path& root() const { return root_; }
  /// The machine that runs this program, and not a copy of files.
  [[nodiscard]] bool is_this_machine() const { return root_ == "/"; }

  static constexpr size_t kFileBytesMax = 4 << 20;  // the list of PCI names has 1.4 MB

 private:
  std::filesystem::path root_;
};

/// "0x1572" -> 0x1572.
[[nodiscard]] std::optional<unsigned> hexadecimal(std::string_view text);

}  // namespace tapstat::control::doctor
