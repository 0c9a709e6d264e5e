#include "control/bench_figures.h"

#include <algorithm>

namespace tapstat::control {
std::optional<Spread> spread_of(std::vector<double> values) {
  if (values.empty()) return std::nullopt;
  const auto quantile = [&](double part) {
    const auto at =
        values.begin() + static_cast<std::ptrdiff_t>(part * static_cast<double>(values.size() - 1));
    std::nth_element(values.begin(), at, values.end());
    return *at;
  };
  return Spread{quantile(0.5), quantile(0.1)};
}

std::optional<double> ns_of(const Piece& piece) { return piece.ns; }
std::optional<double> instructions_of(const Piece& piece) { return piece.instructions; }
std::optional<double> cycles_of(const Piece& piece) { return piece.cycles; }

std::optional<Spread> per_item(std::span<const Piece> pieces, PieceAmount amount) {
  std::vector<double> values;
  for (const Piece& piece : pieces) {
    const auto value = amount(piece);
    if (value && piece.items > 0) values.push_back(*value / piece.items);
  }
  return spread_of(std::move(values));
}

std::optional<FlowPrice> flow_price(const ShortFlowPieces& pieces, double packet,
                                    PieceAmount amount) {
  FlowPrice price;
  for (const std::vector<Piece>& place : pieces) {
    const auto of_place = per_item(place, amount);
    if (!of_place) return std::nullopt;
    price.whole += of_place->median;
  }
  price.extra = price.whole - static_cast<double>(pieces.size()) * packet;
  return price;
}

}  // namespace tapstat::control
