#pragma once

#include <cmath>
#include <concepts>
#include <limits>

#include <latentcell/autodiff/tape.hpp>
#include <latentcell/core/rng.hpp>

namespace LATENTCELL_NAMESPACE {

// The condition values of a cell are a row of numbers: the code of a label, a dose, two coordinates, a weight for each
// perturbed gene. An encoder reads some columns and returns a vector. NaN is unknown: missing, not trained on, or
// dropped for guidance. One NaN makes the whole attribute unknown, for which an encoder has a learned vector.

/// The number that stands for unknown.
inline constexpr float unknown = std::numeric_limits<float>::quiet_NaN();

/// Whether an attribute of a cell is unknown.     cell (K)
inline bool is_unknown(const float* cell, Index columns) {
  for (Index k = 0; k < columns; ++k) {
    if (std::isnan(cell[k])) return true;
  }
  return false;
}

/// Encodes condition values of cells as vectors: e(tape, cells), cells (B, columns()) -> (B, width()). Values are
/// stored as float; Scalar is the type of the vectors. A cell with NaN is unknown.
template <class E>
concept CovariateEncoder = requires(const E e, Tape<typename E::Scalar>& tape, ConstView<float> cells) {
  { e.columns() } -> std::convertible_to<Index>;
  { e.width() } -> std::convertible_to<Index>;
  { e(tape, cells) } -> std::same_as<Var<typename E::Scalar>>;
};

/// Makes a share of the cells' attribute unknown, so that one network learns the conditional and the unconditional
/// field (Ho and Salimans 2022). The attribute is columns [first, first + count) of cells (B, K).     share in [0, 1]
inline void drop_attribute(View<float> cells, Index first, Index count, float share, Rng& rng) {
  for (Index b = 0; b < cells.rows(); ++b) {
    if (rng.uniform() < share) cells.row(b).segment(first, count).setConstant(unknown);
  }
}

}  // namespace latentcell
