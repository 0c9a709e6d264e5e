/// The mPlane names of columns: the registry's '@' and '%' spelled out for one side.
///
/// Two vocabularies: that of the 2014 proxy (initiator, responder) and the later one (source,
/// destination). Pure function.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "flowstats/columns/column.h"

namespace tapstat::flowstats {

enum class MplaneVocabulary : uint8_t { proxy_2014, later };

/// Empty when mPlane has no name for the column. End-to-end elements have no side: two columns
/// share one name.
template <class Record>
[[nodiscard]] std::string mplane_name(const Column<Record>& column, MplaneVocabulary vocabulary) {
  const bool client = column.side == Side::client;
  const std::string_view direction = client ? "forward" : "backward";
  const std::string_view role = vocabulary == MplaneVocabulary::proxy_2014
                                    ? (client ? "initiator" : "responder")
                                    : (client ? "source" : "destination");
  std::string name;
  for (const char c : column.spec->mplane.name) {
    if (c == '@')
      name += direction;
    else if (c == '%')
      name += role;
    else
      name += c;
  }
  return name;
}

}  // namespace tapstat::flowstats
