/// A record as a row of a log: a loop over the log's columns that the compiler unrolls.
///
/// The specifications are constants here, so the call of a column's `read` becomes a load of its
/// field. Any thread; the buffer is the caller's.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "exporters/row_buffer.h"
#include "exporters/value_text.h"

namespace tapstat::exporters {

/// One cell and the separator behind it.
template <const auto& kColumns, size_t kIndex, class Record>
inline void append_column(RowBuffer& out, const Record& record, char separator) {
  constexpr auto kRead = kColumns[kIndex].spec->read;
  constexpr auto kSide = kColumns[kIndex].side;
  append_value(out, kRead(record, kSide));
  char* at = out.space(1);
  *at = separator;
  out.commit(at + 1);
}

/// The columns from kBegin on. The row still ends with a separator.
template <const auto& kColumns, size_t kBegin, size_t kCount, class Record>
void append_columns(RowBuffer& out, const Record& record, char separator) {
  [&]<size_t... kOffset>(std::index_sequence<kOffset...>) {
    (append_column<kColumns, kBegin + kOffset>(out, record, separator), ...);
  }
  (std::make_index_sequence<kCount>{});
}

/// A whole row with its line end.
template <const auto& kColumns, class Record>
void append_whole_row(RowBuffer& out, const Record& record, char separator = ' ') {
  append_columns<kColumns, 0, kColumns.size()>(out, record, separator);
  out.back() = '\n';
}

/// `name:1 name:2 ...` and the line end, behind `mark`.
template <class Columns>
[[nodiscard]] std::string header_of(std::string_view mark, const Columns& columns,
                                    char separator = ' ') {
  std::string line{mark};
  int position = 0;
  for (const auto& column : columns) {
    if (position != 0) line += separator;
    line += column.text();
    line += ':';
    line += std::to_string(++position);
  }
  line += '\n';
  return line;
}

}  // namespace tapstat::exporters
