#pragma once

#include <latentcell/core/error.hpp>
#include <latentcell/core/types.hpp>

namespace LATENTCELL_NAMESPACE::evaluate::baseline {

/// Cells with both sides of a prediction measured. Refers to matrices that must outlive it.
struct TrainingPairs {
  const Matrix<float>& source;  ///< (N, C) what a method is given
  const Matrix<float>& target;  ///< (N, F) what it predicts

  /// Throws std::invalid_argument where the sides do not fit each other or the cells to predict.
  void check(const char* method, const Matrix<float>& query) const {
    LATENTCELL_REQUIRE(source.rows() == target.rows() && source.rows() > 0, method, ": ", source.rows(),
                       " cells of the source but ", target.rows(), " of the target");
    LATENTCELL_REQUIRE(query.cols() == source.cols(), method, ": cells to predict have ", query.cols(),
                       " columns but the source has ", source.cols());
  }
};

}  // namespace latentcell::evaluate::baseline
