/// From timed pieces to figures: medians, and the price of a flow.
///
/// A piece is a block of about 2,000 packets, so short that a preemption spoils one of many. Pure
/// functions; any thread.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "dataplane/short_flows.h"

namespace tapstat::control {

/// One timed piece of the worker path, the floor or the writer.
struct Piece {
  double ns = 0;            // CPU time
  uint32_t items = 0;       // packets or rows
  uint64_t wire_bytes = 0;  // of the packets; bytes of the rows
  /// Empty where the machine does not count them.
  std::optional<double> instructions, cycles;
};

/// Of an amount per item over many pieces.
struct Spread {
  double median = 0, low = 0;  // low: 10th percentile
};

/// Empty without values.
[[nodiscard]] std::optional<Spread> spread_of(std::vector<double> values);

/// What of a piece is looked at.
using PieceAmount = std::optional<double> (*)(const Piece&);
[[nodiscard]] std::optional<double> ns_of(const Piece& piece);
[[nodiscard]] std::optional<double> instructions_of(const Piece& piece);
[[nodiscard]] std::optional<double> cycles_of(const Piece& piece);

/// Amount per item of every piece that has it.
[[nodiscard]] std::optional<Spread> per_item(std::span<const Piece> pieces, PieceAmount amount);

/// Pieces of the shortest connections (dataplane/short_flows.h), by place in the connection.
using ShortFlowPieces = std::array<std::vector<Piece>, dataplane::ShortFlows::kPackets>;

/// Of one flow: its packets together (the sum of the medians), and what remains of them when each
/// is counted as `packet`, the amount of a packet of the load: opening, closing and the record.
struct FlowPrice {
  double whole = 0, extra = 0;
};

/// Empty when a place has no piece with that amount.
[[nodiscard]] std::optional<FlowPrice> flow_price(const ShortFlowPieces& pieces, double packet,
                                                  PieceAmount amount);

}  // namespace tapstat::control
