#pragma once

#include <latentcell/core/error.hpp>
#include <latentcell/core/types.hpp>

namespace LATENTCELL_NAMESPACE {

/// Extents of a Var: (B, D), or (B, T, D) for tokens. In memory both are rows() x cols(), row-major.
class Shape {
 public:
  Shape() = default;
  Shape(Index rows, Index cols) : batch_(rows), tokens_(1), cols_(cols), rank_(2) {}
  Shape(Index batch, Index tokens, Index cols) : batch_(batch), tokens_(tokens), cols_(cols), rank_(3) {}

  Index rank() const { return rank_; }
  Index batch() const { return batch_; }           ///< B
  Index tokens() const { return tokens_; }         ///< T, 1 where there are no tokens
  Index rows() const { return batch_ * tokens_; }  ///< B, or B * T
  Index cols() const { return cols_; }             ///< D
  Index size() const { return rows() * cols_; }

  /// The same rows with another number of columns.
  Shape with_cols(Index cols) const {
    Shape s = *this;
    s.cols_ = cols;
    return s;
  }

  bool operator==(const Shape&) const = default;

  std::string to_string() const {
    return rank_ == 3 ? text("(", batch_, ", ", tokens_, ", ", cols_, ")") : text("(", batch_, ", ", cols_, ")");
  }

 private:
  Index batch_ = 0, tokens_ = 1, cols_ = 0, rank_ = 2;
};

}  // namespace latentcell
