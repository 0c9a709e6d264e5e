#include "flowstats/layer7/server_name.h"

namespace tapstat::flowstats::layer7 {

namespace {

constexpr size_t kLastLabelMin = 2, kLastLabelMax = 24;

bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

size_t letters_and_digits_at_end(std::string_view text) {
  size_t count = 0;
  while (count < text.size() && is_letter_or_digit(text[text.size() - 1 - count])) ++count;
  return count;
}

}  // namespace

bool is_server_name(std::string_view text) {
  if (text.ends_with('.')) text.remove_suffix(1);
  const size_t last_label = letters_and_digits_at_end(text);
  if (last_label < kLastLabelMin || last_label > kLastLabelMax) return false;
  text.remove_suffix(last_label);
  if (!text.ends_with('.')) return false;
  text.remove_suffix(1);
  return letters_and_digits_at_end(text) > 0;
}

}  // namespace tapstat::flowstats::layer7
