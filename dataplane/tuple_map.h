/// Five-tuples as keys of a map of the standard library, for what happens before the packets flow.
#pragma once

#include <cstddef>
#include <unordered_map>

#include "flowstats/wire/five_tuple.h"

namespace tapstat::dataplane {

struct TupleHash {
  size_t operator()(const flowstats::FiveTuple& tuple) const { return hash_tuple(tuple, 0); }
};

template <class Value>
using TupleMap = std::unordered_map<flowstats::FiveTuple, Value, TupleHash>;

}  // namespace tapstat::dataplane
